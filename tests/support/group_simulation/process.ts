/**
 * A process in virtual time, as its clock: whatever runs in it was woken by a timer or by an answer, and both pass
 * here. So it can be frozen, which holds everything back until it thaws, and killed, after which nothing runs any more.
 */
import type { Clock } from "../../../src/processing/clock.ts";
import type { ManualClock } from "../manual_clock.ts";

export type ProcessState = "running" | "frozen" | "dead";

export class SimulatedProcess implements Clock {
  readonly #world: ManualClock;
  readonly #timers = new Set<() => void>();
  #state: ProcessState = "running";
  #held: (() => void)[] = [];

  constructor(world: ManualClock) {
    this.#world = world;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Timers that have neither run nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#world.now();
  }

  wallTime(): number {
    return this.#world.wallTime();
  }

  random(): number {
    return this.#world.random();
  }

  schedule(delayMs: number, wake: () => void): () => void {
    let cancelInWorld = () => {};
    const cancel = () => {
      this.#timers.delete(cancel);
      cancelInWorld();
    };
    this.#timers.add(cancel);
    cancelInWorld = this.#world.schedule(delayMs, () =>
      this.run(() => {
        if (this.#timers.delete(cancel)) wake();
      }));
    return cancel;
  }

  /** Something reaches the process: it acts on it now, once it thaws, or never. */
  run(task: () => void): void {
    if (this.#state === "running") task();
    else if (this.#state === "frozen") this.#held.push(task);
  }

  freeze(): void {
    if (this.#state === "running") this.#state = "frozen";
  }

  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    const held = this.#held;
    this.#held = [];
    // Each in a turn of its own, as in an event loop.
    for (const task of held) this.#world.schedule(0, () => this.run(task));
  }

  kill(): void {
    this.#state = "dead";
    this.#held = [];
    for (const cancel of [...this.#timers]) cancel();
  }
}
