/**
 * Sends dead letters: one record, one partition, one answer, acknowledged by all in-sync replicas. A send over several
 * partitions through kafkajs's producer can resolve and store nothing (producer/sendMessages.js); here each answer is
 * looked at, and only an error code of 0 with an offset counts.
 */
import type { Clock } from "../processing/clock.ts";
import {
  type DeadLetter,
  DeadLetterRefused,
  type DeadLetterSink,
} from "../processing/dead_letter.ts";
import type { Coordinates } from "../processing/message.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE, errorCodeText } from "./error_codes.ts";
import type { PartitionLeader } from "./metadata.ts";
import { produce } from "./produce_request.ts";
import { writeRecordBatch } from "./record_batch_writer.ts";

export interface DeadLetterProducerOptions {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly metadata: {
    leader(
      partition: { readonly topic: string; readonly partition: number },
    ): PartitionLeader | undefined;
    partitionsOf(topic: string): readonly number[];
    doubt(): void;
  };
  /** Where a letter belongs. */
  readonly topicFor: (letter: DeadLetter) => string;
  readonly requestTimeoutMs: number;
}

/** The broker will never take the record as it is. */
const REFUSED_FOR_EVER: ReadonlySet<number> = new Set([
  ERROR_CODE.MESSAGE_TOO_LARGE,
  ERROR_CODE.RECORD_LIST_TOO_LARGE,
  ERROR_CODE.INVALID_RECORD,
]);
/** Over the broker's own wait for its replicas. */
const ANSWER_GRACE_MS = 2_000;

export class DeadLetterProducer implements DeadLetterSink {
  readonly #options: DeadLetterProducerOptions;

  constructor(options: DeadLetterProducerOptions) {
    this.#options = options;
  }

  async send(
    letter: DeadLetter,
    { compressed }: { readonly compressed: boolean },
  ): Promise<Coordinates> {
    const { caller, clock, metadata, requestTimeoutMs } = this.#options;
    const topic = this.#options.topicFor(letter);
    const partition = this.#partitionFor(topic, letter.source.partition);
    const leader = metadata.leader({ topic, partition });
    if (leader === undefined) {
      metadata.doubt();
      throw new Error(`Cannot write a dead letter, no leader is known for: ${topic}/${partition}`);
    }
    const { key, value, headers } = letter;
    const timestamp = letter.timestamp ?? Math.trunc(clock.wallTime());
    const record = { key, value, headers, timestamp };
    const batch = await writeRecordBatch([record], compressed ? "gzip" : "none");
    const answer = await caller.call({
      to: leader.broker,
      purpose: "produce",
      request: produce({ topic, partition, batch, timeoutMs: requestTimeoutMs }),
      deadlineMs: requestTimeoutMs + ANSWER_GRACE_MS,
    }).catch((error) => {
      metadata.doubt();
      throw error;
    });
    if (answer.errorCode === ERROR_CODE.NONE && answer.offset >= 0) {
      return { topic, partition, offset: answer.offset };
    }
    const text = `${topic}/${partition} refused a dead letter: ${errorCodeText(answer.errorCode)}`;
    if (REFUSED_FOR_EVER.has(answer.errorCode)) throw new DeadLetterRefused(text);
    metadata.doubt();
    throw new Error(text);
  }

  /** The source's partition number where the dead-letter topic has it, so that order per partition is kept. */
  #partitionFor(topic: string, source: number): number {
    const count = this.#options.metadata.partitionsOf(topic).length;
    return count === 0 ? source : source % count;
  }
}
