/**
 * The access token of the moment. It is renewed well before its end, in the background, so that no authentication has to
 * wait for the endpoint; while that is away the old one serves to its end. One request at a time, however many ask.
 */
import type { Clock } from "../processing/clock.ts";
import { requestDelayMs } from "../processing/retry.ts";
import type { IssuedToken } from "./token_endpoint.ts";

export interface AccessTokensOptions {
  readonly clock: Clock;
  /** Gets one more. Has a deadline of its own. */
  readonly request: () => Promise<IssuedToken>;
  /** A request failed; the next is made after `delayMs` at the earliest. */
  readonly onFailed: (
    facts: { readonly attempt: number; readonly delayMs: number; readonly error: unknown },
  ) => void;
  /** The first one after failures. */
  readonly onIssuedAgain: (facts: { readonly attempts: number }) => void;
}

/**
 * Of its life, when to renew a token: between these shares. A session with a broker ends with the token, and is
 * renewed after 80 % of it (kafkajs.ts), which should find the new token.
 */
const RENEW_FROM = 0.6;
const RENEW_TO = 0.7;
/** Not used any more so long before its end: a broker's clock may be ahead, and it has to travel. */
const MARGIN_SHARE = 0.05;
const MARGIN_MAX_MS = 10_000;
/** Where nobody says how long a token lives. */
const UNKNOWN_LIFE_MS = 300_000;
/** The longest that a timer is set for. */
const LIFE_MAX_MS = 86_400_000;
/** From one to two of these. */
const AFTER_REFUSAL_MS = 1_000;
const BACKOFF = { backoffMs: 250, backoffMaxMs: 10_000 } as const;

export class AccessTokens {
  readonly #options: AccessTokensOptions;
  #current: { readonly token: string; readonly until: number } | null = null;
  #requesting: Promise<string> | null = null;
  #failures = 0;
  #retryAt = -Infinity;
  #lastError: unknown = null;
  #cancelRenewal = () => {};
  #stopped = false;

  constructor(options: AccessTokensOptions) {
    this.#options = options;
  }

  /** A token that is good now. Rejects with what `request` threw last, also while the next try has to wait. */
  async get(): Promise<string> {
    const { clock } = this.#options;
    const current = this.#current;
    if (current !== null && clock.now() < current.until) return current.token;
    if (this.#requesting === null && clock.now() < this.#retryAt) throw this.#lastError;
    return await this.#request();
  }

  /** A broker did not take it: another one is asked for, a moment later, as it may not be taken either. */
  refused(token: string, error: unknown): void {
    if (this.#current?.token !== token) return;
    const { clock } = this.#options;
    this.#current = null;
    this.#cancelRenewal();
    this.#lastError = error;
    this.#retryAt = clock.now() + AFTER_REFUSAL_MS * (1 + clock.random());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRenewal();
  }

  #request(): Promise<string> {
    this.#requesting ??= this.#options.request().then(
      (issued) => this.#take(issued),
      (error) => this.#fail(error),
    ).finally(() => {
      this.#requesting = null;
    });
    return this.#requesting;
  }

  #take({ token, lifeMs }: IssuedToken): string {
    const { clock } = this.#options;
    const life = Math.min(lifeMs ?? UNKNOWN_LIFE_MS, LIFE_MAX_MS);
    if (this.#failures > 0) this.#options.onIssuedAgain({ attempts: this.#failures });
    this.#failures = 0;
    this.#current = {
      token,
      until: clock.now() + life - Math.min(MARGIN_MAX_MS, life * MARGIN_SHARE),
    };
    this.#renewIn(life * (RENEW_FROM + (RENEW_TO - RENEW_FROM) * clock.random()));
    return token;
  }

  #fail(error: unknown): never {
    const { clock, onFailed } = this.#options;
    this.#failures += 1;
    const delayMs = requestDelayMs(this.#failures, BACKOFF, clock.random());
    this.#lastError = error;
    this.#retryAt = clock.now() + delayMs;
    if (!this.#stopped) onFailed({ attempt: this.#failures, delayMs, error });
    // Once the old one is at its end, whoever authenticates asks.
    if (this.#current !== null && clock.now() < this.#current.until) this.#renewIn(delayMs);
    throw error;
  }

  #renewIn(delayMs: number): void {
    this.#cancelRenewal();
    if (this.#stopped) return;
    this.#cancelRenewal = this.#options.clock.schedule(delayMs, () => {
      this.#request().catch(() => {}); // told by onFailed
    });
  }
}
