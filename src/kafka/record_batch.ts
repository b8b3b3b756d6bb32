/**
 * The record bytes of one partition, as Fetch answers them, into messages: batches of format version 2, CRC checked,
 * decompressed, with aborted transactions and control records left out. A batch comes whole or not at all: what cannot
 * be read stops the decoding there and is named, what came before it is kept, and the caller decides.
 * Keys and values are views on the decompressed batch, or on the fetched bytes where nothing is compressed, and keep
 * these in memory for as long as one of them is held: copy what is to outlive the window.
 */
import { Buffer } from "node:buffer";
import type { Message } from "../processing/message.ts";
import { CodecError } from "./codec_error.ts";
import { type Decompress, decompress } from "./codecs.ts";
import { crc32c } from "./crc32c.ts";
import { MalformedRecordsError, RecordReader } from "./record_reader.ts";

/** A transaction whose records must not be delivered. It ends at the next control batch of its producer. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface DecodeOptions {
  readonly topic: string;
  readonly partition: number;
  /** Records below are left out: a batch is always sent whole. */
  readonly from: number;
  /** As the answer lists them for this partition. */
  readonly aborted: readonly AbortedTransaction[];
  /** Cap on the decompressed size of one batch. Of all batches together, less than twice of it: the rest waits. */
  readonly maxDecompressedBytes: number;
  /** With so many bytes of records taken the rest waits for the next fetch; one batch comes in any case. */
  readonly stopAfterBytes?: number;
  /** Another way to decompress that answers the same. */
  readonly decompress?: Decompress;
}

/** A batch that cannot be read, and why. */
export interface UnreadableBatch {
  /** -1 when not even that is there. */
  readonly baseOffset: number;
  /** As its header says, which may be as wrong as the rest of it; else the base offset. */
  readonly lastOffset: number;
  /**
   * `cut_off`: the very first batch is longer than the bytes. A broker sends the first one whole, so either its length
   * is damaged or the broker cuts it. Nothing says that its records are lost: ask again, never skip it.
   */
  readonly code:
    | CodecError["code"]
    | "crc_mismatch"
    | "malformed_records"
    | "unsupported_magic"
    | "cut_off";
  /** For people. */
  readonly message: string;
}

export interface DecodedBatches {
  /** Ascending offsets, each >= `from`. */
  readonly messages: readonly Message[];
  /** One past the last batch that was read, control batches and empty ones included; `from` when there was none. */
  readonly next: number;
  /** Of the last batch that was read; -1 when there was none. */
  readonly leaderEpoch: number;
  /** The batch at which the decoding stopped; null when there is none. */
  readonly unreadable: UnreadableBatch | null;
}

/** Base offset and length stand before what the length counts. */
const LOG_OVERHEAD_BYTES = 12;
const BATCH_HEADER_BYTES = 61;
const MAGIC = 2;
const CRC_COVERS_FROM = 21;
const TWO_TO_THE_32 = 4_294_967_296;
/** Attributes. */
const CODEC_BITS = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** Decodes every whole batch; a cut-off one at the end is normal and left for the next fetch. Never throws for what is in the bytes. */
export async function decodeRecordBatches(
  bytes: Uint8Array,
  options: DecodeOptions,
): Promise<DecodedBatches> {
  const log = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const aborts = new AbortFilter(options.aborted);
  const messages: Message[] = [];
  let next = options.from;
  let leaderEpoch = -1;
  const stopAfterBytes = Math.min(options.maxDecompressedBytes, options.stopAfterBytes ?? Infinity);
  let takenBytes = 0;
  for (let at = 0; at < log.length && takenBytes < stopAfterBytes;) {
    const end = at + batchSize(log, at);
    if (end > log.length) {
      const unreadable = at === 0 ? cutOff(log) : null;
      return { messages, next, leaderEpoch, unreadable };
    }
    const batch = readBatch(log.subarray(at, end));
    if ("code" in batch) return { messages, next, leaderEpoch, unreadable: batch };
    const isHidden = aborts.hides(batch);
    if (batch.lastOffset >= next) {
      if (!isHidden && batch.count > 0) {
        const added = await addMessages(batch, { messages, options, from: next });
        if (typeof added !== "number") return { messages, next, leaderEpoch, unreadable: added };
        takenBytes += added;
      }
      next = batch.lastOffset + 1;
      leaderEpoch = batch.leaderEpoch;
    }
    at = end;
  }
  return { messages, next, leaderEpoch, unreadable: null };
}

/** Infinity when the bytes end before they say it. */
export function batchSize(log: Buffer, at: number): number {
  if (log.length - at < LOG_OVERHEAD_BYTES) return Infinity;
  return LOG_OVERHEAD_BYTES + Math.max(0, log.readInt32BE(at + 8));
}

function cutOff(log: Buffer): UnreadableBatch {
  const message = `Raise MAX_PARTITION_FETCH_BYTES or check the broker's log, ` +
    `the first batch is longer than what came of it: ${log.length} bytes`;
  return { ...offsetsOf(log), code: "cut_off", message };
}

/** As far as they can be told from the beginning of a batch. */
export function offsetsOf(batch: Buffer): { baseOffset: number; lastOffset: number } {
  const baseOffset = batch.length < 8 ? -1 : readInt64(batch, 0);
  const isKnown = batch.length >= 27 && batch[16] === MAGIC;
  const lastOffset = isKnown ? baseOffset + Math.max(0, batch.readInt32BE(23)) : baseOffset;
  return { baseOffset, lastOffset };
}

/** The header of a batch whose CRC is right. */
interface Batch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** Of its records; compaction may have removed some, or all. */
  readonly count: number;
  readonly bytes: Buffer;
}

