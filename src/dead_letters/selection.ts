/**
 * Which letters a redrive takes, and how many at a time: those that fit the filter, up to where the topics ended when it
 * began, as fast as its rate allows, and no more than its marks have room for. All others are left as they lie. A letter
 * goes to the core or is noted as left; nothing is passed over.
 */
import { DONE_RANGES_MAX } from "../kafka/commit_metadata.ts";
import type { Clock } from "../processing/clock.ts";
import type { Delivery, Message, TopicPartition } from "../processing/message.ts";
import { type OffsetRange, OffsetRanges } from "../processing/offset_ranges.ts";
import type { Partition } from "../processing/partition.ts";
import { partitionKey } from "../processing/partition_key.ts";
import { type Letter, parseLetter } from "./letter.ts";
import { fits, type LeftRanges, type Looked, withLooked, withoutLeft } from "./marks.ts";

export interface SelectionOptions {
  readonly clock: Clock;
  /** Is this letter to be taken? */
  readonly wants: (letter: Letter) => boolean;
  /** Letters in all; null as many as there are. */
  readonly count: number | null;
  /** Letters a second; null as fast as it goes. */
  readonly rate: number | null;
  /** Asked for again: the rate allows more. */
  readonly onRoom: () => void;
}

/** The marks of a partition are full: nothing above `at` was taken. */
export interface FullMarks extends TopicPartition {
  readonly at: number;
  /** The first letter that is left, from which on marks have to be kept. */
  readonly from: number;
}

/** How many letters the core gets at once of a partition, and how many it holds before it gets more. */
export const SLICE_LETTERS = 32;

/** How often the allowance of a rate is topped up. */
const REFILL_MS = 100;

interface Progress {
  left: LeftRanges;
  full: FullMarks | null;
}

export class Selection {
  readonly #options: SelectionOptions;
  readonly #progress = new WeakMap<Partition, Progress>();
  /** Where each topic ended when the redrive began; null: not known yet, and nothing is taken. */
  #ends: ReadonlyMap<string, number> | null = null;
  readonly #full = new Map<string, FullMarks>();
  #taken = 0;
  #left = 0;
  #allowance: number;
  #refilledAt: number;
  #cancelRefill = () => {};
  #isClosed = false;

  constructor(options: SelectionOptions) {
    this.#options = options;
    this.#allowance = options.rate === null ? Infinity : 1;
    this.#refilledAt = options.clock.now();
  }

  /** Letters that were given to the core. */
  get taken(): number {
    return this.#taken;
  }

  /** Letters that were looked at and left as they lie. */
  get left(): number {
    return this.#left;
  }

