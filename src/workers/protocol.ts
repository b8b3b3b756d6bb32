/**
 * What main thread and workers say to each other. All of it is plain data that can be cloned; a worker knows nothing
 * of the others, and whatever it says of itself is a whole picture, so that none has to arrive before another.
 */
import type { ConfigSources } from "../config.ts";
import type { Counts } from "../ops/counts.ts";
import type { ExitCode } from "../ops/exit.ts";
import type { HealthFacts } from "../ops/health.ts";
import type { ActionFacts, ActionScope, LetterScope } from "../ops/http/actions.ts";
import type { LogLevel } from "../ops/log_entry.ts";
import type { MeasuresData } from "../ops/measures.ts";
import type { RecentDeadLetter, RecentLoss, RecentRebalance } from "../ops/recent.ts";
import type { ServiceStatus, SlowSnapshot } from "../ops/snapshot.ts";
import type { Share } from "./split.ts";

/** To a worker. */
export type Order =
  | Begin
  /** All have reached Kafka: join the group. */
  | { readonly type: "join" }
  /** Drain, commit, leave; answered by `stopped`. */
  | { readonly type: "stop" }
  | { readonly type: "log_level"; readonly level: LogLevel }
  | { readonly type: "ask"; readonly id: number; readonly question: Question };

/** The first order of all. */
export interface Begin {
  readonly type: "begin";
  readonly share: Share;
  /** The worker makes its settings of the same sources, so that secrets stay in their files. */
  readonly sources: Pick<ConfigSources, "flags" | "env">;
  readonly version: string;
}

/** What is to be done and answered while it runs. */
export type Question =
  | {
    readonly what: "pause" | "resume";
    readonly scope: ActionScope;
    readonly facts: ActionFacts;
  }
  | { readonly what: "rehearse"; readonly scope: LetterScope; readonly facts: ActionFacts }
  | { readonly what: "dead_letters" }
  | { readonly what: "expire_dead_letters" };

/** From a worker. */
export type News =
  /** It has reached Kafka and waits for `join`. */
  | { readonly type: "connected" }
  | { readonly type: "report"; readonly report: WorkerReport }
  | LogNews
  | Answer
  /** It cannot go on, and waits for `stop`. */
  | { readonly type: "ended"; readonly exitCode: ExitCode; readonly message: string }
  /** Nobody caught this: the process is to end at once. */
  | { readonly type: "broke"; readonly error: PlainError }
  | { readonly type: "stopped"; readonly abandoned: number; readonly report: WorkerReport };

/** A line of the log. */
export interface LogNews {
  readonly type: "log";
  readonly level: LogLevel;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The field `error`, where it is one. */
  readonly error: PlainError | null;
}

export interface Answer {
  readonly type: "answer";
  readonly id: number;
  readonly value: unknown;
  /** An ActionError instead; null when it is done. */
  readonly refusal: { readonly text: string; readonly status: number } | null;
}

/** An error as data: a clone would lose its name and code. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
  readonly cause: string | undefined;
}

/** All that a worker shows, as of one moment. */
export interface WorkerReport {
  readonly status: ServiceStatus;
  readonly health: HealthFacts;
  readonly counts: Counts;
  readonly measures: MeasuresData;
  readonly slowest: readonly SlowSnapshot[];
  readonly happened: Happened;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
}

/** Of late, the newest first. */
export interface Happened {
  readonly deadLetters: readonly RecentDeadLetter[];
  readonly losses: readonly RecentLoss[];
  readonly rebalance: RecentRebalance | null;
}

/** A worker reports so often. */
export const REPORT_EVERY_MS = 1_000;
/** Messages in flight that a report shows. */
export const SLOWEST_MAX = 10;
