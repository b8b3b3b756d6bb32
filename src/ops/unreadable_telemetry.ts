/** What is reported of record batches that cannot be read: a part of telemetry.ts. */
import { fingerprintOf } from "../processing/fingerprint.ts";
import type { Coordinates, Logger, TopicPartition } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";
import type { StoredDeadLetter } from "../processing/telemetry.ts";
import type { RunningCounts } from "./counts.ts";
import type { LabelledCounter } from "./metrics/labelled_counter.ts";
import type { SparingLog } from "./sparing_log.ts";

export class UnreadableTelemetry {
  readonly #logger: Logger;
  readonly #sparing: SparingLog;
  readonly #counts: RunningCounts;
  /** Dead letters by fingerprint. */
  readonly #causes: LabelledCounter;
  /** Topic-partition -> the last batch that could not be read, which is reported at each try. */
  readonly #unreadable = new Map<string, number>();

  constructor({ logger, sparing, counts, causes }: {
    readonly logger: Logger;
    readonly sparing: SparingLog;
    readonly counts: RunningCounts;
    readonly causes: LabelledCounter;
  }) {
    this.#logger = logger;
    this.#sparing = sparing;
    this.#counts = counts;
    this.#causes = causes;
  }

  /** Told again and again while the partition stands before the batch. */
  batchUnreadable(
    { topic, partition, baseOffset, lastOffset, code, message }: TopicPartition & {
      readonly baseOffset: number;
      readonly lastOffset: number;
      readonly code: string;
      readonly message: string;
    },
  ): void {
    const place = partitionKey({ topic, partition });
    if (this.#unreadable.get(place) !== baseOffset) this.#counts.unreadableBatches += 1;
    this.#unreadable.set(place, baseOffset);
    const fields = { topic, partition, baseOffset, lastOffset, code, reason: message };
    this.#sparing.error("Record batch unreadable", fields, place);
  }

  /** `stored` is null only with `DLQ_TOPIC=none`: the batch is dropped on purpose. */
  batchQuarantined(
    { topic, partition, from, to, bytes, code, reason, stored }: TopicPartition & {
      readonly from: number;
      readonly to: number;
      readonly bytes: number;
      readonly code: string;
      readonly reason: string;
      readonly stored: StoredDeadLetter | null;
    },
  ): void {
    const fingerprint = fingerprintOf({ stage: "read", code });
    this.#causes.add([fingerprint]);
    const fields = { topic, partition, from, to, bytes, code, fingerprint, reason };
    if (stored === null) return this.#logger.error("Record batch dropped", fields);
    this.#counts.quarantinedBatches += 1;
    this.#logger.error("Record batch dead-lettered as it was", {
      ...fields,
      deadLetterTopic: stored.topic,
      deadLetterPartition: stored.partition,
      deadLetterOffset: stored.offset,
      reduced: stored.reduced,
    });
  }

  /** Told again and again while it lasts. */
  partitionStalled({ reason, ...at }: Coordinates & { readonly reason: string }): void {
    const key = partitionKey(at);
    this.#sparing.error("Partition stands still until something is done", { ...at, reason }, key);
  }

  partitionGoesOn(at: Coordinates): void {
    this.#logger.info("Partition goes on: nothing unreadable is left at its position", {
      topic: at.topic,
      partition: at.partition,
      offset: at.offset,
    });
  }
}
