/** How long a message waits before it is tried again. */

/** Bounds of the waits. */
export interface Backoff {
  /** Upper bound of the first wait. */
  readonly backoffMs: number;
  /** Upper bound of every wait. */
  readonly backoffMaxMs: number;
}

/**
 * Exponential with full jitter: anything from 0 up to `backoffMs` doubled with each failed attempt, at most
 * `backoffMaxMs`. Full jitter spreads a crowd of messages that failed together.
 *
 * @param attempt the attempt that failed, from 1
 * @param random in [0, 1)
 */
export function retryDelayMs(
  attempt: number,
  { backoffMs, backoffMaxMs }: Backoff,
  random: number,
): number {
  const bound = Math.min(backoffMaxMs, backoffMs * 2 ** (attempt - 1));
  return Math.floor(random * (bound + 1));
}
