/**
 * Record batches for tests, right ones and wrong ones: every codec, headers, transactions, control records, and
 * headers that lie. Written apart from the service's own writer, so that one does not vouch for the other.
 */
import { Buffer } from "node:buffer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import snappyCodec from "kafkajs-snappy";
import lz4 from "lz4js";
import { crc32c } from "../../src/kafka/crc32c.ts";

/** `xerial` is snappy in the frames of the Java client. */
export type BatchCodec = "none" | "gzip" | "snappy" | "xerial" | "lz4" | "zstd";

export const BATCH_CODECS: readonly BatchCodec[] = [
  "none",
  "gzip",
  "snappy",
  "xerial",
  "lz4",
  "zstd",
];

const CODEC_BITS: Readonly<Record<BatchCodec, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  xerial: 2,
  lz4: 3,
  zstd: 4,
};
const XERIAL_BLOCK_BYTES = 32 << 10;

export interface TestRecord {
  readonly key?: Uint8Array | string | null;
  readonly value?: Uint8Array | string | null;
  readonly headers?: readonly (readonly [name: string, value: string | null])[];
  /** To the batch's base offset; by default its place in the list. */
  readonly offsetDelta?: number;
  /** To the batch's base timestamp; 0 by default. */
  readonly timestampDelta?: number;
}

/** A batch. What is left out is as a good producer and broker would have it. */
export interface TestBatch {
  readonly baseOffset?: number;
  readonly records?: readonly TestRecord[];
  readonly codec?: BatchCodec;
  readonly leaderEpoch?: number;
  readonly baseTimestamp?: number;
  readonly maxTimestamp?: number;
  readonly hasAppendTime?: boolean;
  readonly producerId?: bigint;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** Of the last record, or of the last one before compaction. */
  readonly lastOffsetDelta?: number;
  /** How many records it claims to hold. */
  readonly count?: number;
  readonly magic?: number;
  /** The three bits of the attributes, whatever the records are in. */
  readonly codecBits?: number;
  /** Instead of the records, as they are to stand in the batch. */
  readonly payload?: Uint8Array;
  readonly hasWrongCrc?: boolean;
}

/** Encodes one batch. */
export async function encodeBatch(batch: TestBatch): Promise<Buffer> {
  const { records = [], codec = "none", baseTimestamp = 0 } = batch;
  const plain = Buffer.concat(records.map(encodeRecord));
  const payload = batch.payload ?? await compress(plain, codec);
  const bytes = Buffer.alloc(61 + payload.length);
  bytes.writeBigInt64BE(BigInt(batch.baseOffset ?? 0), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(batch.leaderEpoch ?? 0, 12);
  bytes.writeInt8(batch.magic ?? 2, 16);
  bytes.writeInt16BE(attributes(batch), 21);
  bytes.writeInt32BE(batch.lastOffsetDelta ?? lastDelta(records), 23);
  bytes.writeBigInt64BE(BigInt(baseTimestamp), 27);
  bytes.writeBigInt64BE(BigInt(batch.maxTimestamp ?? baseTimestamp), 35);
  bytes.writeBigInt64BE(batch.producerId ?? -1n, 43);
  bytes.writeInt16BE(-1, 51); // producer epoch
  bytes.writeInt32BE(-1, 53); // first sequence
  bytes.writeInt32BE(batch.count ?? records.length, 57);
  bytes.set(payload, 61);
  sealBatch(bytes);
  if (batch.hasWrongCrc) bytes.writeUInt32BE((bytes.readUInt32BE(17) ^ 1) >>> 0, 17);
  return bytes;
}

/** Encodes several batches, one after the other. Base offsets that are left out follow the batch before. */
export async function encodeBatches(batches: readonly TestBatch[]): Promise<Buffer> {
  const encoded: Buffer[] = [];
  let next = 0;
  for (const batch of batches) {
    const baseOffset = batch.baseOffset ?? next;
    encoded.push(await encodeBatch({ ...batch, baseOffset }));
    next = baseOffset + (batch.lastOffsetDelta ?? lastDelta(batch.records ?? [])) + 1;
  }
  return Buffer.concat(encoded);
}

/** The end of a producer's transaction, as the broker writes it. */
export function controlBatch(producerId: bigint, end: "commit" | "abort"): TestBatch {
  const key = Buffer.from([0, 0, 0, end === "commit" ? 1 : 0]);
  const records = [{ key, value: Buffer.alloc(6) }];
  return { producerId, isTransactional: true, isControl: true, records };
}

/** Puts the right CRC into a batch that was changed. */
export function sealBatch(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
}

/** Compresses as a producer would. */
export async function compress(plain: Buffer, codec: BatchCodec): Promise<Uint8Array> {
  switch (codec) {
    case "none":
      return plain;
    case "gzip":
      return gzipSync(plain);
    case "snappy":
      return await compressSnappy(plain);
    case "xerial":
      return await compressXerial(plain);
    case "lz4":
      return lz4.compress(plain);
    case "zstd":
      return zstdCompressSync(plain);
  }
}

function attributes({ codec = "none", ...batch }: TestBatch): number {
  return (batch.codecBits ?? CODEC_BITS[codec]) | (batch.hasAppendTime ? 0x08 : 0) |
    (batch.isTransactional ? 0x10 : 0) | (batch.isControl ? 0x20 : 0);
}

function lastDelta(records: readonly TestRecord[]): number {
  return records.at(-1)?.offsetDelta ?? Math.max(0, records.length - 1);
}

async function compressSnappy(plain: Buffer): Promise<Uint8Array> {
  const snappy = snappyCodec() as { compress(from: { buffer: Buffer }): Promise<Uint8Array> };
  return await snappy.compress({ buffer: plain });
}

async function compressXerial(plain: Buffer): Promise<Uint8Array> {
  const parts = [Buffer.from("\x82SNAPPY\0\0\0\0\x01\0\0\0\x01", "latin1")];
  for (let at = 0; at < plain.length; at += XERIAL_BLOCK_BYTES) {
    const block = await compressSnappy(plain.subarray(at, at + XERIAL_BLOCK_BYTES));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(block.length);
    parts.push(size, Buffer.from(block));
  }
  return Buffer.concat(parts);
}

function encodeRecord(record: TestRecord, index: number): Buffer {
  const { key = null, value = null, headers = [] } = record;
  const body = Buffer.concat([
    Buffer.from([0]), // attributes
    varint(record.timestampDelta ?? 0),
    varint(record.offsetDelta ?? index),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, headerValue]) => [sized(name), sized(headerValue)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function sized(bytes: Uint8Array | string | null): Buffer {
  if (bytes === null) return varint(-1);
  const buffer = typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes;
  return Buffer.concat([varint(buffer.length), buffer]);
}

/** A zigzag varint of 64 bits. */
export function varint(value: number): Buffer {
  const wide = BigInt(value);
  let left = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
  const bytes: number[] = [];
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(Number(left));
  return Buffer.from(bytes);
}
