/**
 * Bounds how often the log says the same: of lines with one text, so many in a period, and then one line that says how
 * many more there were. Nothing is left out without being counted and told.
 */
import type { Clock } from "../processing/clock.ts";
import type { Fields } from "../processing/message.ts";
import type { LogLevel } from "./log_entry.ts";

export interface LogRepeatsOptions {
  readonly clock: Clock;
  /** Lines with the same level, text and key in a period that are logged. */
  readonly max: number;
  /** The period is over, or everything is to be told now. */
  readonly onLeftOut: (leftOut: LeftOut) => void;
}

/** Lines that were not logged. */
export interface LeftOut {
  readonly level: LogLevel;
  readonly text: string;
  readonly lines: number;
  /** Of the last of them. */
  readonly fields: Fields;
  /** The period, in seconds. */
  readonly seconds: number;
}

/** What tells lines of one text apart, and what they say. */
interface LineDetails {
  readonly key?: string;
  readonly fields?: Fields;
}

interface Period {
  readonly id: string;
  readonly level: LogLevel;
  readonly text: string;
  readonly startedAt: number;
  logged: number;
  leftOut: number;
  fields: Fields;
  cancelTimer: () => void;
}

const PERIOD_MS = 10_000;
/** Texts are constants, and few; the limit is for those who build them from data. */
const TEXTS_MAX = 1_000;

export class LogRepeats {
  readonly #options: LogRepeatsOptions;
  readonly #periods = new Map<string, Period>();

  constructor(options: LogRepeatsOptions) {
    this.#options = options;
  }

  /** Whether the line is to be logged; it is counted otherwise. */
  admits(level: LogLevel, text: string, { key = "", fields = {} }: LineDetails = {}): boolean {
    const period = this.#period(level, { text, id: `${level} ${text} ${key}` });
    if (period.logged < this.#options.max) {
      period.logged += 1;
      return true;
    }
    if (period.leftOut === 0) {
      const { clock } = this.#options;
      const restMs = period.startedAt + PERIOD_MS - clock.now();
      period.cancelTimer = clock.schedule(restMs, () => this.#end(period));
    }
    period.leftOut += 1;
    period.fields = fields;
    return false;
  }

  /** Tells at once what was left out so far. */
  tell(): void {
    for (const period of [...this.#periods.values()]) this.#end(period);
  }

  #period(level: LogLevel, { text, id }: { readonly text: string; readonly id: string }): Period {
    const now = this.#options.clock.now();
    const known = this.#periods.get(id);
    if (known !== undefined && now - known.startedAt < PERIOD_MS) return known;
    if (known !== undefined) this.#end(known);
    const [oldest] = this.#periods.values();
    if (this.#periods.size >= TEXTS_MAX && oldest !== undefined) this.#end(oldest);
    const period = {
      id,
      level,
      text,
      startedAt: now,
      logged: 0,
      leftOut: 0,
      fields: {},
      cancelTimer: () => {},
    };
    this.#periods.set(id, period);
    return period;
  }

  #end(period: Period): void {
    const { id, level, text, leftOut: lines, fields } = period;
    period.cancelTimer();
    this.#periods.delete(id);
    if (lines === 0) return;
    this.#options.onLeftOut({ level, text, lines, fields, seconds: PERIOD_MS / 1000 });
  }
}
