/**
 * Who writes dead letters, and how each says where a message was and why it failed: the names of the headers and how
 * numbers are written. From the writers' own sources: Kafka Connect's DeadLetterQueueReporter (KIP-298), Kafka Streams'
 * ExceptionHandlerUtils (KIP-1034), Spring's DeadLetterPublishingRecoverer and KafkaHeaders, share groups' KIP-1191.
 */
import type { Header } from "../processing/message.ts";

/** `ours` is this service, `kafka` a broker for a share group, `unknown` says nothing that we can read. */
export type FamilyName = "ours" | "kafka" | "connect" | "streams" | "spring" | "unknown";

/** The headers that answer one question: the first of these names that is there does. */
type Names = readonly string[];

export interface Family {
  readonly name: FamilyName;
  /** What its headers begin with; all others are the message's own. */
  readonly prefixes: readonly string[];
  readonly topic: Names;
  readonly partition: Names;
  readonly offset: Names;
  /** Milliseconds since 1970; `record`: the letter carries the message's own timestamp. */
  readonly timestamp: Names | "record";
  readonly group: Names;
  readonly stage: Names;
  /** A code, or the name of a class. */
  readonly code: Names;
  readonly reason: Names;
  readonly attempts: Names;
}

/** What this service writes beside the names of KIP-1191. */
export const OURS = "__dlq.processing.";
const ERRORS = "__dlq.errors.";
const CONNECT = "__connect.errors.";
const STREAMS = "__streams.errors.";

export const UNKNOWN: Family = {
  name: "unknown",
  prefixes: [],
  topic: [],
  partition: [],
  offset: [],
  timestamp: [],
  group: [],
  stage: [],
  code: [],
  reason: [],
  attempts: [],
};

const KAFKA: Family = {
  name: "kafka",
  prefixes: [ERRORS],
  topic: [`${ERRORS}topic`],
  partition: [`${ERRORS}partition`],
  offset: [`${ERRORS}offset`],
  timestamp: [],
  group: [`${ERRORS}group`],
  stage: [],
  code: [],
  reason: [`${ERRORS}message`],
  attempts: [`${ERRORS}delivery.count`],
};

const FAMILIES: readonly Family[] = [
  {
    ...KAFKA,
    name: "ours",
    prefixes: [OURS, ERRORS],
    timestamp: [`${OURS}original.timestamp`],
    stage: [`${OURS}stage`],
    code: [`${OURS}code`],
  },
  KAFKA,
  {
    ...UNKNOWN,
    name: "connect",
    prefixes: [CONNECT],
    topic: [`${CONNECT}topic`],
    partition: [`${CONNECT}partition`],
    offset: [`${CONNECT}offset`],
    timestamp: "record",
    group: [`${CONNECT}connector.name`],
    stage: [`${CONNECT}stage`],
    code: [`${CONNECT}exception.class.name`],
    reason: [`${CONNECT}exception.message`],
  },
  {
    ...UNKNOWN,
    name: "streams",
    prefixes: [STREAMS],
    topic: [`${STREAMS}topic`],
    partition: [`${STREAMS}partition`],
    offset: [`${STREAMS}offset`],
    timestamp: "record",
    // `Class: message`, as Java prints an exception.
    code: [`${STREAMS}exception`],
    reason: [`${STREAMS}message`],
  },
  {
    ...UNKNOWN,
    name: "spring",
    prefixes: [
      "kafka_dlt-",
      "kafka_original-",
      "kafka_exception-",
      "kafka_key-exception-",
      "retry_topic-",
    ],
    topic: ["kafka_dlt-original-topic", "kafka_original-topic"],
    partition: ["kafka_dlt-original-partition", "kafka_original-partition"],
    offset: ["kafka_dlt-original-offset", "kafka_original-offset"],
    timestamp: ["kafka_dlt-original-timestamp", "kafka_original-timestamp"],
    group: ["kafka_dlt-original-consumer-group", "kafka_original-consumer-group"],
    // The outer class only says that a listener failed.
    code: [
      "kafka_dlt-exception-cause-fqcn",
      "kafka_exception-cause-fqcn",
      "kafka_dlt-exception-fqcn",
      "kafka_exception-fqcn",
      "kafka_dlt-key-exception-fqcn",
      "kafka_key-exception-fqcn",
    ],
    reason: [
      "kafka_dlt-exception-message",
      "kafka_exception-message",
      "kafka_dlt-key-exception-message",
      "kafka_key-exception-message",
    ],
    attempts: ["retry_topic-attempts"],
  },
];

/** Writers append: whoever wrote last made it a dead letter, whatever the message had been through before. */
export function familyOf(headers: readonly Header[]): Family {
  for (const [name] of headers.toReversed()) {
    const family = FAMILIES.find(({ prefixes }) => beginsWithAny(name, prefixes));
    // A broker's letter has none of our names.
    if (family?.name === "ours" && !headers.some(([each]) => each.startsWith(OURS))) return KAFKA;
    if (family !== undefined) return family;
  }
  return UNKNOWN;
}

/** The headers that the message had before this family made it a dead letter. */
export function originalHeaders(headers: readonly Header[], { prefixes }: Family): Header[] {
  return headers.filter(([name]) => !beginsWithAny(name, prefixes));
}

function beginsWithAny(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}
