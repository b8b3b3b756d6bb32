/**
 * One owned partition: where to read on, what is held, and how far everything is done. Revocation is a property of
 * this object: once it is dropped nothing changes it any more, and a later owner of the same partition is another one.
 * Only offsets that were received are tracked, so gaps by compaction, control records and aborts need no code.
 */
import { Breaker, type BreakerLimits } from "./breaker.ts";
import type { Delivery, Message, TopicPartition } from "./message.ts";
import { checkDelivery, checkOffset } from "./offset_checks.ts";
import { type OffsetRange, OffsetRanges } from "./offset_ranges.ts";
import type { Pause } from "./pauses.ts";
import { Queue } from "./queue.ts";
import { Work } from "./work.ts";

/** Where to begin. */
export interface StartPosition {
  readonly position: number;
  /** Epoch of the leader that wrote what lies before; -1 unknown. */
  readonly leaderEpoch: number;
  /** What an earlier owner has done at or above the position, ascending. */
  readonly done?: readonly OffsetRange[];
}

/** What a partition took of a delivery. */
export interface Accepted {
  /** To be done, in order. */
  readonly works: readonly Work[];
  /** Done by an earlier owner. */
  readonly skipped: readonly Message[];
}

/** How much of a partition may be held. Exceeded by at most one delivery, which is taken whole. */
export interface WindowLimits {
  readonly windowMessages: number;
  readonly windowBytes: number;
}

export interface PartitionLimits extends WindowLimits {
  /** When dead letters become a flood; null never. */
  readonly breaker: BreakerLimits | null;
}

/**
 * `active` · `draining` to its frontier, then still · `suspended`: ownership is in doubt, nothing starts, what runs may
 * end · `dropped`, for good.
 */
export type PartitionState = "active" | "draining" | "suspended" | "dropped";

