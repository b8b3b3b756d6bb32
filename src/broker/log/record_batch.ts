/**
 * The head of a record batch (magic 2), which is all that a broker reads of it. Base offset and leader epoch are
 * written over at append; the checksum starts after them and stays valid.
 */
import { Buffer } from "node:buffer";
import { ERROR } from "../error_codes.ts";
import { crc32c } from "./crc32c.ts";

const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;
const RECORD_COUNT_AT = 57;
/** Bytes of the head; records follow. */
export const BATCH_HEAD_BYTES = 61;
/** What the length field does not count: base offset and the length itself. */
const LENGTH_OVERHEAD_BYTES = 12;

const MAGIC = 2;
const CODEC_MASK = 0x07;
const ZSTD = 4;
const TRANSACTIONAL_BIT = 0x10;
const CONTROL_BIT = 0x20;

/** The fields of the head. */
export interface BatchHead {
  readonly leaderEpoch: number;
  /** Number of the compression codec; 0 for none. */
  readonly codec: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** -1 without idempotence. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/**
 * Reads the head.
 *
 * @throws RangeError when the bytes are not one whole record batch
 */
export function readBatchHead(bytes: Uint8Array): BatchHead {
  const view = bufferOf(bytes);
  if (bytes.length < BATCH_HEAD_BYTES || !holdsOneBatch(bytes)) {
    throw new RangeError(`Append one whole record batch: got ${bytes.length} bytes`);
  }
  const attributes = view.readInt16BE(ATTRIBUTES_AT);
  return {
    leaderEpoch: view.readInt32BE(LEADER_EPOCH_AT),
    codec: attributes & CODEC_MASK,
    isTransactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    isControl: (attributes & CONTROL_BIT) !== 0,
    lastOffsetDelta: view.readInt32BE(LAST_OFFSET_DELTA_AT),
    baseTimestamp: Number(view.readBigInt64BE(BASE_TIMESTAMP_AT)),
    maxTimestamp: Number(view.readBigInt64BE(MAX_TIMESTAMP_AT)),
    producerId: Number(view.readBigInt64BE(PRODUCER_ID_AT)),
    producerEpoch: view.readInt16BE(PRODUCER_EPOCH_AT),
    baseSequence: view.readInt32BE(BASE_SEQUENCE_AT),
    recordCount: view.readInt32BE(RECORD_COUNT_AT),
  };
}

/** What a broker finds wrong with a producer's batch; NONE when nothing. */
export function checkProducedBatch(
  bytes: Uint8Array | null,
  limits: { readonly maxMessageBytes: number; readonly produceVersion: number },
): number {
  if (bytes === null || bytes.length < BATCH_HEAD_BYTES) return ERROR.INVALID_RECORD;
  const view = bufferOf(bytes);
  if (view.readInt8(MAGIC_AT) !== MAGIC || !holdsOneBatch(bytes)) return ERROR.INVALID_RECORD;
  if (bytes.length > limits.maxMessageBytes) return ERROR.MESSAGE_TOO_LARGE;
  if (view.readUInt32BE(CRC_AT) !== crc32c(bytes.subarray(ATTRIBUTES_AT))) {
    return ERROR.CORRUPT_MESSAGE;
  }
  const head = readBatchHead(bytes);
  if (head.codec > ZSTD || (head.codec === ZSTD && limits.produceVersion < 7)) {
    return ERROR.UNSUPPORTED_COMPRESSION_TYPE;
  }
  const isCounted = head.recordCount > 0 && head.lastOffsetDelta === head.recordCount - 1;
  return isCounted && !head.isControl ? ERROR.NONE : ERROR.INVALID_RECORD;
}

/** Writes into the batch what its log knows of it: its place and its epoch. */
export function placeBatch(
  bytes: Uint8Array,
  place: { readonly baseOffset: number; readonly leaderEpoch: number },
): void {
  const view = bufferOf(bytes);
  view.writeBigInt64BE(BigInt(place.baseOffset), 0);
  view.writeInt32BE(place.leaderEpoch, LEADER_EPOCH_AT);
}

/** The first record of an uncompressed batch that is not older; null when all are. */
export function firstRecordSince(
  bytes: Uint8Array,
  timestamp: number,
): { readonly offsetDelta: number; readonly timestamp: number } | null {
  const { baseTimestamp, recordCount } = readBatchHead(bytes);
  let at = BATCH_HEAD_BYTES;
  for (let i = 0; i < recordCount; i++) {
    const length = readVarint(bytes, at);
    const timestampDelta = readVarint(bytes, length.end + 1);
    const recordTimestamp = baseTimestamp + timestampDelta.value;
    if (recordTimestamp >= timestamp) {
      const offsetDelta = readVarint(bytes, timestampDelta.end).value;
      return { offsetDelta, timestamp: recordTimestamp };
    }
    at = length.end + length.value;
  }
  return null;
}

/** Of a control batch, whether it ends its transaction by a commit. */
export function isCommitMarker(bytes: Uint8Array): boolean {
  // Length, attributes, two deltas and the key's length are one byte each in a marker; then version and type.
  const typeAt = BATCH_HEAD_BYTES + 5 + 2;
  return bytes.length >= typeAt + 2 && bufferOf(bytes).readInt16BE(typeAt) === 1;
}

function holdsOneBatch(bytes: Uint8Array): boolean {
  return bufferOf(bytes).readInt32BE(LENGTH_AT) + LENGTH_OVERHEAD_BYTES === bytes.length;
}

/** A zigzag varint, and where what follows it starts. */
function readVarint(bytes: Uint8Array, from: number): { value: number; end: number } {
  let unsigned = 0;
  let factor = 1;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    unsigned += (byte & 0x7f) * factor;
    if (byte < 0x80) {
      const value = unsigned % 2 === 0 ? unsigned / 2 : -(unsigned + 1) / 2;
      return { value, end: at + 1 };
    }
    factor *= 128;
  }
  throw new RangeError("Cannot read a record: its batch ends before it");
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
