/**
 * A Clock in virtual time: nothing happens until a test moves it. Timers run in the order of their times, those of
 * the same time in the order they were scheduled, and after each of them the promises it settled have run on.
 */
import type { Clock } from "../../src/processing/clock.ts";
import { seededRandom } from "./seeded_random.ts";

export interface ManualClockOptions {
  /** What `now` says first; 1000 by default, so that a forgotten zero shows. */
  readonly nowMs?: number;
  /** What `wallTime` says first; 2024-01-15T10:30:45Z by default. */
  readonly wallTimeMs?: number;
  /** For `random`; 1 by default. */
  readonly seed?: number;
  /** How deep chains of promises may be that have to run on before the next timer. */
  readonly microtaskRounds?: number;
}

interface Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Promise reactions that follow each other, as deep as any chain of the core. */
const MICROTASK_ROUNDS = 12;

export class ManualClock implements Clock {
  readonly #random: () => number;
  readonly #wallOffsetMs: number;
  readonly #microtaskRounds: number;
  /** In the order in which they are due. */
  #timers: Timer[] = [];
  #scheduled = 0;
  #now: number;

  constructor(options: ManualClockOptions = {}) {
    this.#now = options.nowMs ?? 1000;
    this.#wallOffsetMs = (options.wallTimeMs ?? Date.UTC(2024, 0, 15, 10, 30, 45)) - this.#now;
    this.#random = seededRandom(options.seed ?? 1);
    this.#microtaskRounds = options.microtaskRounds ?? MICROTASK_ROUNDS;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now + this.#wallOffsetMs;
  }

  random(): number {
    return this.#random();
  }

  schedule(delayMs: number, wake: () => void): () => void {
    this.#scheduled += 1;
    const timer = { dueAt: this.#now + Math.max(0, delayMs), order: this.#scheduled, wake };
    this.#insert(timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** Timers that have not run. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer; null when there is none. */
  get nextInMs(): number | null {
    const next = this.#timers[0];
    return next === undefined ? null : Math.max(0, next.dueAt - this.#now);
  }

  /** Time passes without a timer running, as in a handler that computes: the timers are late then. */
  pass(durationMs: number): void {
    this.#now += durationMs;
  }

  /** Moves on by `durationMs` and runs everything that is due on the way, also what that schedules. */
  async advance(durationMs: number): Promise<void> {
    const until = this.#now + durationMs;
    await this.settle();
    while (this.#timers[0] !== undefined && this.#timers[0].dueAt <= until) await this.runNext();
    this.#now = Math.max(this.#now, until);
  }

  /** Moves to the next timer and runs it; false when there is none. */
  async runNext(): Promise<boolean> {
    const next = this.#timers.shift();
    if (next === undefined) return false;
    this.#now = Math.max(this.#now, next.dueAt);
    next.wake();
    await this.settle();
    return true;
  }

  /** Lets the promises that are settled run on; no time passes. */
  async settle(): Promise<void> {
    for (let round = 0; round < this.#microtaskRounds; round++) await null;
  }

  #insert(timer: Timer): void {
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1] as Timer).dueAt > timer.dueAt) at -= 1;
    this.#timers.splice(at, 0, timer);
  }
}
