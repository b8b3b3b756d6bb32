/**
 * Which letters of a partition are left undone, while those around them are done. The core is given only what is to be
 * done, and takes the rest for done; this keeps the rest, and puts it back into what is committed: the prefix stays at
 * the first letter that is left, and what is done above it goes beside the offset.
 */
import type { OffsetRange } from "../processing/offset_ranges.ts";
import { fitsCommit } from "../kafka/commit_metadata.ts";

/**
 * For so long brokers are asked to keep the marks, ten years: as long as the letters may lie. By themselves they forget
 * them after a week without a redrive, and offer again what was redriven.
 */
export const MARKS_KEPT_MS = 315_360_000_000;

/** A letter that was looked at: is it left as it lies? */
export interface Looked {
  readonly offset: number;
  readonly isLeft: boolean;
}

/** As Consumer commits it. */
interface DoneSet {
  readonly offset: number;
  readonly done: readonly OffsetRange[];
}

/** Ranges that are left, ascending; between two of them something is done. */
export type LeftRanges = readonly OffsetRange[];

/** What is left when these were looked at, too. A range spans offsets that nobody has. */
export function withLooked(left: LeftRanges, looked: readonly Looked[]): LeftRanges {
  const ranges = left.map((range) => ({ ...range }));
  let isOpen = false;
  for (const { offset, isLeft } of looked) {
    const before = ranges.at(-1);
    if (!isLeft) isOpen = false;
    else if (before !== undefined && (isOpen || before.last === offset - 1)) before.last = offset;
    else ranges.push({ first: offset, last: offset });
    if (isLeft) isOpen = true;
  }
  return ranges;
}

/** What the core has done, without what is left. */
export function withoutLeft({ offset, done }: DoneSet, left: LeftRanges): DoneSet {
  const first = left[0];
  if (first === undefined || first.first >= offset) {
    return { offset, done: subtract(done, left) };
  }
  const below = { first: first.first, last: offset - 1 };
  return { offset: first.first, done: subtract([below, ...done], left) };
}

/**
 * Do the marks of all that is done before `next` fit into a commit, with those of `beyond`, and of `inFlight` letters
 * that end in whatever order?
 */
export function fits(
  left: LeftRanges,
  { next, beyond, inFlight }: {
    readonly next: number;
    readonly beyond: readonly OffsetRange[];
    readonly inFlight: number;
  },
): boolean {
  const { offset, done } = withoutLeft({ offset: next, done: beyond }, left);
  return fitsCommit(done, { offset, spare: inFlight * MARK_LENGTH });
}

/** A letter that is not done yet between those that are makes one run more: a short gap, and the length of the rest. */
const MARK_LENGTH = 8;

function subtract(ranges: readonly OffsetRange[], left: LeftRanges): readonly OffsetRange[] {
  const rest: OffsetRange[] = [];
  let at = 0;
  for (const { first, last } of ranges) {
    let from = first;
    for (let each = left[at]; each !== undefined && each.last < from; each = left[at]) at += 1;
    for (let i = at; from <= last; i += 1) {
      const hole = left[i];
      if (hole === undefined || hole.first > last) {
        rest.push({ first: from, last });
        break;
      }
      if (hole.first > from) rest.push({ first: from, last: hole.first - 1 });
      from = Math.max(from, hole.last + 1);
    }
  }
  return rest;
}
