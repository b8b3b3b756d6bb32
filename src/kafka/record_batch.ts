/**
 * The record bytes of one partition, as Fetch answers them, into messages: batches of format version 2, CRC checked,
 * decompressed, aborted transactions and control records left out. What cannot be read stops the decoding there and is
 * named; what came before it is kept, so that the caller decides. Keys and values are views on the (decompressed)
 * batch: they keep it in memory for as long as the window holds them.
 */
import { Buffer } from "node:buffer";
import type { Header, Message } from "../processing/message.ts";
import { CodecError, decompress } from "./codecs.ts";
import { crc32c } from "./crc32c.ts";

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface DecodeOptions {
  readonly topic: string;
  readonly partition: number;
  /** Records below are left out: a batch is always sent whole. */
  readonly from: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Cap on the decompressed size of one batch. */
  readonly maxDecompressedBytes: number;
}

/** A batch that cannot be read, and why. */
export interface UnreadableBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly code:
    | CodecError["code"]
    | "crc_mismatch"
    | "malformed_records"
    | "unsupported_magic";
  readonly message: string;
}

export interface DecodedBatches {
  readonly messages: readonly Message[];
  /** One past the last batch that was read; `from` when there was none. */
  readonly next: number;
  /** Of the last batch that was read; -1 when there was none. */
  readonly leaderEpoch: number;
  readonly unreadable: UnreadableBatch | null;
}

/** Base offset and length stand before what the length counts. */
const LOG_OVERHEAD_BYTES = 12;
const BATCH_HEADER_BYTES = 61;
const CRC_COVERS_FROM = 21;
const MAGIC = 2;
const TWO_TO_THE_32 = 4_294_967_296;
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
  const messages: Message[] = [];
  const aborts = new AbortFilter(options.aborted);
  let next = options.from;
  let leaderEpoch = -1;
  let at = 0;
  while (at + LOG_OVERHEAD_BYTES + 5 <= log.length) {
    const end = at + LOG_OVERHEAD_BYTES + log.readInt32BE(at + 8);
    if (end > log.length && end > at) break;
    const header = readHeader(log.subarray(at, Math.max(end, at)));
    if ("code" in header) return { messages, next, leaderEpoch, unreadable: header };
    if (header.lastOffset >= options.from && !aborts.hides(header)) {
      const problem = await readBatch(header, { options, messages });
      if (problem !== null) return { messages, next, leaderEpoch, unreadable: problem };
    }
    if (header.lastOffset >= next) {
      next = header.lastOffset + 1;
      leaderEpoch = header.leaderEpoch;
    }
    at = end;
  }
  return { messages, next, leaderEpoch, unreadable: null };
}

interface BatchHeader {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: bigint;
  readonly count: number;
  readonly records: Buffer;
}

function readHeader(batch: Buffer): BatchHeader | UnreadableBatch {
  const baseOffset = batch.length >= 8 ? readInt64(batch, 0) : -1;
  const unreadable = (code: UnreadableBatch["code"], message: string, lastOffset = baseOffset) => ({
    baseOffset,
    lastOffset,
    code,
    message,
  });
  const magic = batch[16];
  if (magic !== MAGIC) {
    return unreadable(
      "unsupported_magic",
      `Convert the topic, its batches are of format: ${magic}`,
    );
  }
  if (batch.length < BATCH_HEADER_BYTES) {
    return unreadable(
      "malformed_records",
      `Batch is shorter than its header: ${batch.length} bytes`,
    );
  }
  const lastOffset = baseOffset + batch.readInt32BE(23);
  if (!Number.isSafeInteger(baseOffset) || baseOffset < 0 || lastOffset < baseOffset) {
    return unreadable("malformed_records", `Batch has impossible offsets: ${baseOffset}`);
  }
  const crc = crc32c(batch.subarray(CRC_COVERS_FROM));
  const expected = batch.readUInt32BE(17);
  if (crc !== expected) {
    const text = `Batch is damaged, its CRC32C is ${crc} where it says: ${expected}`;
    return unreadable("crc_mismatch", text, lastOffset);
  }
  return {
    baseOffset,
    lastOffset,
    leaderEpoch: batch.readInt32BE(12),
    attributes: batch.readInt16BE(21),
    baseTimestamp: readInt64(batch, 27),
    maxTimestamp: readInt64(batch, 35),
    producerId: batch.readBigInt64BE(43),
    count: batch.readInt32BE(57),
    records: batch.subarray(BATCH_HEADER_BYTES),
  };
}

