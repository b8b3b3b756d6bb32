/**
 * Time as the core sees it. The core never asks the runtime for the time, a timer or a random number: it is
 * given a `Clock`, so that a test can run a day of retries in a millisecond and repeat it from a seed.
 */
export interface Clock {
  /** Milliseconds on a monotonic clock. Only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970, for what people read: dead-letter headers and log lines. */
  wallTime(): number;
  /** Calls `wake` once after `delayMs`; the answer cancels it. Cancelling twice, or too late, does nothing. */
  schedule(delayMs: number, wake: () => void): () => void;
  /** A number in [0, 1), for jitter. */
  random(): number;
}

/** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      cancel();
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = clock.schedule(delayMs, wake);
    signal?.addEventListener("abort", wake, { once: true });
  });
}