export class Partition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Open: nothing new starts but one probe at a time. */
  readonly breaker: Breaker;
  /** By the assignment: an operator holds it still. */
  pause: Pause | null = null;
  readonly #limits: PartitionLimits;
  readonly #dropped = new AbortController();
  /** What lies in [prefix, position): queued, running, waiting, and done above the first that is not. */
  readonly #window = new Queue<Work>();
  #windowBytes = 0;
  #state: PartitionState = "active";
  #position: number;
  #positionEpoch: number;
  /** Invariant: every offset below is done or dead-lettered with an acknowledged send, here or by another owner. */
  #prefix: number;
  #prefixEpoch: number;
  #committed: number | null = null;
  /** The last commit known to have been acknowledged; the start before the first. */
  #acknowledged: number;
  #highestStarted = -1;
  #frontier = -1;
  #inFlight = 0;
  #halted = 0;
  /** What may start although the breaker is open. */
  #probe: Work | null = null;
  #wanted = true;
  readonly #doneBefore: OffsetRanges;
  #progress = 0;
  #committedProgress = 0;

  /** @throws RangeError when the position is no offset */
  constructor(tp: TopicPartition, start: StartPosition, limits: PartitionLimits) {
    checkOffset("start position", start.position);
    this.topic = tp.topic;
    this.partition = tp.partition;
    this.breaker = new Breaker(limits.breaker);
    this.#limits = limits;
    this.#position = this.#prefix = this.#acknowledged = start.position;
    this.#positionEpoch = this.#prefixEpoch = start.leaderEpoch;
    this.#doneBefore = new OffsetRanges(start.done ?? []);
  }

  /** The offset to ask for next. */
  get position(): number {
    return this.#position;
  }

  /** Epoch of the leader that wrote what lies before the position; -1 unknown. */
  get positionEpoch(): number {
    return this.#positionEpoch;
  }

  /** Every offset below is done. What may be committed. */
  get prefix(): number {
    return this.#prefix;
  }

  /** The leader epoch to commit with the prefix; -1 unknown. */
  get prefixEpoch(): number {
    return this.#prefixEpoch;
  }

  get state(): PartitionState {
    return this.#state;
  }

  /** Aborts when the partition is dropped. */
  get signal(): AbortSignal {
    return this.#dropped.signal;
  }

  get windowMessages(): number {
    return this.#window.length;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** Messages that were started and have no outcome, those that wait for a retry included. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The last offset that the coordinator acknowledged; null unknown. Set by the committer. */
  get committed(): number | null {
    return this.#committed;
  }

  set committed(offset: number | null) {
    this.#committed = offset;
    if (offset !== null) this.#acknowledged = offset;
  }

  /** Moves with every outcome: what was committed at the same progress has nothing new to say. */
  get progress(): number {
    return this.#progress;
  }

  get committedProgress(): number {
    return this.#committedProgress;
  }

  set committedProgress(progress: number) {
    this.#committedProgress = progress;
  }

  /** Kafka's timestamp of the first message that is held and not done, -1 where it has none; null when nothing is held. */
  get firstTimestamp(): number | null {
    return this.#window.peek()?.message.timestamp ?? null;
  }

  /** What lies in [prefix, position), in order. Not to be kept. */
  get held(): Iterable<Work> {
    return this.#window;
  }

  /** What an earlier owner has done at or above an offset. */
  doneBefore(from: number): OffsetRange[] {
    return this.#doneBefore.from(from);
  }

  /** What is done above the prefix, at most `limit` ranges, the lowest first; not yet read what was done before, too. */
  doneAbove(limit: number): OffsetRange[] {
    const ranges: { first: number; last: number }[] = [];
    let open: { first: number; last: number } | null = null;
    for (const { message, state } of this.#window) {
      if (state !== "done") {
        open = null;
      } else if (open !== null) {
        open.last = message.offset;
      } else {
        if (ranges.length === limit) return ranges;
        open = { first: message.offset, last: message.offset };
        ranges.push(open);
      }
    }
    return [...ranges, ...this.doneBefore(this.#position)].slice(0, limit);
  }

  /** The last commit known to have been acknowledged, whatever became of later ones; the start before the first. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** May more be asked for? Any size is let in when nothing is held. */
  wants(): boolean {
    return this.#state === "active" && this.pause === null &&
      this.#window.length < this.#limits.windowMessages &&
      this.#windowBytes < this.#limits.windowBytes;
  }

  /** For the assignment: true once after each change of `wants` from false to true. */
  noticeRoom(): boolean {
    const wanted = this.#wanted;
    this.#wanted = this.wants();
    return this.#wanted && !wanted;
  }

  /**
   * Takes a delivery. Null, and nothing taken, when it was asked for from another position than the one that holds now.
   *
   * @throws RangeError when the delivery contradicts itself
   */
  accept(delivery: Delivery): Accepted | null {
    if (this.#state === "dropped" || this.#state === "suspended") return null;
    if (delivery.from !== this.#position) return null;
    checkDelivery(delivery);
    const works: Work[] = [];
    const skipped: Message[] = [];
    for (const message of delivery.messages) {
      const work = new Work(this, message);
      this.#window.push(work);
      this.#windowBytes += work.bytes;
      if (this.#doneBefore.has(message.offset)) {
        work.state = "done";
        skipped.push(message);
      } else {
        works.push(work);
      }
    }
    this.#position = delivery.next;
    this.#positionEpoch = delivery.leaderEpoch;
    this.#advance();
    this.noticeRoom();
    return { works, skipped };
  }

  /** May this one start, or go on after a wait? While draining only up to the frontier. */
  mayStart(work: Work): boolean {
    const { message } = work;
    if (this.pause !== null) return false;
    if (this.breaker.isOpen && work !== this.#probe) return false;
    if (this.#state === "active") return true;
    return this.#state === "draining" && message.offset <= this.#frontier;
  }

  /** With an open breaker: the first that is not done may start. False: none is there, or one may already. */
  probe(): boolean {
    const first = this.#window.peek();
    const isUnderWay = this.#probe !== null && this.#probe.state !== "done";
    if (isUnderWay || first === undefined || first.state === "halted") return false;
    this.#probe = first;
    return true;
  }

  /** Was it the probe? Then it is over. */
  endProbe(work: Work): boolean {
    if (work !== this.#probe) return false;
    this.#probe = null;
    return true;
  }

  /** Its first attempt begins. */
  started({ message }: Work): void {
    this.#inFlight += 1;
    if (message.offset > this.#highestStarted) this.#highestStarted = message.offset;
  }

  /** It has its outcome. */
  finished(work: Work): void {
    this.#inFlight -= 1;
    this.#progress += 1;
    work.state = "done";
    this.#advance();
  }

  /** A FatalError: it stays without an outcome. */
  halted(work: Work): void {
    work.state = "halted";
    this.#halted += 1;
  }

  drain(): void {
    if (this.#state !== "active") return;
    this.#state = "draining";
    this.#frontier = this.#highestStarted;
  }

  resume(): void {
    if (this.#state === "draining") this.#state = "active";
  }

  suspend(): void {
    if (this.#state !== "dropped") this.#state = "suspended";
  }

  /**
   * Ours again. What lies below the group's commit and was not started here is done elsewhere.
   *
   * @returns those; null, and nothing changed, when what is held does not fit the commit
   */
  readopt(committed: number): readonly Work[] | null {
    if (this.#state !== "suspended") return null;
    if (committed < this.#acknowledged || committed > this.#position) return null;
    this.#state = "active";
    this.committed = committed;
    const elsewhere: Work[] = [];
    for (const work of this.#window) {
      if (work.message.offset >= committed) break;
      if (work.state !== "queued" || work.attempt > 0) continue;
      work.state = "done";
      elsewhere.push(work);
    }
    this.#advance();
    if (this.#prefix < committed) {
      this.#prefix = committed;
      this.#prefixEpoch = -1;
    }
    return elsewhere;
  }

  /**
   * The log lost [position, start.position).
   *
   * @throws RangeError when that would go back
   */
  skipTo(start: StartPosition): void {
    checkOffset("position to skip to", start.position);
    if (start.position < this.#position) {
      throw new RangeError(`Cannot skip back from ${this.#position}: ${start.position}`);
    }
    if (this.#state === "dropped") return;
    this.#position = start.position;
    this.#positionEpoch = start.leaderEpoch;
    this.#advance();
  }

  /** Lets everything go; answers what was held. */
  drop(): readonly Work[] {
    this.#state = "dropped";
    const held = [...this.#window];
    this.#window.clear();
    this.#windowBytes = 0;
    this.#inFlight = 0;
    this.#dropped.abort(new Error(`Partition was taken away: ${this.topic}/${this.partition}`));
    return held;
  }

  /** Draining, and nothing at or below the frontier is left to do. */
  get isDrained(): boolean {
    if (this.#state !== "draining") return false;
    const first = this.#window.peek();
    return first === undefined || first.message.offset > this.#frontier;
  }

  /** Nothing new starts, whatever is there: paused, or its breaker is open. */
  get isHeldUp(): boolean {
    return this.pause !== null || this.breaker.isOpen;
  }

  /** Nothing is left to wait for in a drain: drained, called off, held up, or halted by a FatalError. */
  get isSettled(): boolean {
    if (this.#state !== "draining" || this.isDrained) return true;
    if (this.isHeldUp) return !this.#isAnyRunning();
    return this.#halted > 0 && this.#onlyHaltedIsLeft();
  }

  #isAnyRunning(): boolean {
    for (const { state } of this.#window) if (state === "running") return true;
    return false;
  }

  #onlyHaltedIsLeft(): boolean {
    for (const { message, state, lane } of this.#window) {
      if (message.offset > this.#frontier) break;
      if (state !== "done" && lane?.head?.state !== "halted") return false;
    }
    return true;
  }

  /** The prefix grows over what is done without a gap, and past control records when nothing is held. */
  #advance(): void {
    let first = this.#window.peek();
    while (first !== undefined && first.state === "done") {
      this.#window.shift();
      this.#windowBytes -= first.bytes;
      if (first.message.offset >= this.#prefix) {
        this.#prefix = first.message.offset + 1;
        this.#prefixEpoch = first.message.leaderEpoch;
      }
      first = this.#window.peek();
    }
    if (first === undefined) {
      this.#prefix = this.#position;
      this.#prefixEpoch = this.#positionEpoch;
    }
  }
}