  /** Partitions whose marks are full. */
  get full(): readonly FullMarks[] {
    return [...this.#full.values()];
  }

  /** Nothing more is taken, because `count` is reached. */
  get isCountReached(): boolean {
    const { count } = this.#options;
    return count !== null && this.#taken >= count;
  }

  /** From now on letters below these offsets are taken; partitions that are not among them are left alone. */
  start(ends: ReadonlyMap<string, number>): void {
    this.#ends = ends;
    this.#refilledAt = this.#options.clock.now();
    this.#scheduleRefill();
    this.#options.onRoom();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRefill();
  }

  /** May more be asked for? */
  wants(partition: Partition): boolean {
    return this.#ends !== null && this.#allowance >= 1 && !this.isOver(partition);
  }

  /** Nothing more will be taken of it, whatever it holds. */
  isOver(partition: Partition): boolean {
    if (this.#isClosed || this.#ends === null) return this.#isClosed;
    return partition.position >= this.#endOf(partition) || this.isCountReached ||
      this.#of(partition).full !== null;
  }

  /**
   * Hands a part of a delivery to the core, and notes what is left of it.
   *
   * @returns what `pass` answers; false when there is nothing to hand over
   */
  deliver(
    partition: Partition,
    { delivery, pass }: {
      readonly delivery: Delivery;
      readonly pass: (selected: Delivery) => boolean;
    },
  ): boolean {
    if (delivery.from !== partition.position || !this.wants(partition)) return false;
    const progress = this.#of(partition);
    const chosen = this.#choose(partition, delivery);
    const part = this.#withinMarks(partition, { left: progress.left, chosen });
    if (part.looked.length === 0 && chosen.looked.length > 0) {
      this.#stopAt(partition, { at: delivery.from, progress });
      return false;
    }
    const before = progress.left;
    progress.left = withLooked(before, part.looked);
    const { taken: messages, next } = part;
    if (!pass({ ...delivery, messages, next })) {
      progress.left = before;
      return false;
    }
    this.#taken += messages.length;
    this.#allowance -= messages.length;
    this.#left += part.looked.filter(({ isLeft }) => isLeft).length;
    return true;
  }

  /** What to commit where the core would commit that. */
  commit(
    partition: Partition,
    progress: { readonly offset: number; readonly done: readonly OffsetRange[] },
  ): { readonly offset: number; readonly done: readonly OffsetRange[] } {
    const { offset, done } = withoutLeft(progress, this.#of(partition).left);
    return { offset, done: done.slice(0, DONE_RANGES_MAX) };
  }

  /** As much of a delivery as may be taken now. */
  #choose(partition: Partition, delivery: Delivery): Chosen {
    const end = this.#endOf(partition);
    const doneBefore = new OffsetRanges(partition.doneBefore(delivery.from));
    const room = Math.min(SLICE_LETTERS, this.#allowance, this.#remaining());
    const looked: Looked[] = [];
    const taken: Message[] = [];
    for (const message of delivery.messages) {
      const { offset } = message;
      if (offset >= end) return { looked, taken, next: end };
      const isDone = doneBefore.has(offset);
      const isWanted = !isDone && this.#options.wants(parseLetter(message));
      if (isWanted && taken.length + 1 > room) return { looked, taken, next: offset };
      looked.push({ offset, isLeft: !isDone && !isWanted });
      if (isWanted) taken.push(message);
    }
    return { looked, taken, next: Math.min(delivery.next, Math.max(end, delivery.from)) };
  }

  /** As much of that as there is room for in the marks. */
  #withinMarks(
    partition: Partition,
    { left, chosen }: { readonly left: LeftRanges; readonly chosen: Chosen },
  ): Chosen {
    const isRoomFor = ({ looked, next }: Chosen) =>
      fits(withLooked(left, looked), {
        next,
        beyond: partition.doneBefore(next),
        inFlight: 2 * SLICE_LETTERS,
      });
    if (isRoomFor(chosen)) return chosen;
    let [low, high] = [0, chosen.looked.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (isRoomFor(firstOf(chosen, middle))) low = middle;
      else high = middle - 1;
    }
    return firstOf(chosen, low);
  }

  #stopAt(
    partition: Partition,
    { at, progress }: { readonly at: number; readonly progress: Progress },
  ): void {
    const { topic, partition: number } = partition;
    const from = progress.left[0]?.first ?? at;
    progress.full = { topic, partition: number, at, from };
    this.#full.set(partitionKey(partition), progress.full);
  }

  #remaining(): number {
    const { count } = this.#options;
    return count === null ? Infinity : count - this.#taken;
  }

  #endOf(partition: Partition): number {
    return this.#ends?.get(partitionKey(partition)) ?? 0;
  }

  #scheduleRefill(): void {
    const { clock, rate, onRoom } = this.#options;
    if (rate === null || this.#isClosed) return;
    this.#cancelRefill = clock.schedule(REFILL_MS, () => {
      const now = clock.now();
      const earned = rate * (now - this.#refilledAt) / 1_000;
      this.#refilledAt = now;
      this.#allowance = Math.min(Math.max(1, rate), this.#allowance + earned);
      if (this.#allowance >= 1) onRoom();
      this.#scheduleRefill();
    });
  }

  #of(partition: Partition): Progress {
    const known = this.#progress.get(partition);
    if (known !== undefined) return known;
    const progress: Progress = { left: [], full: null };
    this.#progress.set(partition, progress);
    return progress;
  }
}

/** What was looked at of a delivery, what of that is taken, and where it goes on. */
interface Chosen {
  readonly looked: readonly Looked[];
  readonly taken: readonly Message[];
  readonly next: number;
}

/** The first `count` that were looked at. */
function firstOf({ looked, taken, next }: Chosen, count: number): Chosen {
  const rest = looked[count];
  if (rest === undefined) return { looked, taken, next };
  return {
    looked: looked.slice(0, count),
    taken: taken.filter(({ offset }) => offset < rest.offset),
    next: rest.offset,
  };
}
