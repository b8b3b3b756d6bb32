/** By how much timers come too late: what computes too long keeps heartbeats and probes waiting for as long. */
import type { Clock } from "../processing/clock.ts";
import type { Histogram } from "./metrics/histogram.ts";

const EVERY_MS = 250;

/** Looks four times a second, until the answer is called. */
export function watchEventLoop(clock: Clock, delay: Histogram): () => void {
  let cancel = () => {};
  const look = () => {
    const dueAt = clock.now() + EVERY_MS;
    cancel = clock.schedule(EVERY_MS, () => {
      delay.observe(Math.max(0, clock.now() - dueAt) / 1000);
      look();
    });
  };
  look();
  return () => cancel();
}
