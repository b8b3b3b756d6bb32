/** The clock of the machine, for everything that is given a `Clock`. */
import process from "node:process";
import type { Clock } from "../processing/clock.ts";

/** Longer delays would overflow a timer and fire at once. */
const TIMER_MAX_MS = 2_147_483_647;

/** Monotonic time, wall time, timers and chance of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  random: () => Math.random(),
  schedule(delayMs, wake) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (restMs: number): void => {
      timer = setTimeout(() => {
        if (restMs > TIMER_MAX_MS) wait(restMs - TIMER_MAX_MS);
        else wake();
      }, Math.min(restMs, TIMER_MAX_MS));
    };
    wait(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** Milliseconds of processor time that this process has had, on all its threads. */
export function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
