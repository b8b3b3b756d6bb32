/**
 * What the service shows of itself: `/status` answers a Snapshot, `/events` sends one a second, SIGUSR2 logs its gist,
 * and the console page is drawn from it. All of it is JSON. Keys and values of messages are only in `/events`, and
 * there only with CONSOLE_SHOW_VALUES. Fields are only ever added: pages and scripts read them by name.
 */
import type { TopicPartition } from "../processing/message.ts";
import type { ConfigRow } from "../config.ts";
import type { HeldMessage } from "../processing/standstill.ts";
import type { Counts } from "./counts.ts";
import type { HealthAnswer, Phase } from "./health.ts";
import type { LogLevel } from "./log_entry.ts";
import type { RatesSnapshot } from "./rates.ts";
import type { RecentDeadLetter, RecentLine, RecentLoss, RecentRebalance } from "./recent.ts";
import type { ShownContent } from "./shown_content.ts";
import type { Stall } from "./stall_cause.ts";

/** How far behind a partition is, by the clock that looks once a second. */
export interface LagSnapshot {
  /** Messages from the first that is not done to the end of the log; null until that is known. */
  readonly lag: number | null;
  /** Age of the first message that is not done, in seconds; 0 without lag, null while not known. */
  readonly lagSeconds: number | null;
  /** At the pace of the last minute; `never` while the lag does not shrink, null while not known. */
  readonly timeToDrainSeconds: number | "never" | null;
}

/** One owned partition. */
export interface PartitionSnapshot extends TopicPartition, LagSnapshot {
  readonly state: "active" | "paused" | "draining" | "suspended" | "dropped";
  /** Next offset to fetch. */
  readonly position: number;
  /** First offset that is not done. */
  readonly prefix: number;
  readonly committed: number | null;
  readonly logStart: number | null;
  readonly logEnd: number | null;
  /** Milliseconds since the ends of the log were last seen; null: never. */
  readonly logSeenAgeMs: number | null;
  readonly windowMessages: number;
  readonly windowBytes: number;
  readonly inFlight: number;
  /** Messages done a second, over the last minute; null while not known. */
  readonly processedPerSecond: number | null;
  /** Milliseconds since `prefix` moved, or nothing was left to do. */
  readonly progressAgeMs: number;
  /** By whom it is paused. */
  readonly pausedBy: readonly Pauser[];
  /** An operator's pause. */
  readonly pause: PauseSnapshot | null;
  /** Why it stands still until somebody does something; null when it does not. */
  readonly stalled: string | null;
}

/** A partition that stands still: docs/operations.md says what to do about each cause. */
export interface StallSnapshot extends TopicPartition, Stall {
  readonly forMs: number;
}

/** What lies in a dead-letter topic, looked at every 30 s. */
export interface DeadLetterTopicSnapshot {
  readonly topic: string;
  readonly depth: number;
  /** Milliseconds since 1970; null when it is empty. */
  readonly oldestAt: number | null;
}

/** A message that was begun and is not done. */
export interface SlowSnapshot extends HeldMessage, ShownContent {
  /** How many messages of the same key wait for it; not counted beyond a thousand. */
  readonly waitingBehind: number;
}

/** Who holds partitions still, why, and since when (milliseconds since 1970). */
export interface PauseSnapshot {
  readonly by: string;
  readonly reason: string;
  readonly since: number;
}

/** Who can pause a partition: an operator, or DLQ_BREAKER. */
export const PAUSERS = ["operator", "breaker"] as const;

export type Pauser = typeof PAUSERS[number];

/** The state of the connection to Kafka, in one word. */
export const CONNECTION_STATES = [
  "connecting",
  "connected",
  "joining",
  "unreachable",
  "refused",
  "closed",
] as const;

export type ConnectionState = typeof CONNECTION_STATES[number];

/** Where the service stands with Kafka. */
export interface ServiceStatus {
  readonly phase: Phase;
  /** What keeps it from being ready, by a short name. */
  readonly problems: Readonly<Record<string, string>>;
  readonly connection: ConnectionState;
  readonly offsetsAreCommitted: boolean;
  readonly groupId: string;
  readonly generation: number | null;
  /** All partitions together. */
  readonly lag: number | null;
  /** Milliseconds since the coordinator last took us for a member, and since any leader last answered; null: never. */
  readonly heartbeatAgeMs: number | null;
  readonly fetchAgeMs: number | null;
  readonly inFlight: number;
  /** What stands still for STALL_SOFT_MS or longer, and why. */
  readonly stalls: readonly StallSnapshot[];
  /** An operator's pause of everything, partitions that come later included. */
  readonly pauseOfAll: PauseSnapshot | null;
  readonly deadLetterTopics: readonly DeadLetterTopicSnapshot[];
  readonly partitions: readonly PartitionSnapshot[];
}

