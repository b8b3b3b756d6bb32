/** What the watchdog reports: a part of telemetry.ts. */
import type { Logger, TopicPartition } from "../processing/message.ts";
import type { RunningCounts } from "./counts.ts";
import { partitionRanges } from "./partition_ranges.ts";
import type { SparingLog } from "./sparing_log.ts";
import type { StalledPartitions, WatchdogTelemetry } from "./watchdog.ts";

export class StallTelemetry implements WatchdogTelemetry {
  readonly #logger: Logger;
  readonly #sparing: SparingLog;
  readonly #counts: RunningCounts;

  constructor({ logger, sparing, counts }: {
    readonly logger: Logger;
    readonly sparing: SparingLog;
    readonly counts: RunningCounts;
  }) {
    this.#logger = logger;
    this.#sparing = sparing;
    this.#counts = counts;
  }

  partitionsStalled(
    { partitions, cause, reason, message, forMs, isLong }: StalledPartitions,
  ): void {
    const fields = {
      partitions: partitionRanges(partitions),
      cause,
      reason,
      forMs,
      offset: message?.offset,
      attempt: message?.attempt,
      ageMs: message?.ageMs ?? undefined,
    };
    if (isLong) {
      this.#logger.error("Partitions still stand still, a restart would not help", fields);
    } else {
      this.#counts.stalls += partitions.length;
      this.#sparing.warning("Partitions stand still", fields, `${fields.partitions} ${cause}`);
    }
  }

  partitionsMove({ partitions }: { partitions: readonly TopicPartition[] }): void {
    this.#logger.info("Partitions go on", { partitions: partitionRanges(partitions) });
  }

  loopWasBlocked({ forMs }: { forMs: number }): void {
    this.#logger.warning("Event loop was blocked: no heartbeat and no timer could run", { forMs });
  }

  processWasFrozen({ forMs }: { forMs: number }): void {
    this.#logger.warning("Process was frozen: suspended, or without a processor", { forMs });
  }
}
