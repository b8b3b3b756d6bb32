/**
 * Produce version 7 with one record for one partition, acknowledged by all in-sync replicas. The record batch is
 * encoded here: kafkajs keeps headers in an object, so it loses the order of equal names and throws on a null value
 * (protocol/recordBatch/header), both of which a dead letter must carry as received.
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { Header } from "../processing/message.ts";
import { crc32c } from "./crc32c.ts";
import { type ApiRequest, ownRequest, type Throttled } from "./protocol.ts";

export interface ProduceRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export interface ProduceAnswer extends Throttled {
  readonly errorCode: number;
  readonly offset: number;
}

const ALL_IN_SYNC_REPLICAS = -1;
const GZIP = 1;
const BATCH_HEADER_BYTES = 61;
/** Where the part of a batch begins that its CRC covers. */
const CRC_COVERS_FROM = 21;

export function produce(args: {
  readonly topic: string;
  readonly partition: number;
  readonly record: ProduceRecord;
  readonly gzip: boolean;
  /** How long the broker may wait for its replicas. */
  readonly timeoutMs: number;
}): ApiRequest<ProduceAnswer> {
  return ownRequest("Produce", 0, [7, 7], {
    encode(encoder) {
      encoder.writeString(null).writeInt16(ALL_IN_SYNC_REPLICAS).writeInt32(args.timeoutMs);
      encoder.writeInt32(1).writeString(args.topic);
      encoder.writeInt32(1).writeInt32(args.partition);
      encoder.writeBytes(encodeBatch(args.record, args.gzip));
    },
    decode(decoder) {
      const partitions = decoder.readArray(() => {
        decoder.readString(); // topic
        return decoder.readArray(() => {
          decoder.readInt32(); // partition
          const errorCode = decoder.readInt16();
          const offset = Number(decoder.readInt64().toString());
          decoder.readInt64(); // log append time
          decoder.readInt64(); // log start offset
          return { errorCode, offset };
        });
      }).flat();
      const [stored] = partitions;
      if (stored === undefined) throw new Error("Cannot read the answer to Produce: no partition");
      return { ...stored, throttleTimeMs: decoder.readInt32() };
    },
  });
}

function encodeBatch(record: ProduceRecord, gzip: boolean): Buffer {
  const plain = encodeRecord(record);
  const records = gzip ? gzipSync(plain) : plain;
  const batch = Buffer.alloc(BATCH_HEADER_BYTES + records.length);
  batch.writeInt32BE(batch.length - 12, 8); // length, after base offset and itself
  batch.writeInt32BE(-1, 12); // leader epoch, the broker's to fill in
  batch.writeInt8(2, 16); // magic
  batch.writeInt16BE(gzip ? GZIP : 0, 21);
  batch.writeBigInt64BE(BigInt(record.timestamp), 27);
  batch.writeBigInt64BE(BigInt(record.timestamp), 35);
  batch.writeBigInt64BE(-1n, 43); // no producer id
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  batch.writeInt32BE(1, 57); // one record
  records.copy(batch, BATCH_HEADER_BYTES);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_COVERS_FROM)), 17);
  return batch;
}

function encodeRecord({ key, value, headers }: ProduceRecord): Buffer {
  const parts: Uint8Array[] = [Buffer.from([0]), varint(0), varint(0)]; // attributes, deltas
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

/** Zigzag varint of a 32-bit number. */
function varint(value: number): Buffer {
  let left = ((value << 1) ^ (value >> 31)) >>> 0;
  const bytes: number[] = [];
  while (left > 0x7f) {
    bytes.push((left & 0x7f) | 0x80);
    left >>>= 7;
  }
  bytes.push(left);
  return Buffer.from(bytes);
}
