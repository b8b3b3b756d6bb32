/** What one seed tells the core to keep to. */
import { READING } from "./reading.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { Limits } from "./simulation_history.ts";

/** The same for every seed. */
export const SETTINGS = {
  ...READING,
  handlerTimeoutMs: 1_000,
  backoffMs: 100,
  backoffMaxMs: 1_000,
} as const;

const BREAKERS = [{ deadLetters: 0, of: 2 }, { deadLetters: 1, of: 3 }, { deadLetters: 2, of: 4 }];

export function randomLimits(random: SeededRandom): Limits {
  return {
    concurrency: random.between(1, 6),
    maxAttempts: random.between(1, 3),
    windowMessages: random.between(2, 20),
    windowBytes: random.between(500, 20_000),
    hasDeadLetters: random.chance(0.9),
    breaker: random.chance(0.5) ? random.pick(BREAKERS) : null,
  };
}
