/**
 * What we store beside each committed offset, as Kafka's free text `metadata`: a mark, then `name=value` words. Readers
 * skip words that they do not know; text by another client, or damaged, reads as nothing known. Brokers take at most
 * offset.metadata.max.bytes (4,096 by default), so the list of what is done above the offset is cut to fit: what is left
 * out is only done again.
 */
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
/** A run takes at least four characters. */
export const DONE_RANGES_MAX = MAX_LENGTH / 4;

/** @param offset the committed one, which the ranges are written relative to */
export function encodeCommitMetadata(metadata: CommitMetadata, offset: number): string {
  const words = [MARK];
  if (metadata.firstPartitions !== null) words.push(`partitions=${metadata.firstPartitions}`);
  if (metadata.topicId !== null) words.push(`topic=${metadata.topicId}`);
  const text = words.join(" ");
  const runs = encodeRuns(metadata.done, { offset, room: MAX_LENGTH - text.length });
  return runs === "" ? text : `${text} done=${runs}`;
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
    done: parseRuns(valueOf("done"), offset),
  };
}

/** Each run as `gap.length`, the gap counted from the end of the run before. */
function encodeRuns(
  ranges: readonly OffsetRange[],
  { offset, room }: { readonly offset: number; readonly room: number },
): string {
  let text = "";
  let after = offset;
  for (const { first, last } of ranges) {
    const run = `${(first - after).toString(RADIX)}.${(last - first + 1).toString(RADIX)}`;
    const longer = text === "" ? run : `${text},${run}`;
    if (longer.length > room - " done=".length) break;
    text = longer;
    after = last + 1;
  }
  return text;
}

/** Damaged: nothing is known to be done. */
function parseRuns(text: string, offset: number): readonly OffsetRange[] {
  if (text === "") return [];
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
