/** Keeps what repeats from flooding the log: one line a period and key, which says how many it stands for. */
import type { Clock } from "../processing/clock.ts";

interface Period {
  readonly startedAt: number;
  suppressed: number;
}

const KEYS_MAX = 1_000;

export class LogLimit {
  readonly #clock: Clock;
  readonly #periods = new Map<string, Period>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether the line of this key may be logged now: null while it may not, else how many like it were held back since
   * the last one.
   */
  limited(key: string, everyMs: number): number | null {
    const now = this.#clock.now();
    const period = this.#periods.get(key);
    if (period !== undefined && now - period.startedAt < everyMs) {
      period.suppressed += 1;
      return null;
    }
    this.#periods.delete(key);
    const [oldest] = this.#periods.keys();
    if (this.#periods.size >= KEYS_MAX && oldest !== undefined) this.#periods.delete(oldest);
    this.#periods.set(key, { startedAt: now, suppressed: 0 });
    return period?.suppressed ?? 0;
  }
}
