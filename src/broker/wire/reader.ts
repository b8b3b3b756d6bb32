/**
 * Reads Kafka's primitive types from the bytes of one request. Lengths are checked against what is left, so that a
 * broken request cannot make the broker allocate; reading past the end throws, and the connection is closed.
 */
import { Buffer } from "node:buffer";

const MAX_VARINT_SHIFT = 28;

/** The request cannot be read. */
export class MalformedRequestError extends Error {
  override readonly name = "MalformedRequestError";
}

/** A cursor over one request. `flexible` says that strings, bytes and arrays are compact and structs have tags. */
export class WireReader {
  flexible: boolean;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array, options: { readonly flexible: boolean }) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.flexible = options.flexible;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  /** Exact up to 2^53, which is more than any offset, time or producer id here. */
  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#advance(8)));
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift <= MAX_VARINT_SHIFT; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new MalformedRequestError("Cannot read a varint: it has more than 5 bytes");
  }

  /** A string as the message's encoding has it; null where its length says so. */
  string(): string | null {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int16();
    return length < 0 ? null : this.#slice(length).toString("utf8");
  }

  /** A string with a 2-byte length whatever the encoding: the client id in the header. */
  plainString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#slice(length).toString("utf8");
  }

  /** A view of the request, not a copy; null where the length says so. */
  bytes(): Uint8Array | null {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int32();
    return length < 0 ? null : this.#slice(length);
  }

  /** 32 hex digits. */
  uuid(): string {
    return this.#slice(16).toString("hex");
  }

  /** The number of items that follow; -1 for a null array. */
  arrayLength(): number {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int32();
    if (length > this.left) {
      throw new MalformedRequestError(`Cannot read an array past the request's end: ${length}`);
    }
    return length;
  }

  /** Tagged fields hold nothing that this broker needs. */
  skipTags(): void {
    const count = this.unsignedVarint();
    for (let i = 0; i < count; i++) {
      this.unsignedVarint();
      this.#slice(this.unsignedVarint());
    }
  }

  #slice(length: number): Buffer {
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  #advance(length: number): number {
    if (length > this.left) {
      throw new MalformedRequestError(`Cannot read past the request's end: ${length} bytes wanted`);
    }
    const from = this.#at;
    this.#at += length;
    return from;
  }
}
