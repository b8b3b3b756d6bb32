/**
 * Where dead letters lie, for those who read them without being in a group: the topics, their partitions, and what of
 * them is settled. Nothing is created, committed or joined.
 */
import type { Config } from "../config.ts";
import { deadLetterTopic } from "../config.ts";
import { committedOffsets } from "../kafka/committed_offsets.ts";
import { TopicError } from "../kafka/connect.ts";
import type { Caller } from "../kafka/connections.ts";
import { ERROR_CODE } from "../kafka/error_codes.ts";
import { LogReader } from "../kafka/log_reader.ts";
import type { Metadata } from "../kafka/metadata.ts";
import type { Clock } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import { redriveGroup } from "./redrive_group.ts";
import { Settled } from "./settled.ts";

export interface SourceOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly caller: Caller;
  readonly metadata: Metadata;
  /** After it no question is asked again. */
  readonly signal?: AbortSignal | undefined;
}

export interface LetterSourceTopics {
  readonly topics: readonly string[];
  readonly partitions: readonly TopicPartition[];
  readonly reader: LogReader;
  readonly settled: Settled;
  /** Why it is not known what is settled; null when it is. */
  readonly settledUnknown: string | null;
}

/**
 * As fast as more, in half the memory: what was read is there until the garbage is collected. And a service is not held
 * up by a page.
 */
const FETCH_BYTES = 131_072;

/** The dead-letter topics of the settings, each once; none with DLQ_TOPIC=none. */
export function deadLetterTopics(config: Config): readonly string[] {
  const topics = config.kafkaTopic.map((topic) => deadLetterTopic(config, topic));
  return [...new Set(topics.filter((topic) => topic !== null))];
}

/**
 * Looks once.
 *
 * @throws TopicError when a topic is missing or refused, or what Caller.call throws when no broker answers
 */
export async function lookUpSource(options: SourceOptions): Promise<LetterSourceTopics> {
  const { config, clock, caller, metadata, signal } = options;
  const topics = deadLetterTopics(config);
  metadata.track(topics);
  await metadata.refresh();
  for (const topic of topics) {
    const code = metadata.topic(topic)?.errorCode ?? ERROR_CODE.UNKNOWN_TOPIC_OR_PARTITION;
    const isThere = code === ERROR_CODE.NONE || code === ERROR_CODE.LEADER_NOT_AVAILABLE;
    if (!isThere) throw new TopicError(topic, code);
  }
  const maxPartitionFetchBytes = Math.min(FETCH_BYTES, config.maxPartitionFetchBytes);
  const partitions = topics.flatMap((topic) =>
    metadata.partitionsOf(topic).map((partition) => ({ topic, partition }))
  );
  return {
    topics,
    partitions,
    reader: new LogReader({ ...config, maxPartitionFetchBytes, caller, metadata, clock, signal }),
    ...await lookUpSettled(options, partitions),
  };
}

async function lookUpSettled(
  { config, caller, metadata }: SourceOptions,
  partitions: readonly TopicPartition[],
): Promise<Pick<LetterSourceTopics, "settled" | "settledUnknown">> {
  const topicId = (topic: string) => metadata.topic(topic)?.id ?? null;
  const { requestTimeoutMs } = config;
  try {
    const committed = await committedOffsets(
      { caller, brokers: metadata.brokers, requestTimeoutMs },
      { groupId: redriveGroup(config), partitions },
    );
    return { settled: new Settled(committed, { topicId }), settledUnknown: null };
  } catch (error) {
    const settledUnknown = error instanceof Error ? error.message : String(error);
    return { settled: new Settled([], { topicId }), settledUnknown };
  }
}
