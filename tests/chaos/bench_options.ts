/** What a chaos run is made of, and how a fault is described: what may follow from it, and within which bounds. */
import type { FaultWindow } from "../support/oracle.ts";
import type { HandlerPlan } from "../support/recording.ts";
import type { Route } from "./cluster.ts";

/** What runs. */
export interface BenchOptions {
  /** 12 by default. */
  readonly partitions?: number;
  readonly replicas?: number;
  /** Messages a second; 300 by default. */
  readonly rate?: number;
  /** Different keys; 600 by default. */
  readonly users?: number;
  /** Share of messages that end as dead letters; 0 by default. */
  readonly invalidShare?: number;
  /** Service processes at the start; 3 by default. */
  readonly processes?: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly plan?: HandlerPlan;
  readonly isStatic?: boolean;
  /** `DIRECT` by default. */
  readonly route?: Route;
  /** Of the process at the first place, where it has a way of its own. */
  readonly firstRoute?: Route;
  /** Nothing is done to the process at the first place: it shows what time does to one. */
  readonly sparesFirst?: boolean;
  readonly seed?: number;
  /** Committed offsets may go back within the faults: the log itself does. */
  readonly mayGoBack?: boolean;
}

/** How much may be done again because of a fault. */
export type Repeats =
  /** Nothing at all. */
  | "none"
  /** A thousandth of all messages of the run, over all faults of this kind together. */
  | "graceful"
  /** What was in flight, and what finished within one commit interval, of the processes concerned. */
  | "abrupt";

/** What may follow from a fault. */
export interface FaultOptions {
  /** From the end of the fault until everything moves again and little waits; two minutes by default. */
  readonly healWithinMs?: number;
  /** Another process may have started what the one that was killed, frozen or cut off had not ended. */
  readonly mayOverlap?: boolean;
  /** "none" by default. */
  readonly repeats?: Repeats;
  /** No partition may stand still for longer; not looked at by default. */
  readonly stallBoundMs?: number;
}

/** A fault that was injected. */
export interface Fault extends FaultWindow, FaultOptions {
  readonly name: string;
  /** Processes whose work may be done again; all of them when empty. */
  readonly victims: readonly string[];
}

/** The defaults of the service, not the short times of other tests: what is measured is what users get. */
export const SETTINGS: Readonly<Record<string, string>> = {
  ENVIRONMENT: "production",
  SESSION_TIMEOUT_MS: "10000",
  HEARTBEAT_INTERVAL_MS: "1000",
  FETCH_MAX_WAIT_MS: "500",
  AUTO_COMMIT_INTERVAL_MS: "500",
  PROCESSING_BACKOFF_MS: "200",
  PROCESSING_BACKOFF_MAX_MS: "10000",
};
export const SESSION_MS = Number(SETTINGS["SESSION_TIMEOUT_MS"]);
export const COMMIT_INTERVAL_MS = Number(SETTINGS["AUTO_COMMIT_INTERVAL_MS"]);
/** As set for the brokers of tests: after so long without a heartbeat a broker is taken for dead. */
export const BROKER_SESSION_MS = 6_000;
export const CONCURRENCY = 64;
export const PLAN: HandlerPlan = { minMs: 10, maxMs: 90 };
/** Much is in flight at any time, and two cores have enough left for three brokers. */
export const RATE = 300;
