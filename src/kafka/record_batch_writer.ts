/**
 * Records into one record batch of format version 2. Own, because kafkajs keeps headers in an object: it loses the
 * order of equal names and throws on a null value (protocol/recordBatch/header), both of which a dead letter must
 * carry as received.
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import snappyCodec from "kafkajs-snappy";
import type { Header } from "../processing/message.ts";
import { crc32c } from "./crc32c.ts";

export interface NewRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export type WriteCodec = "none" | "gzip" | "snappy";

const CODEC_BITS: Readonly<Record<WriteCodec, number>> = { none: 0, gzip: 1, snappy: 2 };
const BATCH_HEADER_BYTES = 61;
/** Base offset and length, which the length does not count. */
const LOG_OVERHEAD_BYTES = 12;
const CRC_COVERS_FROM = 21;

const snappy = snappyCodec() as {
  compress(encoder: { readonly buffer: Buffer }): Promise<Uint8Array>;
};

/** A batch of at least one record, for Produce: base offset and leader epoch are the broker's to fill in. */
export async function writeRecordBatch(
  records: readonly [NewRecord, ...NewRecord[]],
  codec: WriteCodec,
): Promise<Buffer> {
  const first = records[0].timestamp;
  const last = records.reduce((latest, { timestamp }) => Math.max(latest, timestamp), first);
  const plain = Buffer.concat(records.map((each, i) => encodeRecord(each, { index: i, first })));
  const packed = await compress(plain, codec);
  const batch = Buffer.alloc(BATCH_HEADER_BYTES + packed.length);
  batch.writeInt32BE(batch.length - LOG_OVERHEAD_BYTES, 8);
  batch.writeInt32BE(-1, 12); // leader epoch
  batch.writeInt8(2, 16); // format version
  batch.writeInt16BE(CODEC_BITS[codec], 21);
  batch.writeInt32BE(records.length - 1, 23); // last offset delta
  batch.writeBigInt64BE(BigInt(first), 27);
  batch.writeBigInt64BE(BigInt(last), 35);
  batch.writeBigInt64BE(-1n, 43); // no producer id, epoch or sequence
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  batch.writeInt32BE(records.length, 57);
  batch.set(packed, BATCH_HEADER_BYTES);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_COVERS_FROM)), 17);
  return batch;
}

async function compress(plain: Buffer, codec: WriteCodec): Promise<Uint8Array> {
  switch (codec) {
    case "none":
      return plain;
    case "gzip":
      return gzipSync(plain);
    case "snappy":
      return await snappy.compress({ buffer: plain });
  }
}

function encodeRecord(
  { key, value, headers, timestamp }: NewRecord,
  { index, first }: { readonly index: number; readonly first: number },
): Buffer {
  const parts: Uint8Array[] = [Buffer.from([0]), varint(timestamp - first), varint(index)];
  pushBytes(parts, key);
  pushBytes(parts, value);
  parts.push(varint(headers.length));
  for (const [name, headerValue] of headers) {
    pushBytes(parts, Buffer.from(name, "utf8"));
    pushBytes(parts, headerValue);
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(body.length), body]);
}

function pushBytes(parts: Uint8Array[], bytes: Uint8Array | null): void {
  parts.push(varint(bytes?.length ?? -1));
  if (bytes !== null) parts.push(bytes);
}

/** Zigzag varint of a safe integer. */
function varint(value: number): Buffer {
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  const bytes: number[] = [];
  while (left > 0x7f) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}
