/**
 * Writes Kafka's primitive types into a list of chunks. Long byte strings go in by reference, so that an answer to a
 * fetch does not copy the log; whoever hands them over does not change them afterwards.
 */
import { Buffer } from "node:buffer";

const CHUNK_BYTES = 4096;
/** From this length on bytes are kept by reference. */
const REFERENCE_BYTES = 1024;

/** Collects one answer. `flexible` says that strings, bytes and arrays are compact and structs have tags. */
export class WireWriter {
  flexible: boolean;
  readonly #done: Uint8Array[] = [];
  #chunk = Buffer.alloc(0);
  #used = 0;
  #size = 0;

  constructor(options: { readonly flexible: boolean }) {
    this.flexible = options.flexible;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  int8(value: number): void {
    const at = this.#reserve(1);
    this.#chunk.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#chunk.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#chunk.writeInt32BE(value, at);
  }

  int64(value: number): void {
    const at = this.#reserve(8);
    this.#chunk.writeBigInt64BE(BigInt(value), at);
  }

  unsignedVarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#unsignedByte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#unsignedByte(rest);
  }

  string(value: string | null): void {
    const bytes = value === null ? null : Buffer.from(value, "utf8");
    const length = bytes?.length ?? -1;
    if (this.flexible) this.unsignedVarint(length + 1);
    else this.int16(length);
    if (bytes !== null) this.raw(bytes);
  }

  /** A string with a 2-byte length whatever the encoding: the client id in the header. */
  plainString(value: string | null): void {
    const bytes = value === null ? null : Buffer.from(value, "utf8");
    this.int16(bytes?.length ?? -1);
    if (bytes !== null) this.raw(bytes);
  }

  bytes(value: Uint8Array | null): void {
    this.#bytesLength(value?.length ?? -1);
    if (value !== null) this.raw(value);
  }

  /** Several pieces as one byte string. */
  pieces(pieces: readonly Uint8Array[]): void {
    this.#bytesLength(pieces.reduce((sum, piece) => sum + piece.length, 0));
    for (const piece of pieces) this.raw(piece);
  }

  /** 32 hex digits. */
  uuid(value: string): void {
    this.raw(Buffer.from(value, "hex"));
  }

  /** The number of items that follow; -1 for a null array. */
  arrayLength(length: number): void {
    if (this.flexible) this.unsignedVarint(length + 1);
    else this.int32(length);
  }

  noTags(): void {
    this.unsignedVarint(0);
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length < REFERENCE_BYTES) {
      const at = this.#reserve(bytes.length);
      this.#chunk.set(bytes, at);
      return;
    }
    this.#finishChunk();
    this.#done.push(bytes);
    this.#size += bytes.length;
  }

  /** All that was written. The writer is spent afterwards. */
  chunks(): readonly Uint8Array[] {
    this.#finishChunk();
    return this.#done;
  }

  #unsignedByte(value: number): void {
    const at = this.#reserve(1);
    this.#chunk.writeUInt8(value, at);
  }

  #bytesLength(length: number): void {
    if (this.flexible) this.unsignedVarint(length + 1);
    else this.int32(length);
  }

  /** Makes room and answers where it starts; `#chunk` may be another one afterwards. */
  #reserve(length: number): number {
    if (this.#chunk.length - this.#used < length) {
      this.#finishChunk();
      this.#chunk = Buffer.alloc(Math.max(CHUNK_BYTES, length));
    }
    const from = this.#used;
    this.#used += length;
    this.#size += length;
    return from;
  }

  #finishChunk(): void {
    if (this.#used > 0) this.#done.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = this.#chunk.subarray(this.#used);
    this.#used = 0;
  }
}
