/**
 * Until when the coordinator cannot have given our partitions to another member: a session after the last good
 * heartbeat was sent. Covers a frozen process and a blocked loop, too: nobody has to notice for the time to run out.
 */
import type { Clock } from "../processing/clock.ts";

export class Lease {
  readonly #clock: Clock;
  readonly #sessionTimeoutMs: number;
  #until = -Infinity;
  #lastHeartbeatAt = -Infinity;

  constructor(clock: Clock, sessionTimeoutMs: number) {
    this.#clock = clock;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  /** May a new side effect start? */
  get holds(): boolean {
    return this.#clock.now() < this.#until;
  }

  /** Monotonic time of the last answer that showed us as a member; -Infinity before the first. */
  get lastHeartbeatAt(): number {
    return this.#lastHeartbeatAt;
  }

  /** The coordinator answered a request of `sentAt` as it answers a member. */
  renew(sentAt: number): void {
    this.#lastHeartbeatAt = this.#clock.now();
    this.#until = Math.max(this.#until, sentAt + this.#sessionTimeoutMs);
  }

  end(): void {
    this.#until = -Infinity;
  }
}
