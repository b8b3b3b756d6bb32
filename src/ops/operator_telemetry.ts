/** What is reported of an operator's actions, for whoever asks later who did what: a part of telemetry.ts. */
import type { Logger, TopicPartition } from "../processing/message.ts";
import type { ActionFacts, ActionScope } from "./http/actions.ts";
import { partitionRanges } from "./partition_ranges.ts";
import type { SparingLog } from "./sparing_log.ts";

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

  rehearsed(
    { fingerprint }: { readonly fingerprint: string | null },
    { by, from }: ActionFacts,
  ): void {
    const cause = fingerprint ?? "all";
    this.#logger.info("Dead letters rehearsed by an operator", { fingerprint: cause, by, from });
  }

  /** Somebody who does not know CONSOLE_TOKEN tried to act. */
  intrusion({ path, from }: { readonly path: string; readonly from: string }): void {
    this.#sparing.warning("Action refused: not the token of CONSOLE_TOKEN", { path, from }, from);
  }
}

function scopeText(scope: ActionScope): string {
  return scope === "all" ? "all" : partitionRanges(scope as readonly TopicPartition[]);
}
