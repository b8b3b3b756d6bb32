/**
 * Dead letters as the console shows them, read beside the service's work: one look or rehearsal at a time, each with an
 * end, and looks so seldom that they take a small share of the time. Nothing is looked at unless somebody asks.
 */
import type { Config } from "../config.ts";
import type { Clock } from "../processing/clock.ts";
import type { ActionFacts } from "../ops/http/actions.ts";
import { ActionError } from "../ops/http/actions.ts";
import type { DeadLettersDocument, LettersLook, RehearsalState } from "../ops/http/dead_letters.ts";
import type { Handlers } from "../processing/handler.ts";
import { EVERY_LETTER, type LetterFilter } from "./filter.ts";
import { type ReadingReport, readLetters } from "./reading.ts";
import { Rehearsal, type RehearsalReport } from "./rehearsal.ts";
import { deadLetterTopics, type LetterSourceTopics } from "./source.ts";
import { LettersCount } from "./summary.ts";

export interface LettersBoardOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly handlers: Handlers;
  /** Finds out where they lie now. After the signal nothing is asked again. */
  readonly lookUp: (signal: AbortSignal) => Promise<LetterSourceTopics>;
  readonly telemetry: LettersBoardTelemetry;
}

export interface LettersBoardTelemetry {
  /** An operator has letters rehearsed. */
  rehearsed(scope: { readonly fingerprint: string | null }, facts: ActionFacts): void;
}

/** The pauses between looks are at least so long, and so many times as long as a look took. */
const PAUSE_MIN_MS = 10_000;
const PAUSE_SHARE = 20;
const LOOK_MAX_MS = 5_000;
const REHEARSAL_MAX_MS = 60_000;
const CAUSES_SHOWN = 100;

export class LettersBoard {
  readonly #options: LettersBoardOptions;
  readonly #topics: readonly string[];
  readonly #stop = new AbortController();
  #look: LettersLook | null = null;
  #problem: string | null = null;
  #lookAgainAt = -Infinity;
  /** Since the last look began. */
  #isExpired = false;
  #looking: Promise<void> | null = null;
  #rehearsal: RehearsalState | null = null;
  #rehearsing: Promise<void> | null = null;

  constructor(options: LettersBoardOptions) {
    this.#options = options;
    this.#topics = deadLetterTopics(options.config);
  }

