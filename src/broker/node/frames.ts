/** Cuts a stream of bytes into requests: four bytes of length, then that many of content. */
import { Buffer } from "node:buffer";
import { MalformedRequestError } from "../wire/reader.ts";

const LENGTH_BYTES = 4;

export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /**
   * The next whole request, null when it has not all come.
   *
   * @throws MalformedRequestError when it is larger than allowed
   */
  next(): Uint8Array | null {
    if (this.#size < LENGTH_BYTES) return null;
    const length = this.#length();
    if (length < 0 || length > this.#maxBytes) {
      throw new MalformedRequestError(
        `Send requests of at most ${this.#maxBytes} bytes: one has ${length}`,
      );
    }
    if (this.#size < LENGTH_BYTES + length) return null;
    const all = this.#join();
    const end = LENGTH_BYTES + length;
    this.#chunks = all.length > end ? [all.subarray(end)] : [];
    this.#size = all.length - end;
    return all.subarray(LENGTH_BYTES, end);
  }

  #length(): number {
    const first = this.#chunks[0];
    const head = first !== undefined && first.length >= LENGTH_BYTES ? first : this.#join();
    return Buffer.from(head.buffer, head.byteOffset, head.byteLength).readInt32BE(0);
  }

  #join(): Uint8Array {
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}
