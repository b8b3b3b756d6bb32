/** What happened lately, for those who ask what is going on: the last of each kind, never more than a bound. */
import type { Clock } from "../processing/clock.ts";
import type { Coordinates, Fields, Logger, TopicPartition } from "../processing/message.ts";
import { jsonValue } from "./log_value.ts";
import { type Content, showContent, type ShownContent } from "./shown_content.ts";

/** A WARNING or ERROR of the log; the same text again is not another one, but one more time. */
export interface RecentLine {
  /** Milliseconds since 1970, of the last time. */
  readonly at: number;
  readonly level: "warning" | "error";
  readonly text: string;
  /** Of the last time. */
  readonly fields: unknown;
  readonly times: number;
}

export interface RecentDeadLetter extends Coordinates, ShownContent {
  readonly at: number;
  readonly stage: string;
  readonly code: string;
  readonly fingerprint: string;
  readonly reason: string;
  readonly attempts: number;
  /** Where it is stored; null when it was dropped on purpose. */
  readonly stored: Coordinates | null;
}

/** Offsets in [from, to) that were gone before they were processed. */
export interface RecentLoss extends TopicPartition {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly cause: string;
}

export interface RecentRebalance {
  readonly at: number;
  readonly generation: number;
  readonly protocol: string;
  /** Only the leader of the group knows. */
  readonly members: number | null;
  readonly durationMs: number;
}

const LINES_MAX = 50;
/** So many dead letters, and so many losses, are shown: the newest. */
export const DEAD_LETTERS_MAX = 50;
export const LOSSES_MAX = 100;
/** Dead letters have a list of their own, and a flood of them must not hide what else is wrong. */
const LISTED_ELSEWHERE: ReadonlySet<string> = new Set(["Message dead-lettered", "Message dropped"]);

export class Recent {
  readonly #clock: Clock;
  readonly #showValues: boolean;
  #lines: RecentLine[] = [];
  readonly #deadLetters: RecentDeadLetter[] = [];
  readonly #losses: RecentLoss[] = [];
  #rebalance: RecentRebalance | null = null;

  constructor(clock: Clock, { showValues = false }: { readonly showValues?: boolean } = {}) {
    this.#clock = clock;
    this.#showValues = showValues;
  }

  /** The newest first, as everywhere here. */
  get lines(): readonly RecentLine[] {
    return this.#lines.toReversed();
  }

  get deadLetters(): readonly RecentDeadLetter[] {
    return this.#deadLetters.toReversed();
  }

  get losses(): readonly RecentLoss[] {
    return this.#losses.toReversed();
  }

  get rebalance(): RecentRebalance | null {
    return this.#rebalance;
  }

  deadLettered(
    message: Coordinates & Content,
    letter: Omit<RecentDeadLetter, "at" | keyof Coordinates | keyof ShownContent>,
  ): void {
    const { topic, partition, offset } = message;
    const content = showContent(message, { showValues: this.#showValues });
    const shown = { at: this.#at(), topic, partition, offset, ...letter, ...content };
    keep(this.#deadLetters, shown, DEAD_LETTERS_MAX);
  }

  lost(loss: Omit<RecentLoss, "at">): void {
    keep(this.#losses, { at: this.#at(), ...loss }, LOSSES_MAX);
  }

  rebalanced(rebalance: Omit<RecentRebalance, "at">): void {
    this.#rebalance = { at: this.#at(), ...rebalance };
  }

  /** A logger that takes note of what may be wrong, and passes everything on. */
  watch(log: Logger): Logger {
    return {
      debug: (text, fields) => log.debug(text, fields),
      info: (text, fields) => log.info(text, fields),
      warning: (text, fields = {}) => {
        this.#note("warning", text, fields);
        log.warning(text, fields);
      },
      error: (text, fields = {}) => {
        this.#note("error", text, fields);
        log.error(text, fields);
      },
    };
  }

  #note(level: "warning" | "error", text: string, fields: Fields): void {
    if (LISTED_ELSEWHERE.has(text)) return;
    const before = this.#lines.find((line) => line.text === text && line.level === level);
    if (before !== undefined) this.#lines = this.#lines.filter((line) => line !== before);
    const times = (before?.times ?? 0) + 1;
    const { stack: _, ...shown } = fields; // for logs at DEBUG
    const line = { at: this.#at(), level, text, fields: jsonValue(shown), times };
    keep(this.#lines, line, LINES_MAX);
  }

  #at(): number {
    return Math.trunc(this.#clock.wallTime());
  }
}

function keep<T>(list: T[], item: T, max: number): void {
  list.push(item);
  if (list.length > max) list.shift();
}