/** One of the threads that consume; with WORKERS=1 there is one, which is this process. */
export interface WorkerSnapshot {
  /** From 0 on. */
  readonly worker: number;
  readonly clientId: string;
  readonly phase: Phase;
  readonly isReady: boolean;
  readonly connection: ConnectionState;
  readonly generation: number | null;
  readonly partitions: readonly TopicPartition[];
  readonly lag: number | null;
  readonly inFlight: number;
  /** Messages since the start. */
  readonly processed: number;
  readonly heapUsedBytes: number;
}

/** What `/events` sends. Times are milliseconds since 1970 unless their name says otherwise; lists begin with the newest. */
export interface Snapshot extends ServiceStatus {
  readonly version: string;
  readonly at: number;
  readonly startedAt: number;
  readonly build: { readonly version: string; readonly deno: string; readonly kafkajs: string };
  readonly environment: string;
  /** What `/readyz?verbose` answers. */
  readonly readiness: HealthAnswer;
  readonly totals: Totals;
  /** All other numbers here are of all workers together. */
  readonly workers: readonly WorkerSnapshot[];
  /** Over the last minute; null in the first seconds. */
  readonly rates: RatesSnapshot | null;
  /** Since the start. */
  readonly counts: Counts;
  /** What is in flight, the slowest first, so many at most. */
  readonly slowest: readonly SlowSnapshot[];
  readonly lastRebalance: RecentRebalance | null;
  /** Warnings and errors of late, but for dead letters. */
  readonly recentLines: readonly RecentLine[];
  readonly recentDeadLetters: readonly RecentDeadLetter[];
  readonly lostRanges: readonly RecentLoss[];
  /** What is logged now, and LOG_LEVEL. */
  readonly log: { readonly level: LogLevel; readonly configuredLevel: LogLevel };
  /** CONSOLE_TOKEN is set: partitions can be paused and resumed here. */
  readonly canAct: boolean;
}

/** What `/status` answers. */
export interface StatusDocument extends Snapshot {
  /** Each setting with its value and where it comes from, secrets masked. */
  readonly configuration: readonly ConfigRow[];
}

/** All owned partitions together. */
export interface Totals {
  readonly lag: number | null;
  /** Of the partition that is furthest behind. */
  readonly lagSeconds: number | null;
  readonly timeToDrainSeconds: number | "never" | null;
  readonly windowMessages: number;
  readonly windowBytes: number;
  readonly pausedPartitions: number;
}

/** What a worker shows of itself. */
export function workerSnapshot(
  status: ServiceStatus,
  own: Pick<WorkerSnapshot, "worker" | "clientId" | "isReady" | "processed" | "heapUsedBytes">,
): WorkerSnapshot {
  const { phase, connection, generation, lag, inFlight } = status;
  const partitions = status.partitions.map(({ topic, partition }) => ({ topic, partition }));
  return { ...own, phase, connection, generation, partitions, lag, inFlight };
}

export function totalsOf(partitions: readonly PartitionSnapshot[]): Totals {
  const sum = (of: (partition: PartitionSnapshot) => number) =>
    partitions.reduce((total, partition) => total + of(partition), 0);
  const times = partitions.map(({ timeToDrainSeconds }) => timeToDrainSeconds)
    .filter((time) => time !== null);
  return {
    lag: sumOfKnown(partitions.map(({ lag }) => lag)),
    lagSeconds: greatest(partitions.map(({ lagSeconds }) => lagSeconds)),
    timeToDrainSeconds: times.includes("never")
      ? "never"
      : greatest(times.filter((time) => time !== "never")),
    windowMessages: sum(({ windowMessages }) => windowMessages),
    windowBytes: sum(({ windowBytes }) => windowBytes),
    pausedPartitions: sum(({ pausedBy }) => pausedBy.length > 0 ? 1 : 0),
  };
}

/** Null when nothing is known. */
export function sumOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** Null when nothing is known. */
export function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
