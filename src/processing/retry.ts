/** How long to wait before trying again: exponential with full jitter, capped. */
export interface Backoff {
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

/** Milliseconds before the attempt after `attempt` (1 for the first); `random` in [0, 1) spreads the herd. */
export function retryDelayMs(attempt: number, backoff: Backoff, random: number): number {
  const exponent = Math.min(attempt - 1, 30);
  return Math.round(random * Math.min(backoff.backoffMaxMs, backoff.backoffMs * 2 ** exponent));
}
