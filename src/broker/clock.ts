/**
 * Time as the broker sees it: long polls, sessions and rebalances ask this clock, so that a test can run them on
 * virtual time. Whoever schedules a wake-up cancels it; a closed broker leaves no timer behind.
 */

/** What the broker needs of a clock. */
export interface BrokerClock {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Milliseconds since 1970. */
  wallTime(): number;
  /** Calls `wake` once after `delayMs`; the answer cancels it. Cancelling twice, or too late, does nothing. */
  schedule(delayMs: number, wake: () => void): () => void;
}

/** Longer delays would overflow a timer and fire at once. No session or poll is that long. */
const TIMER_MAX_MS = 2_147_483_647;

/** The clock of the machine. */
export const machineClock: BrokerClock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  schedule(delayMs, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(0, delayMs), TIMER_MAX_MS));
    return () => clearTimeout(timer);
  },
};
