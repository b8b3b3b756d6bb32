/**
 * The log of one partition in memory: whole record batches, ascending, between log start and log end. What the bound
 * on bytes leaves no room for is dropped from the front, as retention does it on a real broker, and the log start
 * moves; the newest batch always stays. Positions of readers are none of its business.
 */
import { type EpochEnd, LeaderEpochs } from "./leader_epochs.ts";
import { Producers, type SequenceVerdict } from "./producers.ts";
import { type BatchHead, firstRecordSince, placeBatch, readBatchHead } from "./record_batch.ts";
import { Segments } from "./segments.ts";
import { type AbortedTransaction, Transactions } from "./transactions.ts";

/** What a batch costs in memory beside its bytes, roughly; many small batches are bounded, too. */
const BATCH_OVERHEAD_BYTES = 200;
/** Empty places at the front of the list are given back when they are this many and half of it. */
const COMPACT_FROM = 1024;

interface StoredBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly codec: number;
  readonly leaderEpoch: number;
  readonly bytes: Uint8Array;
}

/** What to read. */
export interface ReadOptions {
  readonly from: number;
  /** Batches that start here or later are left out. */
  readonly upTo: number;
  /** The last batch is cut off here, as a real broker cuts it. */
  readonly maxBytes: number;
  /** The first batch comes whole, however large it is. */
  readonly minOneBatch: boolean;
}

/** Where a time is in the log. */
export interface OffsetAtTime {
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

export class PartitionLog {
  readonly #retentionBytes: () => number;
  readonly #epochs = new LeaderEpochs();
  readonly #segments = new Segments();
  #producers = new Producers();
  #transactions = new Transactions();
  #batches: (StoredBatch | undefined)[] = [];
  /** Places before this index are empty: their batches are dropped. */
  #head = 0;
  #sizeBytes = 0;
  #startOffset = 0;
  #endOffset = 0;

  /** `retentionBytes` is asked at each append; below 0 there is no bound. */
  constructor(options: { readonly retentionBytes: () => number }) {
    this.#retentionBytes = options.retentionBytes;
  }

  /** The lowest offset that can be read. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** One past the last offset. Everything is replicated at once: it is the high watermark, too. */
  get endOffset(): number {
    return this.#endOffset;
  }

  get lastStableOffset(): number {
    return this.#transactions.lastStableOffset(this.#endOffset);
  }

  /** What the batches take in memory. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether an idempotent producer may append this batch now. */
  checkSequence(head: BatchHead): SequenceVerdict {
    return this.#producers.check(head);
  }

  /** Appends a batch as it is and answers its base offset; only base offset and leader epoch are written over. */
  append(bytes: Uint8Array, leaderEpoch: number): number {
    const head = readBatchHead(bytes);
    const baseOffset = this.#endOffset;
    const lastOffset = baseOffset + head.lastOffsetDelta;
    const placed = this.#segments.copy(bytes);
    placeBatch(placed, { baseOffset, leaderEpoch });
    const { maxTimestamp, codec } = head;
    this.#batches.push({ baseOffset, lastOffset, maxTimestamp, codec, leaderEpoch, bytes: placed });
    this.#endOffset = lastOffset + 1;
    this.#sizeBytes += placed.length + BATCH_OVERHEAD_BYTES;
    this.#epochs.start(leaderEpoch, baseOffset);
    this.#producers.remember(head, baseOffset);
    this.#transactions.note(head, { baseOffset, bytes: placed });
    this.#applyRetention();
    return baseOffset;
  }

  /** Record batches from the one that holds `from`, by reference. The last piece may be part of a batch. */
  read({ from, upTo, maxBytes, minOneBatch }: ReadOptions): readonly Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let left = maxBytes;
    for (let i = this.#indexOf(from); i < this.#batches.length; i++) {
      const batch = this.#batches[i];
      if (batch === undefined || batch.baseOffset >= upTo) break;
      const isFirst = pieces.length === 0;
      if (isFirst && batch.bytes.length > left) return minOneBatch ? [batch.bytes] : [];
      if (left <= 0) break;
      pieces.push(batch.bytes.length <= left ? batch.bytes : batch.bytes.subarray(0, left));
      left -= batch.bytes.length;
    }
    return pieces;
  }

