/**
 * Where a batch that cannot be read ends. Its own word does not count, for its header may be as damaged as the rest:
 * what stands behind it in the same answer, or the end of the log, has to say the same.
 */
import { Buffer } from "node:buffer";
import { batchSize, offsetsOf, readBatch } from "./record_batch.ts";

/** The first batch of an answer. */
export interface FrontBatch {
  /** All of its bytes, as they came: a view. */
  readonly raw: Uint8Array;
  readonly baseOffset: number;
  /** The offset behind it, by its own header. */
  readonly claimed: number;
  /** The offset behind it, when something else says so; null when nothing does. */
  readonly next: number | null;
  /** Nothing follows it in the answer. */
  readonly isLast: boolean;
}

/** Base offset, length, leader epoch and magic: what is needed to know a batch by. */
const HEAD_BYTES = 17;
const MAGIC = 2;

/**
 * Null when not even its bytes are all there.
 *
 * @param logEnds offsets at which the log may end for a reader: high watermark and last stable offset
 */
export function frontBatch(records: Uint8Array, logEnds: readonly number[]): FrontBatch | null {
  const log = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const size = batchSize(log, 0);
  if (size > log.length) return null;
  const raw = log.subarray(0, size);
  const { baseOffset, lastOffset } = offsetsOf(raw);
  const claimed = lastOffset + 1;
  const rest = log.subarray(size);
  const next = rest.length === 0
    ? (logEnds.includes(claimed) ? claimed : null)
    : nextOffset(rest, { baseOffset, claimed });
  return { raw, baseOffset, claimed, next, isLast: rest.length === 0 };
}

/** Does a sound batch begin with this offset? */
export function beginsWith(records: Uint8Array, offset: number): boolean {
  const log = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  return soundOffset(log) === offset;
}

/**
 * The offset of the batch behind. Cut off by the size of the answer it counts only when it begins where the one before
 * says that it ends; whole and with a right CRC it is believed alone, as after compaction or a damaged last offset.
 */
function nextOffset(
  rest: Buffer,
  { baseOffset, claimed }: { readonly baseOffset: number; readonly claimed: number },
): number | null {
  if (rest.length < HEAD_BYTES || rest[16] !== MAGIC) return null;
  if (offsetsOf(rest).baseOffset === claimed) return claimed;
  const sound = soundOffset(rest);
  return sound !== null && sound > baseOffset ? sound : null;
}

function soundOffset(log: Buffer): number | null {
  const size = batchSize(log, 0);
  if (size > log.length) return null;
  const batch = readBatch(log.subarray(0, size));
  return "code" in batch ? null : batch.baseOffset;
}
