/**
 * What would become of dead letters today: each is decoded, validated and, where its handler declares itself
 * `dryRunnable`, handled in a dry run. Nothing is committed or written, and no other handler is called. Keeps counts,
 * no letter.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import { AttemptContext } from "../processing/attempt_context.ts";
import { decode, type Decoded } from "../processing/decode.ts";
import { judge } from "../processing/failure.ts";
import { fingerprintOf } from "../processing/fingerprint.ts";
import { type Handlers, HandlerTable } from "../processing/handler.ts";
import type { Coordinates, Logger } from "../processing/message.ts";
import type { Failure } from "../processing/telemetry.ts";
import { type Letter, messageOf } from "./letter.ts";
import { OTHER } from "./summary.ts";

/**
 * `passes`: schema and handler. `valid`: the schema, and its handler cannot be tried out. `fails`: again, as `failure`
 * says. `never`: there is no message in it that could be processed.
 */
export type Prospect = "passes" | "valid" | "fails" | "never";

/** Letters of one cause, by what would become of them. */
export interface CauseProspects {
  /** The letters' own; null where they do not say why. */
  readonly fingerprint: string | null;
  readonly stage: string | null;
  readonly code: string | null;
  readonly count: number;
  readonly prospects: Readonly<Record<Prospect, number>>;
}

/** What would stop letters now. */
export interface ExpectedFailure {
  readonly fingerprint: string;
  readonly stage: string;
  readonly code: string;
  /** Of the first one. */
  readonly reason: string;
  readonly count: number;
  /** Where the first one lies. */
  readonly sample: Coordinates;
}

export interface RehearsalReport {
  readonly count: number;
  readonly prospects: Readonly<Record<Prospect, number>>;
  /** The most frequent first. */
  readonly causes: readonly CauseProspects[];
  readonly failures: readonly ExpectedFailure[];
}

export interface RehearsalOptions {
  readonly clock: Clock;
  readonly handlers: Handlers;
  /** Deadline of one handler. */
  readonly handlerTimeoutMs: number;
}

const CAUSES_MAX = 1_000;
/** So many handlers at once, at most. */
const CONCURRENCY = 16;

export class Rehearsal {
  readonly #options: RehearsalOptions;
  readonly #handlers: HandlerTable;
  readonly #causes = new Map<
    string,
    { -readonly [K in keyof CauseProspects]: CauseProspects[K] }
  >();
  readonly #failures = new Map<
    string,
    { -readonly [K in keyof ExpectedFailure]: ExpectedFailure[K] }
  >();

  constructor(options: RehearsalOptions) {
    this.#options = options;
    this.#handlers = new HandlerTable(options.handlers);
  }

  /** Rejects never, whatever handlers do. */
  async add(letters: readonly Letter[]): Promise<void> {
    for (let at = 0; at < letters.length; at += CONCURRENCY) {
      const some = letters.slice(at, at + CONCURRENCY);
      const expected = await Promise.all(some.map((letter) => this.expect(letter)));
      for (const [i, letter] of some.entries()) {
        this.#count(letter, expected[i] ?? { prospect: "never", failure: null });
      }
    }
  }

  /** What would become of one letter. */
  async expect(letter: Letter): Promise<Expectation> {
    if (letter.obstacle !== null) return { prospect: "never", failure: null };
    // A tombstone is skipped.
    if (letter.value === null) return { prospect: "passes", failure: null };
    const { event, failure } = decode(letter.value);
    if (event === null) return { prospect: "fails", failure };
    if (!this.#handlers.isDryRunnable(event.event_type)) {
      return { prospect: "valid", failure: null };
    }
    const thrown = await this.#try(letter, event);
    return thrown === null
      ? { prospect: "passes", failure: null }
      : { prospect: "fails", failure: thrown };
  }

  report(): RehearsalReport {
    const causes = [...this.#causes.values()].sort((a, b) => b.count - a.count);
    const prospects = noProspects();
    for (const cause of causes) {
      for (const prospect of PROSPECTS) prospects[prospect] += cause.prospects[prospect];
    }
    return {
      count: causes.reduce((sum, { count }) => sum + count, 0),
      prospects,
      causes,
      failures: [...this.#failures.values()].sort((a, b) => b.count - a.count),
    };
  }

  async #try(letter: Letter, event: NonNullable<Decoded["event"]>): Promise<Failure | null> {
    const { clock, handlerTimeoutMs } = this.#options;
    const context = new AttemptContext(messageOf(letter), {
      attempt: 1,
      logger: SILENT,
      trace: null,
      dryRun: true,
    });
    const ended = new AbortController();
    try {
      const running = this.#handlers.find(event.event_type)(event, context);
      if (running === undefined) return null;
      const late = sleep(clock, handlerTimeoutMs, ended.signal).then(() => LATE);
      if (await Promise.race([running, late]) !== LATE) return null;
      const text = `Handler took longer than HANDLER_TIMEOUT_MS: ${handlerTimeoutMs} ms`;
      context.abort(new DOMException(text, "TimeoutError"));
      Promise.resolve(running).catch(() => {}); // whatever comes of it now
      return { stage: "handle", code: "handler_timeout", message: text };
    } catch (error) {
      return judge(error).failure;
    } finally {
      ended.abort();
    }
  }

  #count({ fingerprint, stage, code, place }: Letter, { prospect, failure }: Expectation): void {
    const key = keyWithin(this.#causes, fingerprint ?? "");
    const isOther = key === OTHER;
    const cause = this.#causes.get(key) ?? {
      fingerprint: isOther ? OTHER : fingerprint,
      stage: isOther ? null : stage,
      code: isOther ? null : code,
      count: 0,
      prospects: noProspects(),
    };
    this.#causes.set(key, cause);
    cause.count += 1;
    cause.prospects = { ...cause.prospects, [prospect]: cause.prospects[prospect] + 1 };
    if (failure === null) return;
    const { stage: failedAt, code: failedWith, message: reason } = failure;
    const name = keyWithin(this.#failures, fingerprintOf(failure));
    const expected = this.#failures.get(name) ??
      { fingerprint: name, stage: failedAt, code: failedWith, reason, count: 0, sample: place };
    this.#failures.set(name, expected);
    expected.count += 1;
  }
}

/** `failure` is there with `fails`. */
export interface Expectation {
  readonly prospect: Prospect;
  readonly failure: Failure | null;
}

const PROSPECTS: readonly Prospect[] = ["passes", "valid", "fails", "never"];
const LATE = Symbol("late");

/** Nothing of a rehearsal belongs into a log. */
const SILENT: Logger = { debug() {}, info() {}, warning() {}, error() {} };

function noProspects(): Record<Prospect, number> {
  return { passes: 0, valid: 0, fails: 0, never: 0 };
}

function keyWithin(known: ReadonlyMap<string, unknown>, key: string): string {
  return known.has(key) || known.size < CAUSES_MAX ? key : OTHER;
}
