/** The part of the table that is about the group, its offsets, and messages. */
import { EXIT } from "../../ops/exit.ts";
import type { Finding } from "../finding.ts";

const { UNAVAILABLE, CONFIG } = EXIT;

const RESET = "kafka-consumer-groups.sh {cluster} --group '{group}' --reset-offsets --execute";

export const GROUP_FINDINGS = {
  group_assignor_foreign: {
    section: "Group",
    title: "Members of the group use an assignor that the service does not speak",
    status: "failed",
    exitCode: CONFIG,
    fix:
      "Stop those members, let them use one of {ours}, or choose another KAFKA_GROUP_ID, which starts with no offsets",
    commands: [
      "kafka-consumer-groups.sh {cluster} --describe --group '{group}' --members --verbose",
    ],
  },
  group_of_other_kind: {
    section: "Group",
    title: "The group is not one of consumers",
    status: "failed",
    exitCode: CONFIG,
    fix: "Choose another KAFKA_GROUP_ID",
    commands: ["kafka-consumer-groups.sh {cluster} --describe --group '{group}' --state"],
  },
  group_subscription_differs: {
    section: "Group",
    title: "Members of the group subscribe to other topics",
    status: "warning",
    exitCode: CONFIG,
    fix:
      "Give all instances the same KAFKA_TOPIC; programs with other tasks want a group of their own",
    commands: [
      "kafka-consumer-groups.sh {cluster} --describe --group '{group}' --members --verbose",
    ],
  },
  group_instance_taken: {
    section: "Group",
    title: "KAFKA_GROUP_INSTANCE_ID is already in use, and starting would throw that member out",
    status: "warning",
    exitCode: CONFIG,
    fix: "Give each instance an id of its own, unless this is the one to be replaced",
    commands: ["kafka-consumer-groups.sh {cluster} --describe --group '{group}' --members"],
  },
  coordinator_missing: {
    section: "Group",
    title: "No broker coordinates the group at the moment",
    status: "failed",
    exitCode: UNAVAILABLE,
    fix: "Start the brokers that are down: they hold the offsets of the group",
    commands: ["kafka-topics.sh {cluster} --describe --topic __consumer_offsets"],
  },
  session_timeout_refused: {
    section: "Group",
    title: "SESSION_TIMEOUT_MS is outside of what the brokers allow",
    status: "failed",
    exitCode: CONFIG,
    fix: "Set SESSION_TIMEOUT_MS to a value from {min} to {max}",
    commands: [],
  },
  offsets_missing: {
    section: "Group",
    title: "Nothing is committed, and AUTO_OFFSET_RESET=none refuses to choose where to begin",
    status: "failed",
    exitCode: CONFIG,
    fix: "Set AUTO_OFFSET_RESET to earliest or latest, or commit offsets",
    commands: [`${RESET} --to-earliest --topic {topic}`],
  },
  offsets_below_start: {
    section: "Group",
    title: "Messages that the group has not read are deleted already",
    status: "warning",
    exitCode: CONFIG,
    fix:
      "Move the group to what is left, and raise retention.ms or add instances, so that it does not happen again; with " +
      "AUTO_OFFSET_RESET=earliest the service moves by itself and reports what is lost",
    commands: [`${RESET} --to-earliest --topic {topic}:{partition}`],
  },
  offsets_beyond_end: {
    section: "Group",
    title: "The group has committed offsets that the topic does not have",
    status: "warning",
    exitCode: CONFIG,
    fix:
      "The topic was created anew, or a broker lost data: move the group to where it should go on",
    commands: [`${RESET} --to-earliest --topic {topic}:{partition}`],
  },
  batch_unreadable: {
    section: "Messages",
    title: "A batch of messages is damaged",
    status: "warning",
    exitCode: UNAVAILABLE,
    fix:
      "Nothing needs to be done: the service writes it to the dead-letter topic as it is and goes on. Look at that " +
      "broker's disk; or move the group behind the batch by hand, while the service is stopped",
    commands: [`${RESET} --to-offset {next} --topic {topic}:{partition}`],
  },
  batch_refused: {
    section: "Messages",
    title: "A batch of messages cannot be read with these settings or this version",
    status: "failed",
    exitCode: CONFIG,
    fix: "{advice}; the partition stands still until then, and nothing is lost",
    commands: [],
  },
  messages_invalid: {
    section: "Messages",
    title: "Some messages do not fit the schema and will become dead letters",
    status: "warning",
    exitCode: CONFIG,
    fix: "Correct the producer, or the schema in src/event.ts; the reason names the field",
    commands: [
      "kafka-console-consumer.sh {cluster} --topic {topic} --partition {partition} --offset {offset} --max-messages 1",
    ],
  },
  schema_differs: {
    section: "Messages",
    title: "No message fits the schema: producer and service do not agree on it",
    status: "failed",
    exitCode: CONFIG,
    fix:
      "Correct the producer, or the schema in src/event.ts; check that KAFKA_TOPIC is the right topic",
    commands: [
      "kafka-console-consumer.sh {cluster} --topic {topic} --partition {partition} --offset {offset} --max-messages 1",
    ],
  },
} as const satisfies Readonly<Record<string, Finding>>;
