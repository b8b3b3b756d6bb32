/** The part of the table that is about topics and rights. */
import { EXIT } from "../../ops/exit.ts";
import type { Finding } from "../finding.ts";

const { UNAVAILABLE, NO_PERMISSION, CONFIG } = EXIT;

export const TOPIC_FINDINGS = {
  topic_missing: {
    section: "Topics",
    title: "The topic does not exist",
    status: "failed",
    exitCode: UNAVAILABLE,
    fix: "Check KAFKA_TOPIC, or create the topic: the service never does",
    commands: [
      "kafka-topics.sh {cluster} --create --topic {topic} --partitions 3",
      "kafka-topics.sh {cluster} --list",
    ],
  },
  topic_invalid: {
    section: "Topics",
    title: "The brokers take no topic of that name",
    status: "failed",
    exitCode: CONFIG,
    fix: "Correct KAFKA_TOPIC",
    commands: [],
  },
  no_leader: {
    section: "Topics",
    title: "A partition has no leader and cannot be read",
    status: "failed",
    exitCode: UNAVAILABLE,
    fix: "Start the brokers that are down; the partition goes on by itself",
    commands: ["kafka-topics.sh {cluster} --describe --unavailable-partitions"],
  },
  replicas_missing: {
    section: "Topics",
    title: "Replicas are missing or behind",
    status: "warning",
    exitCode: UNAVAILABLE,
    fix: "Start the brokers that are down, and look for full disks",
    commands: ["kafka-topics.sh {cluster} --describe --under-replicated-partitions"],
  },
  not_replicated: {
    section: "Topics",
    title: "There is one copy of each message, on one of several brokers",
    status: "warning",
    exitCode: UNAVAILABLE,
    fix: "Give the topic more replicas, or the loss of one broker loses its messages",
    commands: [
      "kafka-reassign-partitions.sh {cluster} --reassignment-json-file replicas.json --execute",
    ],
  },
  dead_letter_topic: {
    section: "Topics",
    title: "The dead-letter topic is missing, and cannot be created",
    status: "failed",
    exitCode: CONFIG,
    fix: "Create it, or set DLQ_TOPIC to a topic that exists",
    commands: ["{create}"],
  },
  dead_letter_topic_compacted: {
    section: "Topics",
    title: "The dead-letter topic is compacted: of each key only the last dead letter stays",
    status: "warning",
    exitCode: CONFIG,
    fix: "Let it delete by age only",
    commands: [
      "kafka-configs.sh {cluster} --alter --entity-type topics --entity-name {topic} --add-config cleanup.policy=delete",
    ],
  },
  dead_letter_topic_small: {
    section: "Topics",
    title: "The dead-letter topic takes no message as large as the source's with headers",
    status: "warning",
    exitCode: CONFIG,
    fix: "Raise max.message.bytes; a dead letter that is too large is written without its value",
    commands: [
      "kafka-configs.sh {cluster} --alter --entity-type topics --entity-name {topic} --add-config max.message.bytes={bytes}",
    ],
  },
  right_missing: {
    section: "Rights",
    title: "The user lacks a right that the service needs",
    status: "failed",
    exitCode: NO_PERMISSION,
    fix: "Allow {principal} the operation; Read and Write include Describe",
    commands: [
      "kafka-acls.sh {cluster} --add --allow-principal '{principal}' --operation {operation} --{resource} '{name}'",
    ],
  },
  redrive_right_missing: {
    section: "Rights",
    title: "The user lacks a right that only dead-letters redrive and park need",
    status: "warning",
    exitCode: NO_PERMISSION,
    fix:
      "Allow {principal} the operation, before there are dead letters to be redriven from the console or with these " +
      "settings; the service itself runs without it",
    commands: [
      "kafka-acls.sh {cluster} --add --allow-principal '{principal}' --operation {operation} --{resource} '{name}'",
    ],
  },
} as const satisfies Readonly<Record<string, Finding>>;
