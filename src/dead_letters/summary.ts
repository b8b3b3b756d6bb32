/**
 * Counts of dead letters by their cause. Keeps no letter: memory does not grow with their number, and what there are
 * too many kinds of is counted as `other`.
 */
import type { LetterCause } from "../ops/http/dead_letters.ts";
import type { Coordinates } from "../processing/message.ts";
import { cutTo, type Letter } from "./letter.ts";

export interface LettersSummary {
  readonly count: number;
  /** The most frequent first; the last one may be `other`. */
  readonly causes: readonly LetterCause[];
  /** How many by code, by topic that they were in, and by age. */
  readonly byCode: ReadonlyMap<string, number>;
  readonly byTopic: ReadonlyMap<string, number>;
  readonly byAge: ReadonlyMap<Age, number>;
  /** Letters that cannot be redriven, by the reason. */
  readonly byObstacle: ReadonlyMap<string, number>;
}

export const AGES = ["hour", "day", "week", "older", "unknown"] as const;
export type Age = typeof AGES[number];

/** The name of what is beyond a bound, and of what a letter does not say. */
export const OTHER = "other";
export const UNKNOWN = "unknown";

const CAUSES_MAX = 1_000;
const NAMES_MAX = 100;
const SAMPLES_MAX = 5;
/** Characters: others write whole messages and stack traces into a reason. */
const REASON_MAX = 2_000;
const HOUR_MS = 3_600_000;
const TREND_HOURS = 24;

export class LettersCount {
  readonly #now: number;
  readonly #causes = new Map<string, CauseCount>();
  readonly #byCode = new Map<string, number>();
  readonly #byTopic = new Map<string, number>();
  readonly #byAge = new Map<Age, number>();
  readonly #byObstacle = new Map<string, number>();
  #count = 0;

  /** @param now milliseconds since 1970, from which ages count */
  constructor(now: number) {
    this.#now = now;
  }

  get count(): number {
    return this.#count;
  }

  add(letter: Letter): void {
    this.#count += 1;
    this.#causeOf(letter).add(letter);
    increment(this.#byCode, letter.code ?? UNKNOWN);
    increment(this.#byTopic, letter.source.topic ?? UNKNOWN);
    increment(this.#byAge, ageOf(letter.failedAt, this.#now));
    if (letter.obstacle !== null) increment(this.#byObstacle, letter.obstacle);
  }

  /** @param reasons `ours`: none that others wrote, what they wrote may be of the message */
  summary(reasons: "all" | "ours" = "all"): LettersSummary {
    const causes = [...this.#causes.values()].map((each) => each.summary(reasons));
    const isOther = ({ fingerprint }: LetterCause) => fingerprint === OTHER ? 1 : 0;
    causes.sort((a, b) => isOther(a) - isOther(b) || b.count - a.count);
    return {
      count: this.#count,
      causes,
      byCode: mostFirst(this.#byCode),
      byTopic: mostFirst(this.#byTopic),
      byAge: this.#byAge,
      byObstacle: this.#byObstacle,
    };
  }

  #causeOf({ fingerprint }: Letter): CauseCount {
    const name = fingerprint ?? UNKNOWN;
    const key = this.#causes.has(name) || this.#causes.size < CAUSES_MAX ? name : OTHER;
    let cause = this.#causes.get(key);
    if (cause === undefined) {
      cause = new CauseCount(key === OTHER ? OTHER : fingerprint, this.#now);
      this.#causes.set(key, cause);
    }
    return cause;
  }
}

class CauseCount {
  readonly #fingerprint: string | null;
  readonly #now: number;
  readonly #trend = new Array<number>(TREND_HOURS).fill(0);
  readonly #samples: Coordinates[] = [];
  #newest: Letter | null = null;
  #count = 0;
  #firstAt: number | null = null;
  #replays = 0;

  constructor(fingerprint: string | null, now: number) {
    this.#fingerprint = fingerprint;
    this.#now = now;
  }

  add(letter: Letter): void {
    const { failedAt, place, replays } = letter;
    this.#count += 1;
    this.#replays = Math.max(this.#replays, replays);
    if (this.#newest === null || failedAt >= this.#newest.failedAt) this.#newest = slim(letter);
    // The first ones, and always the last.
    if (this.#samples.length === SAMPLES_MAX) this.#samples.pop();
    this.#samples.push(place);
    if (failedAt < 0) return;
    this.#firstAt = Math.min(this.#firstAt ?? failedAt, failedAt);
    const hoursAgo = Math.floor(Math.max(0, this.#now - failedAt) / HOUR_MS);
    const at = TREND_HOURS - 1 - hoursAgo;
    if (at >= 0) this.#trend[at] = (this.#trend[at] ?? 0) + 1;
  }

  summary(reasons: "all" | "ours"): LetterCause {
    const isOther = this.#fingerprint === OTHER;
    const { stage = null, code = null, reason = null, failedAt = -1, family } = this.#newest ?? {};
    return {
      fingerprint: this.#fingerprint,
      stage: isOther ? null : stage,
      code: isOther ? null : code,
      reason: isOther || (reasons === "ours" && family !== "ours") ? null : reason,
      count: this.#count,
      firstAt: this.#firstAt,
      lastAt: failedAt < 0 ? null : failedAt,
      replays: this.#replays,
      trend: this.#trend,
      samples: this.#samples,
    };
  }
}

/** Without what is a view on a page, which it would keep in memory, and no longer than people read. */
function slim(letter: Letter): Letter {
  const reason = letter.reason === null ? null : cutTo(letter.reason, REASON_MAX);
  return { ...letter, reason, key: null, value: null, headers: [] };
}

function ageOf(failedAt: number, now: number): Age {
  if (failedAt < 0) return "unknown";
  const hours = (now - failedAt) / HOUR_MS;
  if (hours < 1) return "hour";
  if (hours < 24) return "day";
  return hours < 24 * 7 ? "week" : "older";
}

function increment<K extends string>(counts: Map<K, number>, name: K): void {
  const key = counts.has(name) || counts.size < NAMES_MAX ? name : OTHER as K;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function mostFirst(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}
