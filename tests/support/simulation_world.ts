/** What the parts of a simulation share. */
import type { OffsetRange } from "../../src/processing/offset_ranges.ts";
import type { Partition } from "../../src/processing/partition.ts";
import type { ManualClock } from "./manual_clock.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { SimulatedLog } from "./simulated_log.ts";
import type { Entry } from "./simulation_history.ts";

export interface World {
  readonly random: SeededRandom;
  readonly clock: ManualClock;
  readonly note: (entry: Entry) => void;
}

/** One partition: its log, what the group has of it, and who of us reads it. */
export interface Place {
  readonly log: SimulatedLog;
  committed: number | null;
  /** What the commit says of what is done above it. */
  done: readonly OffsetRange[];
  owner: Owner | null;
}

export function newPlace(log: SimulatedLog): Place {
  return { log, committed: null, done: [], owner: null };
}

/** One time of owning it. */
export interface Owner {
  readonly id: number;
  readonly partition: Partition;
  readonly place: Place;
  /** A fetch is under way. */
  isAsking: boolean;
}

/** Waits in virtual time, and counts its timers: those that are left beside them are the core's. */
export class Waits {
  readonly #clock: ManualClock;
  pending = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  for(delayMs: number): Promise<void> {
    this.pending += 1;
    return new Promise((resolve) =>
      this.#clock.schedule(delayMs, () => {
        this.pending -= 1;
        resolve();
      })
    );
  }
}

/** Each value as often as its weight says, to pick from. */
export function weighted<T>(table: readonly (readonly [weight: number, value: T])[]): readonly T[] {
  return table.flatMap(([weight, value]) => Array.from({ length: weight }, () => value));
}