  /**
   * The first record that is not older than `timestamp`; null when there is none. Of a compressed batch, which is not
   * unpacked here, the first record is answered: a reader starts too early rather than too late.
   */
  offsetAt(timestamp: number): OffsetAtTime | null {
    for (let i = this.#head; i < this.#batches.length; i++) {
      const batch = this.#batches[i];
      if (batch === undefined || batch.maxTimestamp < timestamp) continue;
      if (batch.lastOffset < this.#startOffset) continue;
      const { baseOffset, leaderEpoch, maxTimestamp } = batch;
      const record = batch.codec === 0 ? firstRecordSince(batch.bytes, timestamp) : null;
      const offset = Math.max(this.#startOffset, baseOffset + (record?.offsetDelta ?? 0));
      return { offset, timestamp: record?.timestamp ?? maxTimestamp, leaderEpoch };
    }
    return null;
  }

  abortedIn(from: number, to: number): readonly AbortedTransaction[] {
    return this.#transactions.abortedIn(from, to);
  }

  /** A new leader took over. */
  startEpoch(epoch: number): void {
    this.#epochs.start(epoch, this.#endOffset);
  }

  epochAt(offset: number): number {
    return this.#epochs.at(offset);
  }

  endOfEpoch(epoch: number): EpochEnd {
    return this.#epochs.endOf(epoch, this.#endOffset);
  }

  /** Moves the log start forward. `offset` lies between log start and log end. */
  deleteBefore(offset: number): void {
    this.#startOffset = Math.max(this.#startOffset, offset);
    while (this.#head < this.#batches.length) {
      const first = this.#batches[this.#head];
      if (first !== undefined && first.lastOffset >= this.#startOffset) break;
      this.#dropFirst();
    }
    this.#forgetDropped();
  }

  /**
   * Takes back every batch that reaches `offset` or beyond, as a leader does that was elected without them. What was
   * known of producers goes with them.
   */
  truncateTo(offset: number): void {
    while (this.#batches.length > this.#head) {
      const last = this.#batches.at(-1);
      if (last === undefined || last.lastOffset < offset) break;
      this.#batches.pop();
      this.#sizeBytes -= last.bytes.length + BATCH_OVERHEAD_BYTES;
      this.#endOffset = last.baseOffset;
    }
    this.#endOffset = Math.max(this.#startOffset, this.#endOffset);
    this.#epochs.forgetFrom(this.#endOffset);
    this.#producers = new Producers();
    this.#transactions = new Transactions();
  }

  /** The index of the batch that holds the offset, or of the first one after it. */
  #indexOf(offset: number): number {
    let low = this.#head;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#batches[middle]?.lastOffset ?? Infinity) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #applyRetention(): void {
    const limit = this.#retentionBytes();
    if (limit < 0) return;
    while (this.#sizeBytes > limit && this.#batches.length - this.#head > 1) this.#dropFirst();
    const first = this.#batches[this.#head];
    if (first !== undefined) this.#startOffset = Math.max(this.#startOffset, first.baseOffset);
    this.#forgetDropped();
  }

  #dropFirst(): void {
    const first = this.#batches[this.#head];
    if (first === undefined) return;
    this.#sizeBytes -= first.bytes.length + BATCH_OVERHEAD_BYTES;
    this.#batches[this.#head] = undefined;
    this.#head += 1;
  }

  #forgetDropped(): void {
    this.#epochs.forgetBefore(this.#startOffset);
    this.#transactions.forgetBefore(this.#startOffset);
    if (this.#head < COMPACT_FROM || this.#head * 2 < this.#batches.length) return;
    this.#batches.splice(0, this.#head);
    this.#head = 0;
  }
}
