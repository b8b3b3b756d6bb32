/**
 * One owned partition. Invariant: every offset in [prefix, position) is queued, running or done here; everything below
 * prefix is done, or dead-lettered with an acknowledged send. Only what was received is tracked, so gaps in the log
 * need no code.
 */
import type { Delivery, Message, TopicPartition } from "./message.ts";

export interface StartPosition {
  readonly position: number;
  /** -1 when unknown. */
  readonly leaderEpoch: number;
}

export interface WindowLimits {
  readonly windowMessages: number;
  readonly windowBytes: number;
}

/** A message in the window. */
export interface Entry {
  readonly message: Message;
  readonly bytes: number;
  started: boolean;
  done: boolean;
  attempts: number;
}

export type PartitionState = "active" | "draining" | "suspended" | "dropped";

export class Partition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Last offset that the coordinator acknowledged; null while unknown. Set by the committer. */
  #committed: number | null = null;
  #acknowledged: number;
  readonly #limits: WindowLimits;
  readonly #abort = new AbortController();
  #position: number;
  #positionEpoch: number;
  #prefix: number;
  #prefixEpoch: number;
  #window: Entry[] = [];
  #head = 0;
  #bytes = 0;
  #state: PartitionState = "active";
  /** The highest offset that was started: a drain starts nothing above it. */
  #frontier = -1;
  inFlight = 0;

  constructor(where: TopicPartition, start: StartPosition, limits: WindowLimits) {
    if (!Number.isSafeInteger(start.position) || start.position < 0) {
      throw new RangeError(`Cannot own a partition from this position: ${start.position}`);
    }
    this.topic = where.topic;
    this.partition = where.partition;
    this.#position = this.#prefix = start.position;
    this.#positionEpoch = this.#prefixEpoch = start.leaderEpoch;
    this.#acknowledged = -1;
    this.#limits = limits;
  }

  get position(): number {
    return this.#position;
  }

  get prefix(): number {
    return this.#prefix;
  }

  get prefixEpoch(): number {
    return this.#prefixEpoch;
  }

  get state(): PartitionState {
    return this.#state;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get windowMessages(): number {
    return this.#window.length - this.#head;
  }

  get windowBytes(): number {
    return this.#bytes;
  }

  get committed(): number | null {
    return this.#committed;
  }

  set committed(offset: number | null) {
    this.#committed = offset;
    if (offset !== null) this.#acknowledged = offset;
  }

  /** The last offset known to be committed, whatever became of later commits; -1 before the first. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  wants(): boolean {
    return this.#state === "active" && this.windowMessages < this.#limits.windowMessages &&
      this.#bytes < this.#limits.windowBytes;
  }

  /** Takes a delivery for exactly its position; null: it was for another, or the partition is not ours to fill. */
  accept(delivery: Delivery): readonly Entry[] | null {
    if (this.#state === "dropped" || this.#state === "suspended") return null;
    if (delivery.from !== this.#position) return null;
    const entries = delivery.messages.map(newEntry);
    for (const entry of entries) {
      this.#window.push(entry);
      this.#bytes += entry.bytes;
    }
    this.#position = delivery.next;
    this.#positionEpoch = delivery.leaderEpoch;
    this.#advance();
    return entries;
  }

  /** While draining, only what lies at or below the frontier may start. */
  mayStart(entry: Entry): boolean {
    if (this.#state === "active") return true;
    return this.#state === "draining" && entry.message.offset <= this.#frontier;
  }

  started(entry: Entry): void {
    entry.started = true;
    this.#frontier = Math.max(this.#frontier, entry.message.offset);
  }

  done(entry: Entry): void {
    if (entry.done) return;
    entry.done = true;
    this.#bytes -= entry.bytes;
    this.#advance();
  }

  drain(): void {
    if (this.#state === "active") this.#state = "draining";
  }

  resume(): void {
    if (this.#state === "draining" || this.#state === "suspended") this.#state = "active";
  }

  suspend(): void {
    if (this.#state !== "dropped") this.#state = "suspended";
  }

  drop(): void {
    this.#state = "dropped";
    this.#abort.abort();
  }

  /** Nothing at or below the frontier is left to do. */
  get isDrained(): boolean {
    return this.#state !== "draining" || this.windowMessages === 0 || this.#prefix > this.#frontier;
  }

  /** The log lost [position, start): what is held goes on, then the prefix follows. */
  skipTo(start: StartPosition): void {
    this.#position = Math.max(this.#position, start.position);
    this.#positionEpoch = start.leaderEpoch;
    this.#advance();
  }

  /** Another owner committed up to `offset` meanwhile: what was not started below it is done there. */
  doneElsewhere(offset: number): void {
    for (const entry of this.#window) {
      if (entry.message.offset < offset && !entry.started && !entry.done) this.done(entry);
    }
  }

  /** The prefix grows over what is done without a gap; past control records too when the window is empty. */
  #advance(): void {
    for (let entry = this.#window[this.#head]; entry?.done; entry = this.#window[this.#head]) {
      this.#prefix = entry.message.offset + 1;
      this.#prefixEpoch = entry.message.leaderEpoch;
      this.#head += 1;
    }
    if (this.#head === this.#window.length) {
      this.#window = [];
      this.#head = 0;
      this.#prefix = this.#position;
      this.#prefixEpoch = this.#positionEpoch;
    } else if (this.#head > 1024) {
      this.#window = this.#window.slice(this.#head);
      this.#head = 0;
    }
  }
}

function newEntry(message: Message): Entry {
  const bytes = (message.key?.length ?? 0) + (message.value?.length ?? 0);
  return { message, bytes, started: false, done: false, attempts: 0 };
}
