/**
 * One try to reach Kafka at start: a broker answers, the topics are there and ours to read, the group is ours to join,
 * each topic has its dead-letter topic. Nothing is retried here; the caller knows how often and how far apart.
 */
import { type DeadLetterTopicOptions, ensureDeadLetterTopic } from "./dead_letter_topic.ts";
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "./error_codes.ts";
import { CoordinatorError, type Metadata } from "./metadata.ts";

export interface ConnectOptions extends DeadLetterTopicOptions {
  readonly metadata: Metadata;
  readonly topics: readonly string[];
  readonly groupId: string;
  /** Source topic -> dead-letter topic; null when dead letters are dropped on purpose. */
  readonly deadLetterTopicFor: ((source: string) => string) | null;
}

/** A topic cannot be consumed: it is missing, or not ours. */
export class TopicError extends Error {
  override readonly name = "TopicError";
  readonly topic: string;
  readonly errorCode: number;
  constructor(topic: string, errorCode: number) {
    super(`Topic ${topic}: ${errorCodeText(errorCode)}`);
    this.topic = topic;
    this.errorCode = errorCode;
  }
}

/**
 * @returns the dead-letter topics that were created
 * @throws TopicError, CoordinatorError, DeadLetterTopicError, or what Connections throws
 */
export async function connectOnce(options: ConnectOptions): Promise<readonly string[]> {
  const { metadata, topics, groupId, deadLetterTopicFor } = options;
  metadata.track(topics);
  await metadata.refresh();
  for (const name of topics) {
    const code = metadata.topic(name)?.errorCode ?? ERROR_CODE.UNKNOWN_TOPIC_OR_PARTITION;
    // Without a leader for a moment is no reason to wait: the fetcher copes with that.
    const usable = code === ERROR_CODE.NONE || code === ERROR_CODE.LEADER_NOT_AVAILABLE;
    if (!usable) throw new TopicError(name, code);
  }
  await metadata.findCoordinator(groupId).catch((error) => {
    // A new cluster makes its offsets topic at the first such question; the member asks again until it is there.
    const refused = !(error instanceof CoordinatorError) || isAuthorizationCode(error.errorCode);
    if (refused) throw error;
  });
  if (deadLetterTopicFor === null) return [];
  const created: string[] = [];
  for (const source of topics) {
    const names = { source, deadLetterTopic: deadLetterTopicFor(source) };
    const shape = await ensureDeadLetterTopic(names, options);
    if (shape !== null) created.push(shape.name);
  }
  return created;
}
