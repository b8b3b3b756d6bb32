/** How long a message, and a request to a broker, waits before it is tried again. */

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
  return Math.floor(random * (boundMs(attempt, { backoffMs, backoffMaxMs }) + 1));
}

/**
 * Exponential with half jitter: from half of the bound that `retryDelayMs` has up to all of it. For requests: many of
 * us, or many loops of one, spread, and none of them asks again at once.
 *
 * @param attempt the attempt that failed, from 1
 * @param random in [0, 1)
 */
export function requestDelayMs(attempt: number, backoff: Backoff, random: number): number {
  return Math.round(boundMs(attempt, backoff) * (0.5 + random / 2));
}

function boundMs(attempt: number, { backoffMs, backoffMaxMs }: Backoff): number {
  return Math.min(backoffMaxMs, backoffMs * 2 ** (attempt - 1));
}
