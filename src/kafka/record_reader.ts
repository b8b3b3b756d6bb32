/**
 * Reads the fields of the records in a batch, one after the other, from decompressed bytes that are not trusted.
 * Plain number arithmetic and no object per field: this runs several times for every message.
 */
import { Buffer } from "node:buffer";
import type { Header } from "../processing/message.ts";

/** Bytes that do not hold the records they should. The message is half a sentence: what is wrong with them. */
export class MalformedRecordsError extends Error {
  override readonly name = "MalformedRecordsError";
}

const NO_HEADERS: readonly Header[] = [];
const MAX_VARINT_BYTES = 10;

/** Each method reads the next field and throws MalformedRecordsError when it does not fit into the bytes. */
export class RecordReader {
  readonly #bytes: Uint8Array;
  /** The same bytes, for text. */
  readonly #text: Buffer;
  /** Where the next field begins. */
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.at;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** A zigzag varint of up to 64 bits. Beyond 2^53 it is only near the truth, which no field that we use can be. */
  varint(): number {
    const first = this.#byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let value = first & 0x7f;
    let factor = 0x80;
    for (let i = 1; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 0x80;
    }
    throw new MalformedRecordsError("a number has more than 64 bits");
  }

  /** A view, after its size; null for a negative size. */
  bytes(): Uint8Array | null {
    const size = this.varint();
    if (size < 0) return null;
    const start = this.#take(size);
    return this.#bytes.subarray(start, start + size);
  }

  /** In order, with equal names and null values kept. Bytes of a name that are not UTF-8 become U+FFFD. */
  headers(): readonly Header[] {
    const count = this.varint();
    if (count === 0) return NO_HEADERS;
    if (count < 0) throw new MalformedRecordsError(`a record has ${count} headers`);
    const headers: Header[] = [];
    for (let i = 0; i < count; i++) {
      const size = this.varint();
      if (size < 0) throw new MalformedRecordsError("a header has no name");
      const start = this.#take(size);
      const name = this.#text.toString("utf8", start, start + size);
      headers.push([name, this.bytes()]);
    }
    return headers;
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new MalformedRecordsError("they are cut off");
    this.at += 1;
    return byte;
  }

  #take(size: number): number {
    const start = this.at;
    if (size > this.left) throw new MalformedRecordsError("they are cut off");
    this.at += size;
    return start;
  }
}
