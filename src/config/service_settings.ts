/** Settings of what is done with messages, and of what operators see. */
import { fromFile, optional, required } from "./setting.ts";
import { boolean, hostName, integer, kafkaName, list, oneOf, or, share } from "./values.ts";

const INT32_MAX = 2_147_483_647;
const HOUR_MS = 3_600_000;
const CENTURY_MS = 100 * 365 * 24 * HOUR_MS;

export const SERVICE_SETTINGS = {
  WORKERS: required({
    group: "Processing",
    type: or(integer({ min: 1, max: 64 }), { word: "auto", meaning: "auto" }),
    default: "1",
    doc:
      "Threads, each a member of the group with its own share of CONCURRENCY and MAX_BUFFER_BYTES; `auto` is one for each core",
  }),
  CONCURRENCY: required({
    group: "Processing",
    type: integer({ min: 1, max: 10_000 }),
    default: "64",
    doc: "Messages that are handled at once; those with the same key always one after the other",
  }),
  UNKEYED_ORDER: required({
    group: "Processing",
    type: oneOf(["partition", "none"]),
    default: "partition",
    doc: "Order of messages without a key: one after the other in a partition, or none",
  }),
  PARTITION_WINDOW_MESSAGES: required({
    group: "Processing",
    type: integer({ min: 1, max: 1_000_000 }),
    default: "1000",
    doc: "Messages of a partition held in memory, above which no more are asked for",
  }),
  PARTITION_WINDOW_BYTES: required({
    group: "Processing",
    type: integer({ min: 1_024, max: INT32_MAX }),
    default: "8388608",
    doc: "Bytes of a partition held in memory, above which no more are asked for",
  }),
  MAX_BUFFER_BYTES: required({
    group: "Processing",
    type: integer({ min: 1_024, max: 1_099_511_627_776 }),
    default: "268435456",
    doc:
      "Bytes of all partitions together held in memory, decompressed, in even shares; and a batch each",
  }),
  HANDLER_TIMEOUT_MS: required({
    group: "Processing",
    type: integer({ min: 1, max: 24 * HOUR_MS }),
    default: "60000",
    doc: "Milliseconds that one attempt of a handler may take",
  }),
  PROCESSING_MAX_ATTEMPTS: required({
    group: "Processing",
    type: integer({ min: 1, max: 1_000 }),
    default: "5",
    doc: "Attempts at a message before it is dead-lettered; an invalid one gets one only",
  }),
  PROCESSING_BACKOFF_MS: required({
    group: "Processing",
    type: integer({ min: 0, max: HOUR_MS }),
    default: "200",
    doc: "Milliseconds before the first retry at most; doubles with each, with full jitter",
  }),
  PROCESSING_BACKOFF_MAX_MS: required({
    group: "Processing",
    type: integer({ min: 0, max: HOUR_MS }),
    default: "10000",
    doc: "Milliseconds before any retry at most",
  }),
  STALL_SOFT_MS: required({
    group: "Processing",
    type: integer({ min: 1_000, max: 24 * HOUR_MS }),
    default: "120000",
    doc: "Milliseconds that a partition with lag may stand still before the service is not ready",
  }),
  STALL_HARD_MS: required({
    group: "Processing",
    type: integer({ min: 2_000, max: 7 * 24 * HOUR_MS }),
    default: "600000",
    doc:
      "Milliseconds that it may stand still before exit 70, where a restart can help; above HANDLER_TIMEOUT_MS",
  }),
  FAST_PATH: required({
    group: "Processing",
    type: oneOf(["auto", "off"]),
    default: "auto",
    doc:
      "Read messages in faster ways, if a check at start finds that they give the same: or never",
  }),
  DRAIN_TIMEOUT_MS: required({
    group: "Processing",
    type: integer({ min: 0, max: HOUR_MS }),
    default: "25000",
    doc:
      "Milliseconds to finish what is in flight at SIGTERM; below the orchestrator's grace period",
  }),

  DLQ_TOPIC: optional({
    group: "Dead letters",
    type: or(kafkaName(), { word: "none", meaning: "none" }),
    unset: "`<topic>.dlq`",
    doc: "Topic for messages that cannot be processed; `none` drops them on purpose",
  }),
  DLQ_RETENTION_MS: required({
    group: "Dead letters",
    type: or(integer({ min: 1, max: CENTURY_MS }), { word: "-1", meaning: -1 }),
    default: "-1",
    doc: "Milliseconds that dead letters are kept, when the topic has to be created; -1 for ever",
  }),

  DLQ_MAX_REPLAYS: required({
    group: "Dead letters",
    type: integer({ min: 1, max: 1_000 }),
    default: "3",
    doc:
      "How often a dead letter may fail in a redrive before it is parked in `<dead-letter topic>.parked`",
  }),
  DLQ_BREAKER: required({
    group: "Dead letters",
    type: or(share({ max: 100_000 }), { word: "off", meaning: null }),
    default: "500/1000",
    doc:
      "A partition pauses when more than so many of its last messages became dead letters, and tries one a minute",
  }),

  HTTP_HOST: required({
    group: "HTTP and logs",
    type: hostName(),
    default: "127.0.0.1",
    doc: "Address on which health is served; 0.0.0.0 in a container",
  }),
  HTTP_PORT: required({
    group: "HTTP and logs",
    type: or(integer({ min: 0, max: 65_535 }), { word: "off", meaning: null }),
    default: "8080",
    doc: "Port on which health is served; 0 lets the system choose one",
  }),
  READY_WHEN_PAUSED: required({
    group: "HTTP and logs",
    type: boolean(),
    default: "false",
    doc: "Answer /readyz with 200 also while a partition is paused, by an operator or DLQ_BREAKER",
  }),
  CONSOLE_HOSTS: optional({
    group: "HTTP and logs",
    type: list(hostName(), "comma-separated host names"),
    unset: "loopback names only",
    doc: "Names under which the console and its actions are served, beside those of loopback",
  }),
  CONSOLE_TOKEN: fromFile({
    group: "HTTP and logs",
    content: "password",
    isSecret: true,
    doc: "What an operator has to send to pause and resume partitions; without it nobody can",
  }),
  CONSOLE_SHOW_VALUES: required({
    group: "HTTP and logs",
    type: boolean(),
    default: "false",
    doc: "Show keys and values of messages on the console page; without it a key is a digest",
  }),
  LOG_LEVEL: required({
    group: "HTTP and logs",
    type: oneOf(["debug", "info", "warning", "error"], { warn: "warning" }),
    default: "info",
    doc: "The least level that is logged",
  }),
  LOG_FORMAT: required({
    group: "HTTP and logs",
    type: oneOf(["pretty", "json", "ecs"]),
    default: "json",
    developmentDefault: "pretty",
    doc: "One line for people, or one JSON object with OpenTelemetry's or Elastic's names",
  }),
  LOG_REPEATS_MAX: required({
    group: "HTTP and logs",
    type: or(integer({ min: 1, max: 1_000_000 }), { word: "off", meaning: null }),
    default: "100",
    developmentDefault: "off",
    doc: "Lines with the same text in 10 s, above which they are counted and told in one line",
  }),
} as const;