/** Adds the batch's messages; on trouble adds none of them and says what it is. */
async function readBatch(
  header: BatchHeader,
  { options, messages }: { options: DecodeOptions; messages: Message[] },
): Promise<UnreadableBatch | null> {
  const { baseOffset, lastOffset } = header;
  const keep = messages.length;
  try {
    const codec = header.attributes & CODEC_BITS;
    const plain = await decompress(codec, header.records, options.maxDecompressedBytes);
    readRecords(plain, { header, options, messages });
    return null;
  } catch (error) {
    messages.length = keep;
    const { message } = error as Error;
    const code = error instanceof CodecError ? error.code : "malformed_records";
    return { baseOffset, lastOffset, code, message };
  }
}

function readRecords(
  plain: Uint8Array,
  { header, options, messages }: {
    header: BatchHeader;
    options: DecodeOptions;
    messages: Message[];
  },
): void {
  const { topic, partition, from } = options;
  const { baseOffset, lastOffset, leaderEpoch, count } = header;
  const appendTime = (header.attributes & LOG_APPEND_TIME) !== 0;
  const reader = new RecordReader(plain);
  for (let i = 0; i < count; i++) {
    const size = reader.varint();
    const end = reader.at + size;
    if (size < 0 || end > plain.length) throw new Error(`Record ${i} of ${count} is cut off`);
    reader.skip(1); // attributes, unused
    const timestamp = header.baseTimestamp + reader.varint();
    const offset = baseOffset + reader.varint();
    const key = reader.bytes();
    const value = reader.bytes();
    const headers = reader.headers();
    if (reader.at !== end || offset > lastOffset || offset < baseOffset) {
      throw new Error(`Record ${i} of ${count} does not fit its size or its batch`);
    }
    if (offset < from) continue;
    messages.push({
      topic,
      partition,
      offset,
      timestamp: appendTime ? header.maxTimestamp : timestamp,
      key,
      value,
      headers,
      leaderEpoch,
    });
  }
}

const NO_HEADERS: readonly Header[] = [];
/** More than a record of any size could hold is damage, not a list to allocate. */
const MIN_HEADER_BYTES = 2;

class RecordReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** Zigzag varint of up to 64 bits, as a number. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw new Error("Records are cut off");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 128;
    }
    throw new Error("Records hold a number that is too long");
  }

  bytes(): Uint8Array | null {
    const size = this.varint();
    if (size < 0) return null;
    const start = this.at;
    this.at += size;
    if (this.at > this.#bytes.length) throw new Error("Records are cut off");
    return this.#bytes.subarray(start, this.at);
  }

  headers(): readonly Header[] {
    const count = this.varint();
    if (count === 0) return NO_HEADERS;
    if (count < 0 || count * MIN_HEADER_BYTES > this.#bytes.length - this.at) {
      throw new Error(`Record has an impossible number of headers: ${count}`);
    }
    const headers: Header[] = [];
    for (let i = 0; i < count; i++) {
      const name = this.bytes();
      if (name === null) throw new Error("Record has a header without a name");
      headers.push([Buffer.from(name).toString("utf8"), this.bytes()]);
    }
    return headers;
  }
}

/** Which batches belong to transactions that were aborted (read_committed), in order of offset. */
class AbortFilter {
  readonly #upcoming: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#upcoming = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  hides({ attributes, producerId, lastOffset }: BatchHeader): boolean {
    for (let first = this.#upcoming.at(-1); first !== undefined; first = this.#upcoming.at(-1)) {
      if (first.firstOffset > lastOffset) break;
      this.#open.add(first.producerId);
      this.#upcoming.pop();
    }
    if (attributes & CONTROL) {
      this.#open.delete(producerId); // a control batch ends its producer's transaction
      return true;
    }
    return (attributes & TRANSACTIONAL) !== 0 && this.#open.has(producerId);
  }
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_TO_THE_32 + bytes.readUInt32BE(at + 4);
}