/** Looks at one whole batch, its records left packed. */
export function readBatch(bytes: Buffer): Batch | UnreadableBatch {
  const { baseOffset, lastOffset } = offsetsOf(bytes);
  const unreadable = (code: UnreadableBatch["code"], message: string) => ({
    baseOffset,
    lastOffset,
    code,
    message,
  });
  const magic = bytes[16];
  if (magic !== MAGIC && magic !== undefined) {
    const text = `Upgrade the producer and convert the topic, a batch is of format: ${magic}`;
    return unreadable("unsupported_magic", text);
  }
  if (bytes.length < BATCH_HEADER_BYTES) {
    const text =
      `Check the broker's log, a batch is shorter than its header: ${bytes.length} bytes`;
    return unreadable("malformed_records", text);
  }
  const crc = crc32c(bytes.subarray(CRC_COVERS_FROM));
  const expected = bytes.readUInt32BE(17);
  if (crc !== expected) {
    const text = `Check the broker's disk, the CRC32C of a batch is not ${expected} but: ${crc}`;
    return unreadable("crc_mismatch", text);
  }
  const count = bytes.readInt32BE(57);
  const isOrdered = baseOffset >= 0 && bytes.readInt32BE(23) >= 0;
  if (!isOrdered || !Number.isSafeInteger(lastOffset) || count < 0) {
    const text = `Check the producer, a batch has impossible offsets or count: ${baseOffset}`;
    return unreadable("malformed_records", text);
  }
  return {
    baseOffset,
    lastOffset,
    leaderEpoch: bytes.readInt32BE(12),
    attributes: bytes.readInt16BE(21),
    baseTimestamp: readInt64(bytes, 27),
    maxTimestamp: readInt64(bytes, 35),
    count,
    bytes,
  };
}

interface Target {
  readonly messages: Message[];
  readonly options: DecodeOptions;
  /** Records below are left out. */
  readonly from: number;
}

/** Adds all messages of the batch, or none. Answers how many bytes its records have, or what is wrong. */
async function addMessages(batch: Batch, target: Target): Promise<number | UnreadableBatch> {
  const { messages, options } = target;
  const kept = messages.length;
  const codec = batch.attributes & CODEC_BITS;
  const { buffer, byteOffset, length } = batch.bytes;
  const payload = new Uint8Array(
    buffer,
    byteOffset + BATCH_HEADER_BYTES,
    length - BATCH_HEADER_BYTES,
  );
  try {
    const unpack = options.decompress ?? decompress;
    const records = await unpack(codec, payload, options.maxDecompressedBytes);
    readRecords(records, { batch, ...target });
    return records.length;
  } catch (error) {
    messages.length = kept;
    const { baseOffset, lastOffset } = batch;
    if (error instanceof CodecError) {
      return { baseOffset, lastOffset, code: error.code, message: error.message };
    }
    if (!(error instanceof MalformedRecordsError)) throw error;
    const message = `Check the producer, its records cannot be read: ${error.message}`;
    return { baseOffset, lastOffset, code: "malformed_records", message };
  }
}

function readRecords(
  records: Uint8Array,
  { batch, messages, options, from }: Target & { readonly batch: Batch },
): void {
  const { topic, partition } = options;
  const { baseOffset, lastOffset, leaderEpoch, count, baseTimestamp, maxTimestamp } = batch;
  const hasAppendTime = (batch.attributes & LOG_APPEND_TIME) !== 0;
  const reader = new RecordReader(records);
  let previous = baseOffset - 1;
  for (let i = 0; i < count; i++) {
    const size = reader.varint();
    const end = reader.at + size;
    reader.skip(1); // attributes, of which there are none
    const timestamp = baseTimestamp + reader.varint();
    const offset = baseOffset + reader.varint();
    const key = reader.bytes();
    const value = reader.bytes();
    const headers = reader.headers();
    if (reader.at !== end) {
      throw new MalformedRecordsError(`record ${i} of ${count} is not of its size ${size}`);
    }
    if (offset <= previous || offset > lastOffset) {
      throw new MalformedRecordsError(
        `record ${i} of ${count} has the impossible offset ${offset}`,
      );
    }
    previous = offset;
    if (offset < from) continue;
    messages.push({
      topic,
      partition,
      offset,
      timestamp: hasAppendTime ? maxTimestamp : timestamp,
      key,
      value,
      headers,
      leaderEpoch,
    });
  }
  if (reader.left > 0) {
    throw new MalformedRecordsError(
      `${reader.left} bytes follow the last of ${count}`,
    );
  }
}

/**
 * Which batches belong to transactions that were aborted. A transaction is open from its first offset to the next
 * control batch of its producer, whatever that says: compaction may have emptied it.
 */
class AbortFilter {
  /** Those that begin later, the first one last. */
  readonly #upcoming: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#upcoming = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  /** To be asked for every batch, in order. Control batches are always hidden. */
  hides({ attributes, lastOffset, bytes }: Batch): boolean {
    for (let first = this.#upcoming.at(-1); first !== undefined; first = this.#upcoming.at(-1)) {
      if (first.firstOffset > lastOffset) break;
      this.#open.add(first.producerId);
      this.#upcoming.pop();
    }
    const isControl = (attributes & CONTROL) !== 0;
    if (this.#open.size === 0) return isControl;
    const producerId = bytes.readBigInt64BE(43);
    if (isControl) this.#open.delete(producerId);
    return isControl || ((attributes & TRANSACTIONAL) !== 0 && this.#open.has(producerId));
  }
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_TO_THE_32 + bytes.readUInt32BE(at + 4);
}
