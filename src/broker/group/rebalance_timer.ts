/**
 * How long a rebalance waits for members. The first one of an empty group waits a short while for others that start
 * at the same time, again as long as more come, but never longer than the rebalance timeout in all.
 */
import type { BrokerClock } from "../clock.ts";

export class RebalanceTimer {
  readonly #clock: BrokerClock;
  readonly #onOver: () => void;
  #cancel = () => {};
  #initial: { readonly delayMs: number; leftMs: number; hasNewMember: boolean } | null = null;

  constructor(clock: BrokerClock, onOver: () => void) {
    this.#clock = clock;
    this.#onOver = onOver;
  }

  /** True in the first rebalance of an empty group, which is not cut short when all are here. */
  get isInitial(): boolean {
    return this.#initial !== null;
  }

  start(timeoutMs: number): void {
    this.stop();
    this.#cancel = this.#clock.schedule(timeoutMs, this.#onOver);
  }

  startInitial(delayMs: number, timeoutMs: number): void {
    this.stop();
    const firstMs = Math.min(delayMs, timeoutMs);
    this.#initial = { delayMs, leftMs: timeoutMs - firstMs, hasNewMember: false };
    this.#cancel = this.#clock.schedule(firstMs, () => this.#endOrExtend());
  }

  onNewMember(): void {
    if (this.#initial !== null) this.#initial.hasNewMember = true;
  }

  stop(): void {
    this.#cancel();
    this.#initial = null;
  }

  #endOrExtend(): void {
    const initial = this.#initial;
    if (initial === null || !initial.hasNewMember || initial.leftMs <= 0) {
      this.#onOver();
      return;
    }
    const nextMs = Math.min(initial.delayMs, initial.leftMs);
    initial.leftMs -= nextMs;
    initial.hasNewMember = false;
    this.#cancel = this.#clock.schedule(nextMs, () => this.#endOrExtend());
  }
}
