/**
 * Where the logs of owned partitions start and end, and how old that knowledge is. Fetches tell it in passing; what they
 * have not told for a while, as for a partition that is paused or full, is asked for. Only looks: an answer that does not
 * come changes nothing but the age.
 */
import type { Clock } from "../processing/clock.ts";
import type { Partition } from "../processing/partition.ts";
import { partitionKey } from "../processing/partition_key.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE } from "./error_codes.ts";
import { askOffsets, byLeader, type Led } from "./listed_offsets.ts";
import type { PartitionLeader } from "./metadata.ts";
import type { ListedOffset } from "./offset_requests.ts";

/** Ends of a log, and the monotonic time at which they were seen. */
export interface SeenBounds {
  readonly logStart: number;
  readonly logEnd: number;
  readonly seenAt: number;
}

interface FetchedBounds {
  readonly logStart: number;
  readonly logEnd: number;
}

export interface LogEndsOptions {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly metadata: { leader(partition: Partition): PartitionLeader | undefined };
  readonly requestTimeoutMs: number;
  /** What the last fetch said; another object with each. */
  readonly fetched: (partition: Partition) => FetchedBounds | null;
  /** What is older is asked for. */
  readonly maxAgeMs: number;
}

export class LogEnds {
  readonly #options: LogEndsOptions;
  readonly #seen = new WeakMap<Partition, SeenBounds>();
  readonly #fetched = new WeakMap<Partition, FetchedBounds>();
  /** Leaders that have not answered yet: one question at a time each. */
  readonly #asking = new Map<number, Promise<void>>();

  constructor(options: LogEndsOptions) {
    this.#options = options;
  }

  /** The newest that is known; null before the first answer. */
  of(partition: Partition): SeenBounds | null {
    this.#noteFetched(partition);
    return this.#seen.get(partition) ?? null;
  }

  /** Takes note of what fetches told, and asks for the rest in the background. */
  look(partitions: readonly Partition[]): void {
    const { clock, metadata, maxAgeMs } = this.#options;
    const stale = partitions.filter((partition) => {
      const seenAt = this.of(partition)?.seenAt ?? -Infinity;
      return clock.now() - seenAt >= maxAgeMs;
    });
    const { led } = byLeader(stale, (partition) => metadata.leader(partition));
    for (const each of led) {
      const { id } = each.leader.broker;
      if (this.#asking.has(id)) continue;
      const asking = this.#ask(each).catch(() => {}).finally(() => {
        this.#asking.delete(id);
      });
      this.#asking.set(id, asking);
    }
  }

  #noteFetched(partition: Partition): void {
    const bounds = this.#options.fetched(partition);
    if (bounds === null || this.#fetched.get(partition) === bounds) return;
    this.#fetched.set(partition, bounds);
    const { logStart, logEnd } = bounds;
    this.#seen.set(partition, { logStart, logEnd, seenAt: this.#options.clock.now() });
  }

  async #ask({ leader: { broker: to }, partitions }: Led<Partition>): Promise<void> {
    const { caller, clock, requestTimeoutMs: deadlineMs } = this.#options;
    const asked = { caller, to, purpose: "metadata", deadlineMs } as const;
    const ends = await askOffsets(asked, { partitions, at: "end" });
    const starts = await askOffsets(asked, { partitions, at: "start" });
    const seenAt = clock.now();
    for (const partition of partitions) {
      const logEnd = offsetIn(ends, partition);
      const logStart = offsetIn(starts, partition);
      if (logEnd === null || logStart === null) continue;
      this.#seen.set(partition, { logStart, logEnd, seenAt });
    }
  }
}

function offsetIn(
  answers: ReadonlyMap<string, ListedOffset>,
  partition: Partition,
): number | null {
  const answer = answers.get(partitionKey(partition));
  return answer?.errorCode === ERROR_CODE.NONE && answer.offset >= 0 ? answer.offset : null;
}