  /** What is known; has a look in the background when it is time for one. */
  document(): Omit<DeadLettersDocument, "redrive"> {
    this.#lookIfDue();
    const rehearsal = this.#rehearsal;
    return { topics: this.#topics, problem: this.#problem, look: this.#look, rehearsal };
  }

  /**
   * Rehearses letters in the background; `document` tells what comes of it.
   *
   * @throws ActionError while another rehearsal is under way, or there are no letters by DLQ_TOPIC=none
   */
  rehearse(scope: { readonly fingerprint: string | null }, facts: ActionFacts): void {
    if (this.#topics.length === 0) throw new ActionError("DLQ_TOPIC=none keeps no dead letters");
    if (this.#rehearsing !== null) {
      const by = this.#rehearsal?.by ?? "somebody";
      throw new ActionError(`Wait for the rehearsal of ${by} to end`, { status: 409 });
    }
    this.#options.telemetry.rehearsed(scope, facts);
    const startedAt = this.#now();
    this.#rehearsal = {
      by: facts.by,
      fingerprint: scope.fingerprint,
      startedAt,
      endedAt: null,
      isComplete: false,
      problem: null,
      count: 0,
      causes: [],
      failures: [],
    };
    const filter = { ...EVERY_LETTER, fingerprint: scope.fingerprint };
    // A look that is under way ends first, soon.
    const before = this.#looking ?? Promise.resolve();
    this.#rehearsing = before.then(() => this.#rehearse(filter)).finally(() => {
      this.#rehearsing = null;
    });
  }

  /** What is known is old: the next one who asks has a look taken. */
  expire(): void {
    this.#lookAgainAt = -Infinity;
    this.#isExpired = true;
  }

  /** Nothing more is read; resolves when what is under way has ended, which open requests hold up. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#looking, this.#rehearsing]);
  }

  #lookIfDue(): void {
    const { clock } = this.#options;
    const isIdle = this.#looking === null && this.#rehearsing === null;
    const isOver = this.#stop.signal.aborted || this.#topics.length === 0;
    if (!isIdle || isOver || clock.now() < this.#lookAgainAt) return;
    const startedAt = clock.now();
    this.#isExpired = false;
    this.#looking = this.#lookOnce().finally(() => {
      const tookMs = clock.now() - startedAt;
      const pauseMs = Math.max(PAUSE_MIN_MS, PAUSE_SHARE * tookMs);
      this.#lookAgainAt = this.#isExpired ? -Infinity : clock.now() + pauseMs;
      this.#looking = null;
    });
  }

  /** Never rejects. */
  async #lookOnce(): Promise<void> {
    const at = this.#now();
    const count = new LettersCount(at);
    try {
      const { source, report } = await this.#read(EVERY_LETTER, {
        maxMs: LOOK_MAX_MS,
        take: (letters) => letters.forEach((letter) => count.add(letter)),
      });
      const { consoleShowValues } = this.#options.config;
      const { causes } = count.summary(consoleShowValues ? "all" : "ours");
      this.#look = {
        at,
        isComplete: report.isComplete,
        count: count.count,
        settled: source.settledUnknown === null ? report.settled : null,
        causes: causes.slice(0, CAUSES_SHOWN),
        moreCauses: Math.max(0, causes.length - CAUSES_SHOWN),
      };
      this.#problem = null;
    } catch (error) {
      this.#problem = textOf(error);
    }
  }

  /** Never rejects. */
  async #rehearse(filter: LetterFilter): Promise<void> {
    const { clock, handlers, config } = this.#options;
    const { handlerTimeoutMs } = config;
    const rehearsal = new Rehearsal({ clock, handlers, handlerTimeoutMs });
    let problem: string | null = null;
    let isComplete = false;
    try {
      const { report } = await this.#read(filter, {
        maxMs: REHEARSAL_MAX_MS,
        take: async (letters) => {
          await rehearsal.add(letters);
          this.#showRehearsal(rehearsal.report());
        },
      });
      ({ isComplete } = report);
    } catch (error) {
      problem = textOf(error);
    }
    this.#showRehearsal(rehearsal.report(), { endedAt: this.#now(), isComplete, problem });
  }

  #showRehearsal(
    { count, causes, failures }: RehearsalReport,
    end: Partial<Pick<RehearsalState, "endedAt" | "isComplete" | "problem">> = {},
  ): void {
    if (this.#rehearsal === null) return;
    this.#rehearsal = {
      ...this.#rehearsal,
      ...end,
      count,
      causes: causes.slice(0, CAUSES_SHOWN).map((cause) => ({
        fingerprint: cause.fingerprint,
        count: cause.count,
        ...cause.prospects,
      })),
      failures: failures.slice(0, CAUSES_SHOWN),
    };
  }

  async #read(
    filter: LetterFilter,
    { maxMs, take }: {
      readonly maxMs: number;
      readonly take: (letters: Parameters<Rehearsal["add"]>[0]) => void | Promise<void>;
    },
  ): Promise<{ readonly source: LetterSourceTopics; readonly report: ReadingReport }> {
    const { clock, lookUp } = this.#options;
    const timeUp = new AbortController();
    const signal = AbortSignal.any([timeUp.signal, this.#stop.signal]);
    const cancel = clock.schedule(maxMs, () => timeUp.abort());
    try {
      const source = await lookUp(signal);
      const reading = readLetters({ ...source, filter, signal });
      for (;;) {
        const page = await reading.next();
        if (page.done) return { source, report: page.value };
        await take(page.value);
      }
    } finally {
      cancel();
    }
  }

  #now(): number {
    return Math.trunc(this.#options.clock.wallTime());
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
