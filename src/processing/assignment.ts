/**
 * All owned partitions: taken on, filled, drained, suspended and given up, and what of them may be committed. The one
 * door between the edge and the core: what happens to a message inside is told by telemetry alone.
 */
import { type AttemptOptions, Attempts } from "./attempts.ts";
import { Breakers } from "./breakers.ts";
import { FatalError } from "./failure.ts";
import { Lanes } from "./lanes.ts";
import type { Delivery, Message, TopicPartition } from "./message.ts";
import { Partition, type PartitionLimits, type StartPosition } from "./partition.ts";
import { partitionKey } from "./partition_key.ts";
import { type Pause, Pauses, type PauseScope } from "./pauses.ts";
import type { Work } from "./work.ts";

export interface ProcessingOptions extends AttemptOptions, PartitionLimits {
  /** Bytes that all partitions together may hold, shared out among them evenly. */
  readonly bufferBytes: number;
  /** How many messages run at once, over all partitions. */
  readonly concurrency: number;
  /** Messages without key: in order within their partition, or not at all. */
  readonly unkeyedOrder: "partition" | "none";
  /** `wants()` of a partition went from false to true. */
  readonly onRoom: (partition: Partition) => void;
  /** So many messages got their outcome. */
  readonly onProgress: (messages: number) => void;
  /** The partition's breaker is open and a probe is due: `goodAhead` when its newest messages are good. */
  readonly onProbe: (partition: Partition) => void;
}

/** An offset that may be committed, as of now. */
export interface CommitPoint {
  readonly partition: Partition;
  readonly offset: number;
  readonly leaderEpoch: number;
  /** Of the partition when the snapshot was taken. */
  readonly progress: number;
}

interface Drain {
  readonly partitions: readonly Partition[];
  readonly end: (isDrained: boolean) => void;
}

export class Assignment {
  readonly #options: ProcessingOptions;
  readonly #limits: PartitionLimits;
  readonly #lanes: Lanes;
  readonly #attempts: Attempts;
  readonly #breakers: Breakers;
  readonly #owned = new Map<string, Partition>();
  readonly #drains = new Set<Drain>();
  readonly #pauses = new Pauses();

