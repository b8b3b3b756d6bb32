/**
 * Brings the raw bytes of a batch that cannot be read to the dead-letter topic, as processing/dead_letter_writer.ts does
 * with messages: reduced where the broker refuses it, tried again for ever where it is not there.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import {
  type DeadLetter,
  deadLetterFor,
  DeadLetterRefused,
  type DeadLetterSink,
  type Reduction,
  REDUCTIONS,
} from "../processing/dead_letter.ts";
import type { Partition } from "../processing/partition.ts";
import { type Backoff, requestDelayMs, retryDelayMs } from "../processing/retry.ts";
import type { ProcessingTelemetry, StoredDeadLetter } from "../processing/telemetry.ts";

export interface QuarantineWriterOptions extends Backoff {
  readonly clock: Clock;
  /** Null drops what cannot be read, on purpose: DLQ_TOPIC=none. */
  readonly deadLetters: DeadLetterSink | null;
  readonly groupId: string;
  readonly serviceVersion: string;
  /** The lease: a send is a side effect. */
  readonly mayStart: () => boolean;
  readonly telemetry: Pick<ProcessingTelemetry, "deadLetterDelayed">;
}

/** A batch to be put away. */
export interface DamagedBatch {
  readonly raw: Uint8Array;
  /** The offsets [from, to) that it stands for, from the first that was not read on. */
  readonly from: number;
  readonly to: number;
  /** Where it begins, as its header says. */
  readonly base: number;
  readonly code: string;
  /** For people. */
  readonly reason: string;
  /** How often it was fetched, and when it first could not be read: milliseconds since 1970. */
  readonly tries: number;
  readonly firstAt: number;
}

/** A local look, no request: it need not become rarer. */
const NOT_NOW = { backoffMs: 700, backoffMaxMs: 700 } as const;

export class QuarantineWriter {
  readonly #options: QuarantineWriterOptions;

  constructor(options: QuarantineWriterOptions) {
    this.#options = options;
  }

  /** Where it was stored; null when it is dropped on purpose, undefined when nobody wants it stored any more. */
  async store(
    batch: DamagedBatch,
    { partition, isWanted }: { readonly partition: Partition; readonly isWanted: () => boolean },
  ): Promise<StoredDeadLetter | null | undefined> {
    const { clock, deadLetters, mayStart } = this.#options;
    let reduced = 0;
    for (let delays = 0; isWanted();) {
      if (!mayStart() || partition.state !== "active") {
        await sleep(clock, requestDelayMs(1, NOT_NOW, clock.random()), partition.signal);
        continue;
      }
      if (deadLetters === null) return null;
      const reduction = REDUCTIONS[reduced] as Reduction;
      try {
        const letter = this.#letterFor(batch, { partition, reduction });
        const { compressed } = reduction;
        const place = await deadLetters.send(letter, { compressed, signal: partition.signal });
        return { ...place, reduced: reduction.reduced };
      } catch (error) {
        if (error instanceof DeadLetterRefused) {
          reduced = (reduced + 1) % REDUCTIONS.length;
          if (reduced > 0) continue;
        }
        delays += 1;
        await this.#pause(batch, { partition, error, delays });
      }
    }
    return undefined;
  }

  #letterFor(
    batch: DamagedBatch,
    { partition: { topic, partition }, reduction }: {
      readonly partition: Partition;
      readonly reduction: Reduction;
    },
  ): DeadLetter {
    const { clock, groupId, serviceVersion } = this.#options;
    const { raw, from, to, base, code, reason, tries, firstAt } = batch;
    const message = {
      topic,
      partition,
      offset: from,
      timestamp: -1,
      key: null,
      value: raw,
      headers: [],
      leaderEpoch: -1,
    };
    const facts = {
      failure: { stage: "read" as const, code, message: reason },
      attempts: tries,
      firstFailedAt: firstAt,
      lastFailedAt: clock.wallTime(),
      groupId,
      serviceVersion,
      batch: { first: from, last: to - 1, base },
    };
    return deadLetterFor(message, { facts, reduction });
  }

  async #pause(
    { from }: DamagedBatch,
    { partition, error, delays }: { partition: Partition; error: unknown; delays: number },
  ): Promise<void> {
    const { clock, telemetry } = this.#options;
    const delayMs = retryDelayMs(delays, this.#options, clock.random());
    const at = { topic: partition.topic, partition: partition.partition, offset: from };
    telemetry.deadLetterDelayed(at, { attempt: delays, delayMs, error });
    await sleep(clock, delayMs, partition.signal);
  }
}
