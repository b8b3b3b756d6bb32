/** What a dead-letter topic looks like, and the request that creates it, or only asks whether it would be created. */
import type { Caller } from "./connections.ts";
import { ERROR_CODE, errorCodeText } from "./error_codes.ts";
import { describeConfigs } from "./inspection_requests.ts";
import type { TopicInfo } from "./metadata_request.ts";
import { type BrokerAddress, fromKafkajs, type Throttled } from "./protocol.ts";

export interface TopicCreationOptions {
  readonly caller: Caller;
  readonly metadata: {
    topic(name: string): TopicInfo | undefined;
    readonly brokers: readonly BrokerAddress[];
    readonly controller: BrokerAddress | undefined;
  };
  readonly requestTimeoutMs: number;
  /** Milliseconds for which the topic keeps dead letters; -1 until they are dealt with. */
  readonly retentionMs: number;
}

export interface TopicShape {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** Apache Kafka's default of max.message.bytes, for brokers that do not tell. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** Room for the dead letter's headers. */
export const HEADERS_BYTES = 65_536;

/** What a person would type to create the topic. */
export function createCommand(
  { name, partitions, replicationFactor, configs }: TopicShape,
): string {
  const flags = Object.entries(configs).map(([key, value]) => ` --config ${key}=${value}`).join("");
  return `kafka-topics.sh --bootstrap-server <broker> --create --topic ${name} ` +
    `--partitions ${partitions} --replication-factor ${replicationFactor}${flags}`;
}

/** As many partitions and replicas as the source, and room for its largest message with our headers. */
export async function shapeAfter(
  names: { readonly source: string; readonly deadLetterTopic: string },
  options: TopicCreationOptions,
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

async function readMaxMessageBytes(topic: string, options: TopicCreationOptions): Promise<number> {
  const [to] = options.metadata.brokers;
  if (to === undefined) return DEFAULT_MAX_MESSAGE_BYTES;
  const request = describeConfigs("topic", [topic], ["max.message.bytes"]);
  const deadlineMs = options.requestTimeoutMs;
  const answer = await options.caller.call({ to, purpose: "metadata", request, deadlineMs });
  const entry = answer.resources[0]?.configEntries
    .find(({ configName }) => configName === "max.message.bytes");
  // Without the right to describe configs the entry is missing; the default is the best guess.
  return Number(entry?.configValue ?? DEFAULT_MAX_MESSAGE_BYTES);
}

/** Why a topic was not created, or would not be. */
export interface NotCreated {
  readonly errorCode: number | null;
  readonly reason: string;
}

/** Null when the topic stands, or with `validateOnly` would; else why not. */
export async function askToCreate(
  shape: TopicShape,
  options: TopicCreationOptions,
  { validateOnly }: { readonly validateOnly: boolean },
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
    validateOnly,
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
