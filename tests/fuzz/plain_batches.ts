/**
 * Record batches read in the plainest way, for comparison: one pass, BigInt throughout, from the format's description
 * (kafka.apache.org/documentation/#recordbatch) and not from the service's own reader.
 */
import type { Buffer } from "node:buffer";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { plainLz4, plainSnappy } from "./plain_codecs.ts";

export interface PlainMessage {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

export interface PlainResult {
  readonly messages: readonly PlainMessage[];
  readonly next: number;
  /** `ok` to the end, `rest` when the last batch is not all there or a limit was reached, `bad` at one that is unreadable. */
  readonly end: "ok" | "rest" | "bad";
}

export interface PlainOptions {
  readonly from: number;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[];
  readonly maxDecompressedBytes: number;
  readonly stopAfterBytes: number;
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

export function plainBatches(log: Buffer, options: PlainOptions): PlainResult {
  const messages: PlainMessage[] = [];
  let next = options.from;
  let taken = 0;
  let at = 0;
  const cap = Math.min(options.maxDecompressedBytes, options.stopAfterBytes);
  const open = new Set<bigint>();
  const begun = new Set<number>();
  while (at < log.length) {
    if (taken >= cap) return { messages, next, end: "rest" };
    const length = log.length - at < 12 ? Infinity : Math.max(0, log.readInt32BE(at + 8));
    if (at + 12 + length > log.length) return { messages, next, end: at === 0 ? "bad" : "rest" };
    const batch = log.subarray(at, at + 12 + length);
    at += batch.length;
    if (
      batch.length < 61 || batch[16] !== 2 ||
      plainCrc(batch.subarray(21)) !== batch.readUInt32BE(17)
    ) {
      return { messages, next, end: "bad" };
    }
    const base = batch.readBigInt64BE(0);
    const last = base + BigInt(batch.readInt32BE(23));
    const count = batch.readInt32BE(57);
    if (base < 0n || last < base || last > SAFE || count < 0) return { messages, next, end: "bad" };
    const attributes = batch.readInt16BE(21);
    const producer = batch.readBigInt64BE(43);
    options.aborted.forEach(({ producerId, firstOffset }, i) => {
      if (begun.has(i) || BigInt(firstOffset) > last) return;
      begun.add(i);
      open.add(producerId);
    });
    const isControl = (attributes & 32) !== 0;
    const isHidden = isControl || ((attributes & 16) !== 0 && open.has(producer));
    if (isControl) open.delete(producer);
    if (last < BigInt(next)) continue;
    if (!isHidden && count > 0) {
      const records = unpack(batch.subarray(61), attributes & 7, options.maxDecompressedBytes);
      const read = records === null ? null : readRecords(records, batch);
      if (records === null || read === null) return { messages, next, end: "bad" };
      messages.push(...read.filter(({ offset }) => offset >= next));
      taken += records.length;
    }
    next = Number(last) + 1;
  }
  return { messages, next, end: "ok" };
}

function unpack(payload: Buffer, codec: number, maxBytes: number): Buffer | null {
  try {
    const output = codec === 0
      ? payload
      : codec === 1
      ? gunzipSync(payload)
      : codec === 2
      ? plainSnappy(payload, maxBytes)
      : codec === 3
      ? plainLz4(payload, maxBytes)
      : codec === 4
      ? zstdDecompressSync(payload)
      : null;
    return output === null || output.length > maxBytes ? null : output;
  } catch {
    return null;
  }
}

/** Null when one of them cannot be read. */
function readRecords(records: Buffer, batch: Buffer): PlainMessage[] | null {
  const base = batch.readBigInt64BE(0);
  const last = base + BigInt(batch.readInt32BE(23));
  const baseTimestamp = batch.readBigInt64BE(27);
  const appended = (batch.readInt16BE(21) & 8) !== 0 ? batch.readBigInt64BE(35) : null;
  const messages: PlainMessage[] = [];
  let previous = base - 1n;
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let i = 0n; i < 10n; i++) {
      const byte = records[at++];
      if (byte === undefined) throw new RangeError("cut off");
      value |= BigInt(byte & 127) << (7n * i);
      if (byte < 128) return value % 2n === 0n ? value / 2n : -(value + 1n) / 2n;
    }
    throw new RangeError("too long");
  };
  const take = (size: bigint): Buffer => {
    if (size < 0n || size > BigInt(records.length - at)) throw new RangeError("cut off");
    at += Number(size);
    return records.subarray(at - Number(size), at);
  };
  const bytes = (): Buffer | null => {
    const size = varint();
    return size < 0n ? null : take(size);
  };
  try {
    for (let i = batch.readInt32BE(57); i > 0; i--) {
      const size = varint();
      const end = BigInt(at) + size;
      at += 1;
      const timestamp = appended ?? baseTimestamp + varint();
      if (appended !== null) varint();
      const offset = base + varint();
      const key = bytes()?.toString("hex") ?? null;
      const value = bytes()?.toString("hex") ?? null;
      const headers: [string, string | null][] = [];
      const many = varint();
      if (many < 0n) return null;
      for (let left = many; left > 0n; left--) {
        const name = take(varint()).toString("utf8");
        headers.push([name, bytes()?.toString("hex") ?? null]);
      }
      if (BigInt(at) !== end || offset <= previous || offset > last) return null;
      previous = offset;
      messages.push({ offset: Number(offset), timestamp: Number(timestamp), key, value, headers });
    }
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  return at === records.length ? messages : null;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

function plainCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
