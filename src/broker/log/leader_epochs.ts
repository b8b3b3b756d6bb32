/**
 * Where each leader epoch of a partition starts. Ascending in epoch and in start offset: an epoch without a single
 * batch leaves no trace, so the list is as long as the log has changes of leader in it.
 */

/** What an epoch's end is asked for: the epoch that answers it, and one past that epoch's last offset. */
export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

const UNKNOWN: EpochEnd = { epoch: -1, endOffset: -1 };

export class LeaderEpochs {
  #entries: { readonly epoch: number; readonly startOffset: number }[] = [];

  /** A leader of this epoch is going to append from `startOffset` on. */
  start(epoch: number, startOffset: number): void {
    const last = this.#entries.at(-1);
    if (last !== undefined && last.epoch >= epoch) return;
    this.#entries = this.#entries.filter((entry) => entry.startOffset < startOffset);
    this.#entries.push({ epoch, startOffset });
  }

  /** The epoch that appended the offset; -1 when it is not known any more. */
  at(offset: number): number {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.epoch ?? -1;
  }

  /** The end of the epoch, or of the largest known one below it. */
  endOf(epoch: number, logEndOffset: number): EpochEnd {
    const last = this.#entries.at(-1);
    if (last === undefined || epoch > last.epoch || epoch < 0) return UNKNOWN;
    if (epoch === last.epoch) return { epoch, endOffset: logEndOffset };
    const next = this.#entries.find((entry) => entry.epoch > epoch);
    const answering = this.#entries.findLast((entry) => entry.epoch <= epoch);
    return { epoch: answering?.epoch ?? epoch, endOffset: next?.startOffset ?? logEndOffset };
  }

  /** The log starts at `offset` now: epochs that ended before it are forgotten. */
  forgetBefore(offset: number): void {
    const kept = this.#entries.findLastIndex((entry) => entry.startOffset <= offset);
    if (kept > 0) this.#entries.splice(0, kept);
  }

  /** The log ends at `offset` now. */
  forgetFrom(offset: number): void {
    this.#entries = this.#entries.filter((entry) => entry.startOffset < offset);
  }
}
