/**
 * Bounds for kafkajs's reader (protocol/decoder.js), which trusts its input: past the end it answers zeros and cut-off
 * texts, a length below zero sends it backwards, and it allocates and loops as often as a count of up to 4 billion
 * says. A garbled answer would hold up the whole process; with these it is an error, and costs one request.
 */
import type { Buffer } from "node:buffer";

/** What the methods here use of the reader. */
interface RawDecoder {
  readonly buffer: Buffer;
  offset: number;
  readInt16(): number;
  readInt32(): number;
  readUVarInt(): number;
}

type Read<T> = (decoder: RawDecoder) => T;

/** An answer does not hold what it says. */
export class MalformedAnswerError extends Error {
  override readonly name = "MalformedAnswerError";
}

const MAX_VARINT_SHIFT = 28;

/** Puts bounded readers in the place of kafkajs's own, for all that is decoded from then on. */
export function boundDecoder(prototype: object): void {
  Object.assign(prototype, METHODS);
}

const METHODS = {
  readInt64(this: RawDecoder): bigint {
    return this.buffer.readBigInt64BE(take(this, 8));
  },

  readUVarInt(this: RawDecoder): number {
    let value = 0;
    for (let shift = 0; shift <= MAX_VARINT_SHIFT; shift += 7) {
      const byte = this.buffer.readUInt8(take(this, 1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new MalformedAnswerError("Cannot read the answer: a number has more than 5 bytes");
  },

  readString(this: RawDecoder): string | null {
    return textOf(this, this.readInt16());
  },

  readUVarIntString(this: RawDecoder): string | null {
    return textOf(this, this.readUVarInt() - 1);
  },

  readBytes(this: RawDecoder, length = this.readInt32()): Buffer | null {
    return bytesOf(this, length);
  },

  readUVarIntBytes(this: RawDecoder): Buffer | null {
    return bytesOf(this, this.readUVarInt() - 1);
  },

  readArray<T>(this: RawDecoder, read: Read<T>): T[] {
    return listOf(this, this.readInt32(), read) ?? [];
  },

  async readArrayAsync<T>(this: RawDecoder, read: Read<Promise<T>>): Promise<T[]> {
    const items: T[] = [];
    for (let left = countOf(this, this.readInt32()); left > 0; left--) items.push(await read(this));
    return items;
  },

  readUVarIntArray<T>(this: RawDecoder, read: Read<T>): T[] | null {
    return listOf(this, this.readUVarInt() - 1, read);
  },

  /** What they hold is of no use to us; each is a number, its size and its bytes. */
  readTaggedFields(this: RawDecoder): null {
    for (let left = countOf(this, this.readUVarInt()); left > 0; left--) {
      this.readUVarInt();
      take(this, this.readUVarInt());
    }
    return null;
  },
};

/** Where the next `length` bytes begin; they are read after that. */
function take(decoder: RawDecoder, length: number): number {
  const from = decoder.offset;
  if (length < 0 || length > decoder.buffer.length - from) {
    throw new MalformedAnswerError(`Cannot read the answer: ${length} bytes are not there`);
  }
  decoder.offset += length;
  return from;
}

function bytesOf(decoder: RawDecoder, length: number): Buffer | null {
  if (length === -1) return null;
  const from = take(decoder, length);
  return decoder.buffer.subarray(from, from + length);
}

function textOf(decoder: RawDecoder, length: number): string | null {
  return bytesOf(decoder, length)?.toString("utf8") ?? null;
}

function listOf<T>(decoder: RawDecoder, count: number, read: Read<T>): T[] | null {
  if (count === -1) return null;
  const items: T[] = [];
  for (let left = countOf(decoder, count); left > 0; left--) items.push(read(decoder));
  return items;
}

/** Every item takes a byte at least. */
function countOf(decoder: RawDecoder, count: number): number {
  if (count < -1 || count > decoder.buffer.length - decoder.offset) {
    throw new MalformedAnswerError(`Cannot read the answer: ${count} items are not there`);
  }
  return count;
}
