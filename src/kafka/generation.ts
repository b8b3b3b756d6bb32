/**
 * What a group and its member say to each other: a generation is an object that ends and never holds again, a listener
 * hears what comes and goes, a refusal says what a broker will not have us do.
 */
import type { TopicPartition } from "../processing/message.ts";

/** Our own first; the others let kafkajs, librdkafka and Java clients share the group while one replaces the other. */
export const PROTOCOLS = [
  "cooperative-sticky",
  "RoundRobinAssigner",
  "roundrobin",
  "range",
] as const;
export const COOPERATIVE = PROTOCOLS[0];

/** Above the broker's offsets.commit.timeout.ms (5 s), behind which heartbeats and leaves can queue. */
export const COORDINATOR_DEADLINE_MS = 7_000;

/** One assignment of the group. Ends when the next begins or membership is lost, and never holds again. */
export class Generation {
  readonly id: number;
  readonly memberId: string;
  readonly isLeader: boolean;
  readonly protocol: string;
  readonly assignment: readonly TopicPartition[];
  #phase: "stable" | "rebalancing" | "ended" = "stable";

  constructor(facts: {
    readonly id: number;
    readonly memberId: string;
    readonly isLeader: boolean;
    readonly protocol: string;
    readonly assignment: readonly TopicPartition[];
  }) {
    this.id = facts.id;
    this.memberId = facts.memberId;
    this.isLeader = facts.isLeader;
    this.protocol = facts.protocol;
    this.assignment = facts.assignment;
  }

  /** May offsets be committed in its name? */
  get holds(): boolean {
    return this.#phase !== "ended";
  }

  /** May partitions be taken on? Not once we told the group what we own. */
  get isStable(): boolean {
    return this.#phase === "stable";
  }

  startRebalance(): void {
    if (this.#phase === "stable") this.#phase = "rebalancing";
  }

  end(): void {
    this.#phase = "ended";
  }
}

/** What the group tells the consumer. */
export interface GroupListener {
  /** The partitions that are ours, as the next join will say. */
  owned(): readonly TopicPartition[];
  /** These go, the rest stays: drain, commit, drop. */
  onRevoked(partitions: readonly TopicPartition[], generation: Generation): Promise<void>;
  /** An eager rebalance: everything may go. Drain and commit, keep the state. */
  onRebalance(generation: Generation): Promise<void>;
  onAssigned(generation: Generation): void;
  /** Ownership ended without our being asked. */
  onLost(reason: string): void;
  /** The lease was prolonged. */
  onLease(): void;
  onJoined(generation: Generation, facts: { durationMs: number; members: number | null }): void;
  onRefused(refusal: Refusal): void;
}

/** A broker will not have us do something. */
export interface Refusal {
  /** What is refused: the group's business, or reading a topic. */
  readonly of: "group" | "fetch";
  readonly code: number;
  readonly text: string;
  /** Trying again cannot help. */
  readonly final: boolean;
}
