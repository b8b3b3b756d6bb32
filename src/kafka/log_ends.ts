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
import type { PartitionLeader } from "./metadata.ts";
import { type ListedOffset, listOffsets } from "./offset_requests.ts";

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
    const stale = new Map<number, { leader: PartitionLeader; partitions: Partition[] }>();
    for (const partition of partitions) {
      const seenAt = this.of(partition)?.seenAt ?? -Infinity;
      if (clock.now() - seenAt < maxAgeMs) continue;
      const leader = metadata.leader(partition);
      if (leader === undefined || this.#asking.has(leader.broker.id)) continue;
      const { id } = leader.broker;
      const known = stale.get(id);
      if (known === undefined) stale.set(id, { leader, partitions: [partition] });
      else known.partitions.push(partition);
    }
    for (const [id, { leader, partitions }] of stale) {
      const asking = this.#ask(leader, partitions).catch(() => {}).finally(() => {
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

  async #ask(leader: PartitionLeader, partitions: readonly Partition[]): Promise<void> {
    const { clock } = this.#options;
    const ends = byPartition(await this.#list(leader, { partitions, at: "end" }));
    const starts = byPartition(await this.#list(leader, { partitions, at: "start" }));
    const seenAt = clock.now();
    for (const partition of partitions) {
      const logEnd = ends.get(partitionKey(partition));
      const logStart = starts.get(partitionKey(partition));
      if (logEnd === undefined || logStart === undefined) continue;
      this.#seen.set(partition, { logStart, logEnd, seenAt });
    }
  }

  async #list(
    leader: PartitionLeader,
    { partitions, at }: { readonly partitions: readonly Partition[]; readonly at: "start" | "end" },
  ): Promise<readonly ListedOffset[]> {
    const { caller, requestTimeoutMs: deadlineMs } = this.#options;
    const request = listOffsets(partitions, at);
    const to = leader.broker;
    return (await caller.call({ to, purpose: "metadata", request, deadlineMs })).offsets;
  }
}

function byPartition(listed: readonly ListedOffset[]): ReadonlyMap<string, number> {
  return new Map(
    listed.filter(({ errorCode, offset }) => errorCode === ERROR_CODE.NONE && offset >= 0)
      .map((each) => [partitionKey(each), each.offset]),
  );
}
