/**
 * Stops a flood of dead letters: when over a share of a partition's last messages end as such, something is wrong with
 * their producer or with us, and not with them. Counts outcomes, knows whether it is open and why; what that means for
 * the partition is breakers.ts's business.
 */
import type { Failure } from "./telemetry.ts";

/** Open when more than `deadLetters` of the last `of` messages are dead letters. */
export interface BreakerLimits {
  readonly deadLetters: number;
  readonly of: number;
}

/** Why it is open. */
export interface BreakerReason {
  readonly deadLetters: number;
  /** Out of so many. */
  readonly of: number;
  /** The last failure of the most frequent code among them. */
  readonly failure: Failure;
}

/** Once closed again it needs no more than this to open, until as many as at first went well. */
const PROBATION_MESSAGES = 20;

export class Breaker {
  readonly #limits: BreakerLimits | null;
  /** The last outcomes in a ring: the code of a dead letter, null for a message that went well. */
  #outcomes: (string | null)[] = [];
  #at = 0;
  #bad = 0;
  /** By code, of what is in the ring. */
  readonly #failures = new Map<string, { count: number; last: Failure }>();
  #reason: BreakerReason | null = null;
  #isOnProbation = false;
  #forgivenBefore = -1;

  /** Null: it never opens. */
  constructor(limits: BreakerLimits | null) {
    this.#limits = limits;
  }

  get isOpen(): boolean {
    return this.#reason !== null;
  }

  /** Null while it is closed. */
  get reason(): BreakerReason | null {
    return this.#reason;
  }

  /** Takes an outcome; null went well. True when this one opens it. */
  record(offset: number, failure: Failure | null): boolean {
    const limits = this.#limits;
    if (limits === null || this.isOpen || offset < this.#forgivenBefore) return false;
    this.#count(failure, limits.of);
    if (failure === null) return false;
    const { deadLetters, of } = limits;
    const least = Math.min(PROBATION_MESSAGES, of);
    const sample = this.#isOnProbation ? Math.max(this.#outcomes.length, least) : of;
    if (this.#bad * of <= deadLetters * sample) return false;
    this.#reason = {
      deadLetters: this.#bad,
      of: this.#outcomes.length,
      failure: this.#mostFrequent(failure),
    };
    return true;
  }

  /** Counts anew. Dead letters before `forgivenBefore` do not count: what comes after is known to be good. */
  close(forgivenBefore = -1): void {
    this.#reason = null;
    this.#isOnProbation = true;
    this.#forgivenBefore = forgivenBefore;
    this.#outcomes = [];
    this.#at = 0;
    this.#bad = 0;
    this.#failures.clear();
  }

  #count(failure: Failure | null, of: number): void {
    const oldest = this.#outcomes[this.#at] ?? null;
    if (oldest !== null) this.#forget(oldest);
    this.#outcomes[this.#at] = failure?.code ?? null;
    this.#at = (this.#at + 1) % of;
    if (failure === null) return;
    this.#bad += 1;
    const known = this.#failures.get(failure.code);
    if (known === undefined) this.#failures.set(failure.code, { count: 1, last: failure });
    else Object.assign(known, { count: known.count + 1, last: failure });
  }

  #forget(code: string): void {
    this.#bad -= 1;
    const known = this.#failures.get(code);
    if (known === undefined) return;
    known.count -= 1;
    if (known.count === 0) this.#failures.delete(code);
  }

  #mostFrequent(otherwise: Failure): Failure {
    let most = { count: 0, last: otherwise };
    for (const each of this.#failures.values()) if (each.count > most.count) most = each;
    return most.last;
  }
}
