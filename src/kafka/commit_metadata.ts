/**
 * What we store beside each committed offset, as Kafka's free text `metadata`: a mark, then `name=value` words. Readers
 * skip words that they do not know; text by another client, or damaged, reads as nothing known. Brokers take at most
 * offset.metadata.max.bytes (4,096 by default), so the list of what is done above the offset is cut to fit: what is left
 * out is only done again. Few ranges are written as runs; many, close together, as one bit an offset.
 */
import { Buffer } from "node:buffer";
import type { OffsetRange } from "../processing/offset_ranges.ts";

export interface CommitMetadata {
  /**
   * How many partitions the topic had when the group first saw it. With AUTO_OFFSET_RESET=latest a partition with a
   * lower number that has no commit was there all along and starts at its end; a higher one was added later and starts
   * at its beginning.
   */
  readonly firstPartitions: number | null;
  /** 32 hex digits: a topic that was deleted and created again has another id. */
  readonly topicId: string | null;
  /** What is done above the committed offset, ascending. */
  readonly done: readonly OffsetRange[];
}

export const NO_COMMIT_METADATA: CommitMetadata = {
  firstPartitions: null,
  topicId: null,
  done: [],
};

const MARK = "processing-service/1";
const MAX_LENGTH = 4_000;
const RADIX = 36;
/** A character of base64 holds six offsets. */
const BITS_A_CHARACTER = 6;
/** A range takes two bits at least: itself, and what lies before it. */
export const DONE_RANGES_MAX = MAX_LENGTH * BITS_A_CHARACTER / 2;

/** @param offset the committed one, which the ranges are written relative to */
export function encodeCommitMetadata(metadata: CommitMetadata, offset: number): string {
  const words = [MARK];
  if (metadata.firstPartitions !== null) words.push(`partitions=${metadata.firstPartitions}`);
  if (metadata.topicId !== null) words.push(`topic=${metadata.topicId}`);
  const text = words.join(" ");
  const { done } = metadata;
  const room = MAX_LENGTH - text.length - WORD_LENGTH;
  const runs = encodeRuns(done, { offset, room });
  if (runs.count === done.length) return runs.count === 0 ? text : `${text} done=${runs.text}`;
  const bits = encodeBits(done, { offset, room });
  return runs.count > bits.count ? `${text} done=${runs.text}` : `${text} bits=${bits.text}`;
}

/** How many characters of a commit's metadata are free for the list of what is done, whatever else is in it. */
export const DONE_ROOM = MAX_LENGTH -
  `${MARK} partitions=1234567 topic=${"0".repeat(32)} done=`.length;

/**
 * Do all the ranges fit into a commit, with `spare` characters left where they are written as runs? As bits, more or
 * fewer ranges take the same.
 */
export function fitsCommit(
  done: readonly OffsetRange[],
  { offset, spare }: { readonly offset: number; readonly spare: number },
): boolean {
  if (encodeRuns(done, { offset, room: DONE_ROOM - spare }).count === done.length) return true;
  const last = done.at(-1)?.last ?? offset;
  return last - offset < DONE_ROOM * BITS_A_CHARACTER;
}

export function parseCommitMetadata(text: string | null, offset: number): CommitMetadata {
  const [mark, ...words] = (text ?? "").split(" ");
  if (mark !== MARK) return NO_COMMIT_METADATA;
  const valueOf = (name: string) => {
    const word = words.find((each) => each.startsWith(`${name}=`));
    return word?.slice(name.length + 1) ?? "";
  };
  const count = valueOf("partitions");
  const topicId = valueOf("topic");
  return {
    firstPartitions: /^\d{1,7}$/.test(count) ? Number(count) : null,
    topicId: /^[0-9a-f]{32}$/.test(topicId) ? topicId : null,
    done: parseRuns(valueOf("done"), offset) ?? parseBits(valueOf("bits"), offset),
  };
}

const WORD_LENGTH = " done=".length;

/** A list as text, and how many of its ranges, from the first on, that holds. */
interface Encoded {
  readonly text: string;
  readonly count: number;
}

interface EncodeOptions {
  readonly offset: number;
  readonly room: number;
}

/** Each run as `gap.length`, the gap counted from the end of the run before. */
function encodeRuns(ranges: readonly OffsetRange[], { offset, room }: EncodeOptions): Encoded {
  const runs: string[] = [];
  let length = -1; // no comma before the first
  let after = offset;
  for (const { first, last } of ranges) {
    const run = `${(first - after).toString(RADIX)}.${(last - first + 1).toString(RADIX)}`;
    length += 1 + run.length;
    if (length > room) break;
    runs.push(run);
    after = last + 1;
  }
  return { text: runs.join(","), count: runs.length };
}

/** A bit for each offset from the committed one on, the highest bit of a byte first. */
function encodeBits(ranges: readonly OffsetRange[], { offset, room }: EncodeOptions): Encoded {
  const offsetsMax = Math.floor(room * BITS_A_CHARACTER / 8) * 8;
  const tooFar = ranges.findIndex(({ last }) => last - offset >= offsetsMax);
  const fitting = tooFar < 0 ? ranges : ranges.slice(0, tooFar);
  const length = (fitting.at(-1)?.last ?? offset - 1) - offset + 1;
  const bytes = Buffer.alloc(Math.ceil(length / 8));
  for (const { first, last } of fitting) {
    for (let at = first - offset; at <= last - offset; at += 1) {
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (0x80 >> (at & 7));
    }
  }
  return { text: bytes.toString("base64url"), count: fitting.length };
}

/** Null where there is none. Damaged: nothing is known to be done. */
function parseRuns(text: string, offset: number): readonly OffsetRange[] | null {
  if (text === "") return null;
  const ranges: OffsetRange[] = [];
  let after = offset;
  for (const run of text.split(",")) {
    if (!/^[0-9a-z]{1,11}\.[0-9a-z]{1,11}$/.test(run)) return [];
    const [gap = NaN, length = NaN] = run.split(".").map((digits) => parseInt(digits, RADIX));
    const first = after + gap;
    const last = first + length - 1;
    if (!Number.isSafeInteger(last) || last < first) return [];
    ranges.push({ first, last });
    after = last + 1;
  }
  return ranges;
}

function parseBits(text: string, offset: number): readonly OffsetRange[] {
  if (!/^[\w-]{1,4000}$/.test(text)) return [];
  const bytes = Buffer.from(text, "base64url");
  const ranges: { first: number; last: number }[] = [];
  for (let at = 0; at < bytes.length * 8; at += 1) {
    if (((bytes[at >> 3] ?? 0) & (0x80 >> (at & 7))) === 0) continue;
    const open = ranges.at(-1);
    if (open?.last === offset + at - 1) open.last += 1;
    else ranges.push({ first: offset + at, last: offset + at });
  }
  return ranges;
}
