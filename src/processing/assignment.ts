/**
 * All owned partitions: taking them on, feeding them, draining them to the frontier, giving them up, and what of them
 * may be committed. Revocation is a property of the partition object, so a late result changes nothing.
 */
import { type AttemptOptions, Attempts } from "./attempts.ts";
import { Lanes } from "./lanes.ts";
import type { Delivery, TopicPartition } from "./message.ts";
import { Partition, type StartPosition, type WindowLimits } from "./partition.ts";

export interface ProcessingOptions extends AttemptOptions, WindowLimits {
  readonly concurrency: number;
  readonly unkeyedOrder: "partition" | "none";
  /** The lease. */
  readonly mayStart: () => boolean;
  /** `wants()` went from false to true. */
  readonly onRoom: (partition: Partition) => void;
  /** So many messages got their outcome. */
  readonly onProgress: (messages: number) => void;
}

/** An offset that may be committed. */
export interface CommitPoint {
  readonly partition: Partition;
  readonly offset: number;
  readonly leaderEpoch: number;
}

export class Assignment {
  readonly #options: ProcessingOptions;
  readonly #partitions = new Map<string, Partition>();
  readonly #lanes: Lanes;
  /** Who waits for a drain looks again when anything ends. */
  readonly #drains = new Set<() => void>();

  constructor(options: ProcessingOptions) {
    this.#options = options;
    const attempts = new Attempts(options);
    this.#lanes = new Lanes({
      clock: options.clock,
      concurrency: options.concurrency,
      unkeyedOrder: options.unkeyedOrder,
      mayStart: options.mayStart,
      attempt: (partition, entry) => attempts.attempt(partition, entry),
      onOutcome: (partition, entry) => {
        const wanted = partition.wants();
        partition.done(entry);
        if (!wanted && partition.wants()) options.onRoom(partition);
        options.onProgress(1);
      },
      onIdle: () => this.#lookAtDrains(),
    });
  }

  get inFlight(): number {
    return this.#lanes.inFlight;
  }

  all(): Partition[] {
    return [...this.#partitions.values()];
  }

  get(where: TopicPartition): Partition | undefined {
    return this.#partitions.get(keyOf(where));
  }

  /** Takes a partition on; an old one of the same name is dropped first. */
  assign(where: TopicPartition, start: StartPosition): Partition {
    const old = this.get(where);
    if (old !== undefined) this.revoke([old]);
    const partition = new Partition(where, start, this.#options);
    this.#partitions.set(keyOf(where), partition);
    return partition;
  }

  /** False: not for its position, or not ours any more; nothing was taken. */
  deliver(partition: Partition, delivery: Delivery): boolean {
    const entries = partition.accept(delivery);
    if (entries === null) return false;
    this.#lanes.add(partition, entries);
    return true;
  }

  skipTo(partition: Partition, start: StartPosition): void {
    partition.skipTo(start);
  }

  /** Starts nothing above the frontier and waits until what is below it is done; false at the deadline. */
  async drain(partitions: readonly Partition[], deadlineMs: number): Promise<boolean> {
    for (const partition of partitions) partition.drain();
    const isOver = () => partitions.every((partition) => partition.isDrained);
    if (isOver()) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = () => {
      if (isOver()) resolve(true);
    };
    this.#drains.add(look);
    const cancel = this.#options.clock.schedule(deadlineMs, () => resolve(false));
    try {
      return await promise;
    } finally {
      cancel();
      this.#drains.delete(look);
    }
  }

  /** A rebalance left these with us. */
  resume(partitions: readonly Partition[]): void {
    for (const partition of partitions) partition.resume();
    this.#lanes.wake();
  }

  /** Ownership ended without our being asked: nothing new starts, the state is kept. */
  suspend(): void {
    for (const partition of this.all()) partition.suspend();
    this.#lookAtDrains();
  }

  /** Ours again: goes on where it stood if the group's commit lies within what we hold; false: assign anew. */
  readopt(partition: Partition, committed: number): boolean {
    if (committed < partition.acknowledged || committed > partition.position) return false;
    partition.doneElsewhere(committed);
    partition.committed = committed;
    partition.resume();
    this.#lanes.wake();
    return true;
  }

  /** Drops partitions; answers how many messages in flight are left behind. */
  revoke(partitions: readonly Partition[]): number {
    let abandoned = 0;
    for (const partition of partitions) {
      abandoned += partition.inFlight;
      partition.drop();
      this.#lanes.forget(partition);
      if (this.get(partition) === partition) this.#partitions.delete(keyOf(partition));
    }
    this.#lookAtDrains();
    return abandoned;
  }

  /** What moved since the last acknowledged commit. */
  snapshot(): CommitPoint[] {
    return this.all()
      .filter(({ state }) => state === "active" || state === "draining")
      .filter((partition) => partition.prefix !== partition.committed)
      .map((partition) => ({
        partition,
        offset: partition.prefix,
        leaderEpoch: partition.prefixEpoch,
      }));
  }

  /** The lease holds: look for work. */
  wake(): void {
    this.#lanes.wake();
  }

  #lookAtDrains(): void {
    for (const look of this.#drains) look();
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
