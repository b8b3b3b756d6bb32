/**
 * Which transactions of a partition are open and which were aborted, as far as a reader needs it: the last stable
 * offset, and the aborted ones among what it reads. Transactions come in by `append` of a test; there is no
 * transaction coordinator here.
 */
import { type BatchHead, isCommitMarker } from "./record_batch.ts";

/** What a reader of committed records must leave out: this producer's records from here to its abort marker. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export class Transactions {
  readonly #open = new Map<number, number>();
  #aborted: (AbortedTransaction & { readonly lastOffset: number })[] = [];

  /** Takes note of a batch that was appended. */
  note(head: BatchHead, batch: { readonly baseOffset: number; readonly bytes: Uint8Array }): void {
    const { producerId } = head;
    if (!head.isTransactional) return;
    if (!head.isControl) {
      if (!this.#open.has(producerId)) this.#open.set(producerId, batch.baseOffset);
      return;
    }
    const firstOffset = this.#open.get(producerId);
    this.#open.delete(producerId);
    if (firstOffset === undefined || isCommitMarker(batch.bytes)) return;
    const lastOffset = batch.baseOffset + head.lastOffsetDelta;
    this.#aborted.push({ producerId, firstOffset, lastOffset });
  }

  /** Everything below is decided: the first offset of the oldest open transaction, else the log's end. */
  lastStableOffset(logEndOffset: number): number {
    return Math.min(logEndOffset, ...this.#open.values());
  }

  /** Aborted transactions with records in [from, to). */
  abortedIn(from: number, to: number): readonly AbortedTransaction[] {
    return this.#aborted
      .filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < to)
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
  }

  /** The log starts at `offset` now. */
  forgetBefore(offset: number): void {
    if (this.#aborted.some(({ lastOffset }) => lastOffset < offset)) {
      this.#aborted = this.#aborted.filter(({ lastOffset }) => lastOffset >= offset);
    }
  }
}
