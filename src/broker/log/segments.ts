/**
 * Where a log keeps the bytes of its batches: copied one after the other into segments. A buffer for each batch would
 * cost several times its bytes when batches are small; a segment is freed as a whole when none of its batches is kept.
 */

/** The first segment of a log: most topics of a test hold a few messages. */
const FIRST_BYTES = 4 * 1024;
/** Each further segment is twice as large, up to this: about what a log takes beyond its bound, at either end. */
const LAST_BYTES = 64 * 1024;

export class Segments {
  #segment = new Uint8Array(0);
  #used = 0;

  /** A copy that nothing else is written over, however long it is kept. */
  copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length >= LAST_BYTES) return new Uint8Array(bytes);
    if (this.#segment.length - this.#used < bytes.length) this.#startSegment(bytes.length);
    const copy = this.#segment.subarray(this.#used, this.#used + bytes.length);
    copy.set(bytes);
    this.#used += bytes.length;
    return copy;
  }

  #startSegment(atLeastBytes: number): void {
    const sizeBytes = Math.min(LAST_BYTES, Math.max(FIRST_BYTES, 2 * this.#segment.length));
    this.#segment = new Uint8Array(Math.max(sizeBytes, atLeastBytes));
    this.#used = 0;
  }
}
