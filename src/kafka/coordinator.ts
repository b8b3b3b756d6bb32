/**
 * Which broker coordinates our group. Looked up again after every doubt, by one look-up at a time, for as long as it
 * takes; when it turns out to be another broker, whoever waits on the old one is woken.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import { requestDelayMs } from "../processing/retry.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE } from "./error_codes.ts";
import type { BrokerAddress } from "./protocol.ts";

export interface CoordinatorOptions {
  readonly caller: Caller;
  readonly clock: Clock;
  /** Asks the cluster once. */
  readonly lookUp: () => Promise<BrokerAddress>;
  /** A look-up failed; it is tried again. */
  readonly onFailed: (error: unknown) => void;
}

const BACKOFF = { backoffMs: 100, backoffMaxMs: 1_000 } as const;

/** Nobody will look for the coordinator any more. */
export class CoordinatorStoppedError extends Error {
  override readonly name = "CoordinatorStoppedError";
}

export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #stop = new AbortController();
  #current: BrokerAddress | null = null;
  #last: BrokerAddress | null = null;
  #looking: Promise<BrokerAddress> | null = null;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
  }

  /** The broker that is believed to be the coordinator; null while in doubt. */
  get current(): BrokerAddress | null {
    return this.#current;
  }

  /**
   * The coordinator, when one is found.
   *
   * @throws CoordinatorStoppedError after `stop`
   */
  find(): Promise<BrokerAddress> {
    if (this.#current !== null) return Promise.resolve(this.#current);
    this.#looking ??= this.#lookUp().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** `broker` did not behave like the coordinator; ignored when another is known by now. */
  doubt(broker: BrokerAddress): void {
    if (this.#current === broker) this.#current = null;
  }

  /**
   * Whether `code` is about who coordinates, and so says nothing about us. Doubts `broker` where that fits; a
   * coordinator that is still loading the group is the right one.
   */
  isCoordinatorTrouble(code: number, broker: BrokerAddress): boolean {
    if (code === ERROR_CODE.COORDINATOR_LOAD_IN_PROGRESS) return true;
    if (code !== ERROR_CODE.NOT_COORDINATOR && code !== ERROR_CODE.COORDINATOR_NOT_AVAILABLE) {
      return false;
    }
    this.doubt(broker);
    return true;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #lookUp(): Promise<BrokerAddress> {
    const { clock, lookUp, onFailed } = this.#options;
    for (let tries = 1; !this.#stop.signal.aborted; tries += 1) {
      try {
        return this.#found(await lookUp());
      } catch (error) {
        onFailed(error);
      }
      await sleep(clock, requestDelayMs(tries, BACKOFF, clock.random()), this.#stop.signal);
    }
    throw new CoordinatorStoppedError("Cannot find the coordinator: the service stops");
  }

  #found(broker: BrokerAddress): BrokerAddress {
    const last = this.#last;
    if (last !== null && (last.host !== broker.host || last.port !== broker.port)) {
      for (const purpose of ["group", "commit", "heartbeat"] as const) {
        this.#options.caller.drop(last, purpose, "the coordinator moved");
      }
    }
    this.#current = this.#last = broker;
    return broker;
  }
}
