/** What can be seen of what consumes: of the service in this thread, or of all workers together. */
import type { Counts } from "../ops/counts.ts";
import type { HealthFacts } from "../ops/health.ts";
import type { ActionFacts, LetterScope, PartitionActions } from "../ops/http/actions.ts";
import type { DeadLettersDocument } from "../ops/http/dead_letters.ts";
import type { Measures } from "../ops/measures.ts";
import type { RatesSnapshot } from "../ops/rates.ts";
import type { Recent } from "../ops/recent.ts";
import type { ServiceStatus, SlowSnapshot, WorkerSnapshot } from "../ops/snapshot.ts";

export interface Observed {
  readonly service: ObservedService;
  counts(): Counts;
  measures(): Measures;
  health(): HealthFacts;
  /** What happened lately to messages and group. */
  happened(): Pick<Recent, "deadLetters" | "losses" | "rebalance">;
  /** What was logged lately. */
  readonly recent: Pick<Recent, "lines">;
  /** The heap of all threads but this one; null where there is no other. */
  readonly memory:
    | (() => { readonly heapUsedBytes: number; readonly externalBytes: number })
    | null;
  /** Each by itself; null where this thread consumes. */
  readonly workers: (() => readonly WorkerSnapshot[]) | null;
}

export interface ObservedService {
  readonly operator: PartitionActions;
  readonly deadLetters: ObservedLetters;
  status(): ServiceStatus;
  rates(): RatesSnapshot | null;
  /** Messages that were begun and are not done, the slowest first. */
  slowest(max: number): readonly SlowSnapshot[];
}

export interface ObservedLetters {
  document(): LettersDocument | Promise<LettersDocument>;
  rehearse(scope: LetterScope, facts: ActionFacts): void | Promise<void>;
  expire(): void;
}

type LettersDocument = Omit<DeadLettersDocument, "redrive">;
