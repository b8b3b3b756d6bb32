/**
 * Sees to it at start that each source topic has its dead-letter topic: as many partitions and replicas as the source,
 * room for the largest source message with our headers, kept until somebody deals with it.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE, errorCodeText } from "./error_codes.ts";
import type { Metadata } from "./metadata.ts";
import { fromKafkajs, type Throttled } from "./protocol.ts";

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

const TOPIC_RESOURCE = 2;
/** Apache Kafka's default of max.message.bytes, for brokers that do not tell. */
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** Room for the dead letter's headers. */
const HEADERS_BYTES = 65_536;
const LOOK_AGAIN_MS = 100;
const APPEAR_TRIES = 50;

interface TopicShape {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

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
  const refusal = await create(shape, options);
  if (refusal !== null) {
    const command = createCommand(shape);
    throw new DeadLetterTopicError(
      `Create the dead-letter topic, the broker did not (${refusal.reason}): ${command}`,
      refusal.errorCode,
    );
  }
  for (let tries = 0; tries < APPEAR_TRIES; tries++) {
    await metadata.refresh();
    const topic = metadata.topic(shape.name);
    if (topic?.errorCode === ERROR_CODE.NONE && topic.partitions.length > 0) return shape;
    await sleep(clock, LOOK_AGAIN_MS);
  }
  throw new DeadLetterTopicError(
    `Check the dead-letter topic, it was created but does not appear: ${shape.name}`,
    null,
  );
}

/** What a person would type to create the topic. */
function createCommand({ name, partitions, replicationFactor, configs }: TopicShape): string {
  const flags = Object.entries(configs).map(([key, value]) => ` --config ${key}=${value}`).join("");
  return `kafka-topics.sh --bootstrap-server <broker> --create --topic ${name} ` +
    `--partitions ${partitions} --replication-factor ${replicationFactor}${flags}`;
}

async function shapeAfter(
  names: { readonly source: string; readonly deadLetterTopic: string },
  options: DeadLetterTopicOptions,
): Promise<TopicShape> {
  const source = options.metadata.topic(names.source);
  const maxMessageBytes = await readMaxMessageBytes(names.source, options);
  return {
    name: names.deadLetterTopic,
    partitions: Math.max(1, source?.partitions.length ?? 1),
    replicationFactor: Math.max(1, source?.partitions[0]?.replicas ?? 1),
    configs: {
      "cleanup.policy": "delete",
      "max.message.bytes": String(maxMessageBytes + HEADERS_BYTES),
      "retention.ms": String(options.retentionMs),
    },
  };
}

async function readMaxMessageBytes(
  topic: string,
  options: DeadLetterTopicOptions,
): Promise<number> {
  const [to] = options.metadata.brokers;
  if (to === undefined) return DEFAULT_MAX_MESSAGE_BYTES;
  const request = fromKafkajs<
    Throttled & {
      readonly resources: readonly {
        readonly errorCode: number;
        readonly configEntries: readonly { configName: string; configValue: string | null }[];
      }[];
    }
  >("DescribeConfigs", {
    resources: [{ type: TOPIC_RESOURCE, name: topic, configNames: ["max.message.bytes"] }],
  });
  const deadlineMs = options.requestTimeoutMs;
  const answer = await options.caller.call({ to, purpose: "metadata", request, deadlineMs });
  const entry = answer.resources[0]?.configEntries
    .find(({ configName }) => configName === "max.message.bytes");
  // Without the right to describe configs the entry is missing; the default is the best guess.
  return Number(entry?.configValue ?? DEFAULT_MAX_MESSAGE_BYTES);
}

interface NotCreated {
  readonly errorCode: number | null;
  readonly reason: string;
}

/** Null when the topic stands; else why not. */
async function create(
  shape: TopicShape,
  options: DeadLetterTopicOptions,
): Promise<NotCreated | null> {
  const { caller, metadata, requestTimeoutMs } = options;
  const to = metadata.controller ?? metadata.brokers[0];
  if (to === undefined) return { errorCode: null, reason: "no broker is known" };
  const request = fromKafkajs<
    Throttled & {
      readonly topicErrors: readonly { errorCode: number; errorMessage: string | null }[];
    }
  >("CreateTopics", {
    topics: [{
      topic: shape.name,
      numPartitions: shape.partitions,
      replicationFactor: shape.replicationFactor,
      configEntries: Object.entries(shape.configs).map(([name, value]) => ({ name, value })),
    }],
    timeout: requestTimeoutMs,
    validateOnly: false,
  });
  const deadlineMs = requestTimeoutMs * 2;
  const answer = await caller.call({ to, purpose: "metadata", request, deadlineMs });
  const [result] = answer.topicErrors;
  if (result === undefined) return { errorCode: null, reason: "no answer for the topic" };
  const { errorCode, errorMessage } = result;
  if (errorCode === ERROR_CODE.NONE || errorCode === ERROR_CODE.TOPIC_ALREADY_EXISTS) return null;
  const texts = [errorCodeText(errorCode), errorMessage];
  return { errorCode, reason: texts.filter((text) => text !== null).join(", ") };
}
