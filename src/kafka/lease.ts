/**
 * Until when the coordinator cannot have given our partitions to another member: a session after the last good
 * heartbeat was sent, and in a rebalance no longer than the group waits for its members. Covers a frozen process and a
 * blocked loop, too: nobody has to notice for the time to run out.
 */
import type { Clock } from "../processing/clock.ts";

export interface LeaseOptions {
  readonly clock: Clock;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

export class Lease {
  readonly #options: LeaseOptions;
  #until = -Infinity;
  /** When something was sent that a stable group answered: no rebalance that we did not hear of began before. */
  #stableAt = -Infinity;
  #lastHeartbeatAt = -Infinity;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** May a new side effect start? */
  get holds(): boolean {
    return this.#options.clock.now() < this.#until;
  }

  /** Monotonic time of the last answer that showed us as a member; -Infinity before the first. */
  get lastHeartbeatAt(): number {
    return this.#lastHeartbeatAt;
  }

  /**
   * The coordinator answered a request of `sentAt` as it answers a member. While the group rebalances, a member whose
   * join does not arrive is one no more when the time for joining is over, however often it sends heartbeats.
   */
  renew(sentAt: number, group: "stable" | "rebalancing" = "stable"): void {
    const { clock, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    this.#lastHeartbeatAt = clock.now();
    if (group === "stable") this.#stableAt = Math.max(this.#stableAt, sentAt);
    const untilJoined = group === "stable" ? Infinity : this.#stableAt + rebalanceTimeoutMs;
    this.#until = Math.max(this.#until, Math.min(sentAt + sessionTimeoutMs, untilJoined));
  }

  end(): void {
    this.#until = -Infinity;
  }
}
