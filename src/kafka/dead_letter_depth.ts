/**
 * How many dead letters lie in their topics, and how old the oldest is: what nobody has dealt with. Looked at seldom,
 * and by every member alike, for the topic as a whole. An answer that does not come changes nothing.
 */
import type { Clock } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE } from "./error_codes.ts";
import { askOffsets, byLeader, type Led } from "./listed_offsets.ts";
import type { PartitionLeader } from "./metadata.ts";
import type { ListedOffset } from "./offset_requests.ts";

/** One dead-letter topic. */
export interface DeadLetterDepth {
  readonly topic: string;
  /** Offsets between its ends: what the topic holds, but for gaps. */
  readonly depth: number;
  /** Kafka's timestamp of the oldest, milliseconds since 1970; null when it is empty. */
  readonly oldestAt: number | null;
}

export interface DeadLetterDepthsOptions {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly metadata: {
    leader(partition: TopicPartition): PartitionLeader | undefined;
    partitionsOf(topic: string): readonly number[];
  };
  readonly requestTimeoutMs: number;
  readonly topics: readonly string[];
}

const EVERY_MS = 30_000;
/** Sooner, when there was no answer: at the start the leaders may not be known yet. */
const AGAIN_MS = 2_000;
/** Every timestamp is at or above: asks for the first message. */
const FIRST = 0;

export class DeadLetterDepths {
  readonly #options: DeadLetterDepthsOptions;
  readonly #known = new Map<string, DeadLetterDepth>();
  #askAt = -Infinity;

  constructor(options: DeadLetterDepthsOptions) {
    this.#options = options;
  }

  /** As of the last answers; a topic that is not known yet is not there. */
  get all(): readonly DeadLetterDepth[] {
    return [...this.#known.values()];
  }

  /** Asks in the background, when it is time to. */
  look(): void {
    const now = this.#options.clock.now();
    if (now < this.#askAt) return;
    this.#askAt = now + EVERY_MS;
    for (const topic of this.#options.topics) {
      void this.#ask(topic).catch(() => this.#askAt = now + AGAIN_MS);
    }
  }

  /** @throws Error when a leader is not known or does not answer: a depth without it would be wrong */
  async #ask(topic: string): Promise<void> {
    const { metadata } = this.#options;
    const partitions = metadata.partitionsOf(topic).map((partition) => ({ topic, partition }));
    const { led, leaderless: [alone] } = byLeader(partitions, (each) => metadata.leader(each));
    if (alone !== undefined) throw new Error(`${partitionKey(alone)} has no leader`);
    if (led.length === 0) throw new Error(`${topic} is not known`);
    let depth = 0;
    let oldestAt: number | null = null;
    for (const each of led) {
      const first = await this.#list(each, FIRST);
      const ends = await this.#list(each, "end");
      for (const [i, { offset, timestamp }] of first.entries()) {
        if (offset < 0) continue; // empty
        depth += Math.max(0, (ends[i]?.offset ?? offset) - offset);
        oldestAt = Math.min(oldestAt ?? Infinity, timestamp);
      }
    }
    this.#known.set(topic, { topic, depth, oldestAt });
  }

  /**
   * In the order of the partitions.
   *
   * @throws Error when one of them is not answered
   */
  async #list(
    { leader: { broker: to }, partitions }: Led<TopicPartition>,
    at: "end" | number,
  ): Promise<readonly ListedOffset[]> {
    const { caller, requestTimeoutMs: deadlineMs } = this.#options;
    const asked = { caller, to, purpose: "metadata", deadlineMs } as const;
    const answers = await askOffsets(asked, { partitions, at });
    return partitions.map((each) => {
      const answer = answers.get(partitionKey(each));
      if (answer?.errorCode === ERROR_CODE.NONE) return answer;
      throw new Error(`Cannot list offsets of ${partitionKey(each)}: ${answer?.errorCode}`);
    });
  }
}
