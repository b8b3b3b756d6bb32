/** What happened since the last time, in one line every so often: enough for who does not look at metrics. */
import type { Clock } from "../processing/clock.ts";
import type { Logger } from "../processing/message.ts";
import type { Counts } from "./counts.ts";

export interface SummaryOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly counts: () => Counts;
  /** Null while it is not known. */
  readonly lag: () => number | null;
}

/** One INFO line every `intervalMs`, until the answer is called. */
export function startSummary(
  { logger, clock, intervalMs, counts, lag }: SummaryOptions,
): () => void {
  let last = counts();
  const report = () => {
    const now = counts();
    logger.info("Processed {processed} messages", {
      processed: now.processed - last.processed,
      deadLettered: now.deadLettered - last.deadLettered,
      lag: lag() ?? "unknown",
    });
    last = now;
    cancel = clock.schedule(intervalMs, report);
  };
  let cancel = clock.schedule(intervalMs, report);
  return () => cancel();
}
