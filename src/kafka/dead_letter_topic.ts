/**
 * Sees to it at start that each source topic has its dead-letter topic: as many partitions and replicas as the source,
 * room for the largest source message with our headers, kept until somebody deals with it.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import { requestDelayMs } from "../processing/retry.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE } from "./error_codes.ts";
import type { Metadata } from "./metadata.ts";
import { askToCreate, createCommand, shapeAfter, type TopicShape } from "./topic_creation.ts";

export interface DeadLetterTopicOptions {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly metadata: Metadata;
  readonly requestTimeoutMs: number;
  /** Milliseconds for which the topic keeps dead letters; -1 until they are dealt with. */
  readonly retentionMs: number;
}

/** The dead-letter topic is missing and was not created; the message holds the command that does it. */
export class DeadLetterTopicError extends Error {
  override readonly name = "DeadLetterTopicError";
  /** Why the broker did not create it; null where it gave no reason. */
  readonly errorCode: number | null;
  constructor(message: string, errorCode: number | null) {
    super(message);
    this.errorCode = errorCode;
  }
}

const LOOK_AGAIN = { backoffMs: 100, backoffMaxMs: 1_000 } as const;
/** Ten seconds and more. */
const APPEAR_TRIES = 16;

/**
 * Creates `deadLetterTopic` after the pattern of `source` unless it exists.
 *
 * @returns the topic's shape when it was created, null when it was there
 * @throws DeadLetterTopicError when the broker refuses to create it, or it does not appear
 */
export async function ensureDeadLetterTopic(
  names: { readonly source: string; readonly deadLetterTopic: string },
  options: DeadLetterTopicOptions,
): Promise<TopicShape | null> {
  const { metadata, clock } = options;
  metadata.track([names.deadLetterTopic]);
  await metadata.refresh();
  if (metadata.topic(names.deadLetterTopic)?.errorCode === ERROR_CODE.NONE) return null;
  const shape = await shapeAfter(names, options);
  const refusal = await askToCreate(shape, options, { validateOnly: false });
  if (refusal !== null) {
    const command = createCommand(shape);
    throw new DeadLetterTopicError(
      `Create the dead-letter topic, the broker did not (${refusal.reason}): ${command}`,
      refusal.errorCode,
    );
  }
  for (let tries = 1; tries <= APPEAR_TRIES; tries += 1) {
    await metadata.refresh();
    const topic = metadata.topic(shape.name);
    if (topic?.errorCode === ERROR_CODE.NONE && topic.partitions.length > 0) return shape;
    await sleep(clock, requestDelayMs(tries, LOOK_AGAIN, clock.random()));
  }
  throw new DeadLetterTopicError(
    `Check the dead-letter topic, it was created but does not appear: ${shape.name}`,
    null,
  );
}
