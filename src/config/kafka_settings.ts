/** Settings of the way to Kafka: cluster, group and requests. */
import { onceByFlag, optional, required } from "./setting.ts";
import { boolean, decimal, endpoint, integer, kafkaName, list, oneOf, text } from "./values.ts";

const INT32_MAX = 2_147_483_647;
const HOUR_MS = 3_600_000;

export const KAFKA_SETTINGS = {
  KAFKA_BROKERS: required({
    group: "Kafka",
    type: list(endpoint({ defaultPort: 9092 }), "comma-separated host:port"),
    default: "localhost:9092",
    doc: "Brokers to start from, port 9092 where none is given; the others are learned from them",
  }),
  KAFKA_TOPIC: required({
    group: "Kafka",
    type: list(kafkaName(), "comma-separated topic names"),
    default: "user-activity-events",
    doc: "Topic to consume, or several; a missing one is never created",
  }),
  KAFKA_GROUP_ID: required({
    group: "Kafka",
    type: text("text", { maxLength: 255 }),
    default: "processing-service-group",
    doc: "Consumer group; all instances with the same one share the partitions",
  }),
  AUTO_OFFSET_RESET: required({
    group: "Kafka",
    type: oneOf(["earliest", "latest", "none"]),
    default: "earliest",
    doc: "Where to start when the group has no valid offset; `none` refuses and exits with 65",
  }),
  ENABLE_AUTO_COMMIT: required({
    group: "Kafka",
    type: boolean(),
    default: "true",
    doc: "Commit offsets, always after processing; `false` never commits, for trials",
  }),
  MAX_RETRIES: required({
    group: "Kafka",
    type: integer({ min: 0, max: 1_000_000 }),
    default: "5",
    doc: "Attempts to connect at start before exit 69; 0 is one attempt without a retry",
  }),
  RETRY_DELAY: required({
    group: "Kafka",
    type: decimal({ min: 0, max: 3_600 }),
    default: "10",
    doc: "Seconds between attempts to connect at start",
  }),
  ENVIRONMENT: required({
    group: "Kafka",
    type: text("text", { maxLength: 255 }),
    default: "development",
    doc: "Name of the environment; `development` logs each event, and in the pretty format",
  }),

  KAFKA_CLIENT_ID: required({
    group: "Kafka client",
    type: text("text", { maxLength: 255 }),
    default: "processing-service",
    doc: "Name of this client in the brokers' logs, metrics and quotas",
  }),
  KAFKA_GROUP_INSTANCE_ID: optional({
    group: "Kafka client",
    type: kafkaName(),
    unset: "dynamic membership",
    doc: "Makes this instance a static member; unique in the group, the same after a restart",
  }),
  SESSION_TIMEOUT_MS: required({
    group: "Kafka client",
    type: integer({ min: 1_000, max: 1_800_000 }),
    default: "10000",
    doc: "Milliseconds without a heartbeat after which the group gives the partitions away",
  }),
  HEARTBEAT_INTERVAL_MS: required({
    group: "Kafka client",
    type: integer({ min: 50, max: 600_000 }),
    default: "1000",
    doc:
      "Milliseconds between heartbeats, at most a third of SESSION_TIMEOUT_MS; a rebalance is heard of by them",
  }),
  REBALANCE_TIMEOUT_MS: required({
    group: "Kafka client",
    type: integer({ min: 1_000, max: HOUR_MS }),
    default: "30000",
    doc: "Milliseconds that the group waits for each member in a rebalance",
  }),
  REQUEST_TIMEOUT_MS: required({
    group: "Kafka client",
    type: integer({ min: 100, max: 600_000 }),
    default: "5000",
    doc: "Milliseconds until a request without an answer closes its connection",
  }),
  SOCKET_CONNECTION_SETUP_TIMEOUT_MS: required({
    group: "Kafka client",
    type: integer({ min: 100, max: 600_000 }),
    default: "3000",
    doc: "Milliseconds to connect to a broker, TLS included",
  }),
  METADATA_MAX_AGE_MS: required({
    group: "Kafka client",
    type: integer({ min: 1_000, max: HOUR_MS }),
    default: "5000",
    doc: "Milliseconds until brokers, partitions and leaders are asked for again",
  }),
  FETCH_PRESET: required({
    group: "Kafka client",
    type: oneOf(["latency", "balanced", "efficient"]),
    default: "balanced",
    doc:
      "What a fetch waits for where FETCH_MIN_BYTES and FETCH_MAX_WAIT_MS are not set themselves",
  }),
  FETCH_MIN_BYTES: required({
    group: "Kafka client",
    type: integer({ min: 1, max: INT32_MAX }),
    default: "1",
    preset: { by: "FETCH_PRESET", defaults: { efficient: "65536" } },
    doc: "Bytes that a broker gathers before it answers a fetch",
  }),
  FETCH_MAX_WAIT_MS: required({
    group: "Kafka client",
    type: integer({ min: 10, max: 60_000 }),
    default: "500",
    preset: { by: "FETCH_PRESET", defaults: { latency: "50", efficient: "20" } },
    doc: "Milliseconds that a broker waits for FETCH_MIN_BYTES: the polling interval when idle",
  }),
  FETCH_MAX_BYTES: required({
    group: "Kafka client",
    type: integer({ min: 1_024, max: INT32_MAX }),
    default: "10485760",
    doc: "Bytes that one fetch may bring, before decompression",
  }),
  MAX_PARTITION_FETCH_BYTES: required({
    group: "Kafka client",
    type: integer({ min: 1_024, max: INT32_MAX }),
    default: "1048576",
    doc: "Bytes that one fetch may bring of one partition, before decompression: the batch size",
  }),
  MAX_DECOMPRESSED_BYTES: required({
    group: "Kafka client",
    type: integer({ min: 1_024, max: INT32_MAX }),
    default: "67108864",
    doc: "Bytes to which one record batch may decompress",
  }),
  AUTO_COMMIT_INTERVAL_MS: required({
    group: "Kafka client",
    type: integer({ min: 10, max: HOUR_MS }),
    default: "500",
    doc: "Milliseconds between commits; what is done since the last one repeats after a crash",
  }),
  COMMIT_MAX_MESSAGES: required({
    group: "Kafka client",
    type: integer({ min: 1, max: 10_000_000 }),
    default: "1000",
    doc: "Messages done that bring the next commit forward",
  }),

  READ_FROM_BEGINNING: onceByFlag({
    group: "Kafka",
    doc:
      "Move each partition to the start of its log when this process first gets it: repeats all " +
      "that was processed; for one instance, once",
  }),
} as const;