  constructor(options: ProcessingOptions) {
    this.#options = options;
    const { windowMessages, windowBytes, breaker } = options;
    const shareOut = () => this.deliveryBytes;
    this.#limits = {
      windowMessages,
      breaker,
      get windowBytes() {
        return Math.min(windowBytes, shareOut());
      },
    };
    this.#lanes = new Lanes({
      ...options,
      start: (work, nowMs) => this.#attempts.start(work, nowMs),
      onBroken: (cause) => options.onFatal(brokenCore(cause)),
    });
    this.#attempts = new Attempts(options, {
      lanes: this.#lanes,
      onOutcome: (work) => this.#onOutcome(work),
      onHalted: () => this.#lookAtDrains(),
      onWait: ({ partition }) => {
        if (partition.isHeldUp) this.#lookAtDrains();
      },
    });
    this.#breakers = new Breakers({ ...options, lanes: this.#lanes });
  }

  /** Messages that were started and have no outcome. */
  get inFlight(): number {
    let inFlight = 0;
    for (const partition of this.#owned.values()) inFlight += partition.inFlight;
    return inFlight;
  }

  /**
   * How many bytes one delivery may bring: half of a partition's share, because more is asked for until the other half
   * is there. So all together hold no more than `bufferBytes` and one batch each, and none goes short for another.
   */
  get deliveryBytes(): number {
    return Math.max(1, Math.floor(this.#options.bufferBytes / (2 * Math.max(1, this.#owned.size))));
  }

  /** CONCURRENCY is used up: what is queued waits for what runs. */
  get isFull(): boolean {
    return this.#lanes.isFull;
  }

  all(): Partition[] {
    return [...this.#owned.values()];
  }

  get(tp: TopicPartition): Partition | undefined {
    return this.#owned.get(partitionKey(tp));
  }

  /** Takes a partition on. An old one of the same name is dropped first. */
  assign(tp: TopicPartition, start: StartPosition): Partition {
    const partition = new Partition(tp, start, this.#limits);
    const old = this.get(tp);
    if (old !== undefined) this.revoke([old]);
    partition.pause = this.#pauses.of(tp);
    partition.noticeRoom();
    this.#owned.set(partitionKey(tp), partition);
    return partition;
  }

  /**
   * Hands over what was fetched.
   *
   * @returns false, and nothing is taken, when the partition was dropped or suspended or reads from another position now
   * @throws RangeError when the delivery contradicts itself
   */
  deliver(partition: Partition, delivery: Delivery): boolean {
    const accepted = partition.accept(delivery);
    if (accepted === null) return false;
    const { works, skipped } = accepted;
    this.#skip(skipped);
    this.#lanes.add(partition, works);
    return true;
  }

  /** Closes the partition's breaker: the newest messages of its log, those before `end`, are good. */
  goodAhead(partition: Partition, end: number): void {
    this.#breakers.goodAhead(partition, end);
  }

  /** The log lost [position, start.position): what is held goes on, and the prefix follows when nothing is. */
  skipTo(partition: Partition, start: StartPosition): void {
    partition.skipTo(start);
  }

  /**
   * Starts nothing above the highest offset that was started, and finishes what is queued below.
   *
   * @returns true when all of that is done; false at the deadline, or when a partition was suspended, resumed or
   * dropped meanwhile, or is held up by a FatalError
   */
  drain(partitions: readonly Partition[], deadlineMs: number): Promise<boolean> {
    for (const partition of partitions) {
      partition.drain();
      partition.noticeRoom();
    }
    return new Promise((resolve) => {
      const end = (isDrained: boolean) => {
        cancel();
        this.#drains.delete(drain);
        resolve(isDrained);
      };
      const drain = { partitions, end };
      const cancel = this.#options.clock.schedule(deadlineMs, () => end(false));
      this.#drains.add(drain);
      this.#lookAtDrains();
    });
  }

  /**
   * An operator holds partitions still, those that are not ours yet included: what runs may end, nothing new starts and
   * nothing more is asked for. They stay ours, and commits go on.
   */
  pause(scope: PauseScope, pause: Pause): void {
    this.#pauses.pause(scope, pause);
    for (const partition of this.#owned.values()) {
      partition.pause = this.#pauses.of(partition);
      partition.noticeRoom();
    }
    this.#lookAtDrains();
  }

  /** What `pause` held still goes on. */
  endPause(scope: PauseScope): void {
    this.#pauses.end(scope);
    const paused = this.all().filter(({ pause }) => pause !== null);
    for (const partition of paused) partition.pause = this.#pauses.of(partition);
    this.#reopened(paused.filter(({ pause }) => pause === null));
  }

  /** The pause of everything, those partitions included that are not ours yet; null when there is none. */
  get pauseOfAll(): Pause | null {
    return this.#pauses.all;
  }

  /** A rebalance left these draining partitions with us. */
  resume(partitions: readonly Partition[]): void {
    for (const partition of partitions) partition.resume();
    this.#reopened(partitions);
  }

  /** Ownership of everything ended without our being asked: nothing new starts, the state is kept. */
  suspend(): void {
    for (const partition of this.#owned.values()) {
      partition.suspend();
      partition.noticeRoom();
    }
    this.#lookAtDrains();
  }

  /**
   * A suspended partition is ours again and goes on where it stood. What was not started below the group's commit has
   * been done elsewhere.
   *
   * @returns false, and nothing changes, when the commit does not lie in [last acknowledged commit, position]
   */
  readopt(partition: Partition, committed: number): boolean {
    const elsewhere = partition.readopt(committed);
    if (elsewhere === null) return false;
    this.#skip(elsewhere.map(({ message }) => message));
    this.#reopened([partition]);
    return true;
  }

  /**
   * Drops partitions: their signals abort, and late results change nothing.
   *
   * @returns how many messages in flight are left without an outcome
   */
  revoke(partitions: readonly Partition[]): number {
    let abandoned = 0;
    for (const partition of partitions) {
      if (partition.state === "dropped") continue;
      abandoned += partition.inFlight;
      if (this.get(partition) === partition) this.#owned.delete(partitionKey(partition));
      this.#lanes.drop(partition);
      this.#breakers.forget(partition);
      for (const work of partition.drop()) this.#attempts.abandon(work);
    }
    this.#lookAtDrains();
    this.#lanes.wake();
    return abandoned;
  }

  /** What moved since the last acknowledged commit, or everything that may be committed. */
  snapshot(which: "moved" | "all" = "moved"): CommitPoint[] {
    const points: CommitPoint[] = [];
    for (const partition of this.#owned.values()) {
      const { state, prefix, committed, prefixEpoch, progress, committedProgress } = partition;
      if (state !== "active" && state !== "draining") continue;
      const hasMoved = prefix !== committed || progress !== committedProgress;
      if (!hasMoved && which === "moved") continue;
      points.push({ partition, offset: prefix, leaderEpoch: prefixEpoch, progress });
    }
    return points;
  }

  /** The lease holds again: look for work. */
  wake(): void {
    this.#lanes.wake();
  }

  /** Drops everything and leaves no timer behind. */
  close(): void {
    this.revoke(this.all());
    this.#lanes.close();
  }

  /** These were done by another owner. */
  #skip(messages: readonly Message[]): void {
    const { telemetry, onProgress } = this.#options;
    for (const message of messages) telemetry.messageSkipped(message, { reason: "done" });
    if (messages.length > 0) onProgress(messages.length);
  }

  #onOutcome(work: Work): void {
    const { partition } = work;
    partition.finished(work);
    this.#breakers.count(work);
    if (partition.noticeRoom()) this.#options.onRoom(partition);
    this.#options.onProgress(1);
    if (this.#drains.size > 0) this.#lookAtDrains();
    this.#lanes.finish(work);
  }

  #reopened(partitions: readonly Partition[]): void {
    this.#lookAtDrains();
    for (const partition of partitions) {
      if (partition.noticeRoom()) this.#options.onRoom(partition);
      this.#lanes.unpark(partition);
    }
  }

  #lookAtDrains(): void {
    for (const { partitions, end } of this.#drains) {
      if (!partitions.every((partition) => partition.isSettled)) continue;
      end(partitions.every((partition) => partition.isDrained));
    }
  }
}

function brokenCore(cause: unknown): FatalError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new FatalError(`Report this, processing broke: ${text}`, { code: "defect", cause });
}
