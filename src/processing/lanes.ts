/**
 * Order and limits: one lane per (partition, key), one message of a lane at a time, so many lanes at once, first come
 * first served. A lane that waits for a retry holds no slot. A lane whose head may not start is parked with its
 * partition and put back when that changes: nothing here polls. Runs of synchronous handlers are cut into slices, so
 * that heartbeats and sockets get their turn.
 */
import { Buffer } from "node:buffer";
import type { Clock } from "./clock.ts";
import type { Partition } from "./partition.ts";
import { Queue } from "./queue.ts";
import type { Work } from "./work.ts";

export interface LanesOptions {
  readonly clock: Clock;
  /** How many messages run at once. */
  readonly concurrency: number;
  /** Messages without key: in order, or each in a lane of its own. */
  readonly unkeyedOrder: "partition" | "none";
  /** The lease. Asked before every start. */
  readonly mayStart: () => boolean;
  /** Starts an attempt, which later calls `finish`, `hold` or `retry`, maybe before it returns. */
  readonly start: (work: Work, nowMs: number) => void;
  /** `start` threw: a defect, not a handler's error. */
  readonly onBroken: (error: unknown) => void;
}

/** Messages that must run one after the other; the head is running, waiting or next. */
export interface Lane {
  readonly group: LaneGroup;
  readonly key: string | null;
  head: Work | null;
  tail: Work | null;
}

/** The lanes of one partition. */
interface LaneGroup {
  readonly partition: Partition;
  readonly byKey: Map<string | null, Lane>;
  parked: Lane[];
  running: number;
}

/** Longest run before the event loop turns. An answer over HTTP takes two to three turns. */
const SLICE_MS = 8;

export class Lanes {
  readonly #options: LanesOptions;
  readonly #groups = new Map<Partition, LaneGroup>();
  #ready = new Queue<Lane>();
  #running = 0;
  #isPumping = false;
  #sliceEndsAt: number | null = null;
  #cancelSlice = () => {};

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Every slot is taken. */
  get isFull(): boolean {
    return this.#running >= this.#options.concurrency;
  }

  /** Puts messages of one partition at the end of their lanes. */
  add(partition: Partition, works: readonly Work[]): void {
    const group = this.#groupOf(partition);
    for (const work of works) this.#enqueue(group, work);
    this.#pump();
  }

  /** The head of a lane has its outcome. */
  finish(work: Work): void {
    this.#leaveSlot(work);
    const lane = work.lane as Lane;
    this.#removeHead(lane);
    if (lane.head !== null) this.#ready.push(lane);
    this.#pump();
  }

  /** Gives the slot back; the lane waits until `retry`. */
  hold(work: Work): void {
    this.#leaveSlot(work);
    this.#pump();
  }

  /** A held message wants a slot again, behind those that want one already. */
  retry(work: Work): void {
    work.state = "queued";
    this.#ready.push(work.lane as Lane);
    this.#pump();
  }

  /** What a partition allows has changed. */
  unpark(partition: Partition): void {
    const group = this.#groups.get(partition);
    if (group === undefined) return;
    for (const lane of group.parked) this.#ready.push(lane);
    group.parked = [];
    this.#pump();
  }

  /** Forgets a partition and takes its slots back; `wake` uses them. */
  drop(partition: Partition): void {
    const group = this.#groups.get(partition);
    if (group === undefined) return;
    this.#groups.delete(partition);
    this.#running -= group.running;
    const kept = new Queue<Lane>();
    for (const lane of this.#ready) if (lane.group !== group) kept.push(lane);
    this.#ready = kept;
  }

  /** The lease holds, or slots are free: look for work. */
  wake(): void {
    this.#pump();
  }

  /** No timer is left behind. */
  close(): void {
    this.#cancelSlice();
    this.#sliceEndsAt = null;
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#ready.length > 0 && this.#running < this.#options.concurrency) {
        if (!this.#options.mayStart()) break;
        const now = this.#options.clock.now();
        if (this.#isSliceOver(now)) break;
        this.#startNext(now);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** A timer that was set with the slice's first start has run: the event loop has turned. Until then time is short. */
  #isSliceOver(now: number): boolean {
    if (this.#sliceEndsAt !== null) return now >= this.#sliceEndsAt;
    this.#sliceEndsAt = now + SLICE_MS;
    this.#cancelSlice = this.#options.clock.schedule(0, () => {
      this.#sliceEndsAt = null;
      this.#pump();
    });
    return false;
  }

  #startNext(now: number): void {
    const lane = this.#ready.shift() as Lane;
    while (lane.head?.state === "done") this.#removeHead(lane); // done elsewhere
    const work = lane.head;
    if (work === null) return;
    if (!work.partition.mayStart(work)) {
      lane.group.parked.push(lane);
      return;
    }
    this.#running += 1;
    lane.group.running += 1;
    work.state = "running";
    try {
      this.#options.start(work, now);
    } catch (error) {
      this.#options.onBroken(error);
    }
  }

  #leaveSlot(work: Work): void {
    this.#running -= 1;
    (work.lane as Lane).group.running -= 1;
  }

  #groupOf(partition: Partition): LaneGroup {
    let group = this.#groups.get(partition);
    if (group === undefined) {
      group = { partition, byKey: new Map(), parked: [], running: 0 };
      this.#groups.set(partition, group);
    }
    return group;
  }

  #enqueue(group: LaneGroup, work: Work): void {
    const key = keyText(work.message.key);
    const isShared = key !== null || this.#options.unkeyedOrder === "partition";
    const lane = isShared ? group.byKey.get(key) : undefined;
    if (lane === undefined) {
      const fresh = { group, key, head: work, tail: work };
      work.lane = fresh;
      if (isShared) group.byKey.set(key, fresh);
      this.#ready.push(fresh);
      return;
    }
    work.lane = lane;
    if (lane.tail !== null) lane.tail.next = work;
    lane.tail = work;
  }

  #removeHead(lane: Lane): void {
    lane.head = lane.head?.next ?? null;
    if (lane.head !== null) return;
    lane.tail = null;
    if (lane.group.byKey.get(lane.key) === lane) lane.group.byKey.delete(lane.key);
  }
}

/** Latin 1 keeps every byte apart, which UTF-8 would not. An empty key is a key. */
function keyText(key: Uint8Array | null): string | null {
  if (key === null) return null;
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}
