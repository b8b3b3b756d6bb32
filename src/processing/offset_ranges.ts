/**
 * Offsets as ranges, in ascending order: what is done above a prefix, and which of it a new owner need not do again.
 * A range may span offsets that do not exist; nobody will ever deliver those.
 */

/** Both ends belong to it. */
export interface OffsetRange {
  readonly first: number;
  readonly last: number;
}

export class OffsetRanges {
  readonly #ranges: readonly OffsetRange[];
  /** Where the last question was answered: they come in ascending order. */
  #at = 0;

  /** @param ranges ascending, not overlapping */
  constructor(ranges: readonly OffsetRange[]) {
    this.#ranges = ranges;
  }

  /** What of them lies at or above an offset. */
  from(offset: number): OffsetRange[] {
    return this.#ranges.filter(({ last }) => last >= offset)
      .map(({ first, last }) => ({ first: Math.max(first, offset), last }));
  }

  /** Is it in one of the ranges? To be asked for ascending offsets. */
  has(offset: number): boolean {
    let range = this.#ranges[this.#at];
    while (range !== undefined && range.last < offset) {
      this.#at += 1;
      range = this.#ranges[this.#at];
    }
    return range !== undefined && range.first <= offset;
  }
}
