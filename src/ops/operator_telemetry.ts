/** What is reported of an operator's actions, for whoever asks later who did what: a part of telemetry.ts. */
import type { Logger, TopicPartition } from "../processing/message.ts";
import type { ActionFacts, ActionScope, LetterScope } from "./http/actions.ts";
import { partitionRanges } from "./partition_ranges.ts";
import type { SparingLog } from "./sparing_log.ts";

/** What a redrive came to. */
export interface RedriveEnd {
  readonly taken: number;
  readonly processed: number;
  readonly skipped: number;
  readonly returned: number;
  readonly parked: number;
  readonly ending: string | null;
  readonly reason: string | null;
}

export class OperatorTelemetry {
  readonly #logger: Logger;
  readonly #sparing: SparingLog;

  constructor({ logger, sparing }: { readonly logger: Logger; readonly sparing: SparingLog }) {
    this.#logger = logger;
    this.#sparing = sparing;
  }

  paused(scope: ActionScope, { by, reason, from }: ActionFacts): void {
    const partitions = scopeText(scope);
    this.#logger.warning("Partitions paused by an operator", { partitions, by, reason, from });
  }

  resumed(scope: ActionScope, { by, reason, from }: ActionFacts): void {
    const partitions = scopeText(scope);
    this.#logger.info("Partitions resumed by an operator", { partitions, by, reason, from });
  }

  rehearsed(scope: LetterScope, { by, from }: ActionFacts): void {
    const fingerprint = causeText(scope);
    this.#logger.info("Dead letters rehearsed by an operator", { fingerprint, by, from });
  }

  redriven(scope: LetterScope, { by, from }: ActionFacts): void {
    const fingerprint = causeText(scope);
    this.#logger.warning("Dead letters redriven by an operator", { fingerprint, by, from });
  }

  redriveStopped({ by, from }: ActionFacts): void {
    this.#logger.warning("Redrive stopped by an operator", { by, from });
  }

  /** With a reason where it could not go on. */
  redriveEnded({ reason, ...counts }: RedriveEnd): void {
    if (reason === null) this.#logger.info("Redrive ended", counts);
    else this.#logger.error("Redrive ended early", { ...counts, reason });
  }

  /** Somebody who does not know CONSOLE_TOKEN tried to act. */
  intrusion({ path, from }: { readonly path: string; readonly from: string }): void {
    this.#sparing.warning("Action refused: not the token of CONSOLE_TOKEN", { path, from }, from);
  }
}

function scopeText(scope: ActionScope): string {
  return scope === "all" ? "all" : partitionRanges(scope as readonly TopicPartition[]);
}

function causeText({ fingerprint }: LetterScope): string {
  return fingerprint ?? "all";
}
