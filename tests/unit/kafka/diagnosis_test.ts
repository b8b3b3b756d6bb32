import { TopicError } from "../../../src/kafka/connect.ts";
import { AuthenticationError } from "../../../src/kafka/authentication.ts";
import { UnsupportedBrokerError } from "../../../src/kafka/handshake.ts";
import { DeadLetterTopicError } from "../../../src/kafka/dead_letter_topic.ts";
import type { DiagnosisContext } from "../../../src/kafka/diagnosis.ts";
import { CoordinatorError } from "../../../src/kafka/metadata.ts";
import { type DiagnosisCase, testDiagnoses } from "../../support/diagnosis_cases.ts";

const BROKER = "kafka:9092";
const PLAIN: DiagnosisContext = { tls: false, sasl: null };

const CASES: readonly DiagnosisCase[] = [
  {
    when: "the broker refuses the password",
    error: new AuthenticationError(`${BROKER} refused the credentials: Invalid`),
    context: { tls: false, sasl: "scram-sha-256" },
    kind: "wrong_credentials",
    exitCode: 77,
    names: ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "KAFKA_SASL_MECHANISM=scram-sha-256"],
  },
  {
    when: "the topic is missing",
    error: new TopicError("events", 3),
    context: { ...PLAIN, brokers: [BROKER] },
    kind: "topic_missing",
    exitCode: null,
    names: ["KAFKA_TOPIC", `--bootstrap-server ${BROKER} --create --topic events`],
  },
  {
    when: "the topic's name is not one",
    error: new TopicError("..", 17),
    context: PLAIN,
    kind: "topic_invalid",
    exitCode: 78,
    names: ["KAFKA_TOPIC"],
  },
  {
    when: "the topic is not ours to see",
    error: new TopicError("events", 29),
    context: PLAIN,
    kind: "topic_refused",
    exitCode: 77,
    names: ["DESCRIBE and READ", "--topic events"],
  },
  {
    when: "the group is not ours to use",
    error: new CoordinatorError("a-group", 30),
    context: PLAIN,
    kind: "group_refused",
    exitCode: 77,
    names: ["KAFKA_GROUP_ID", "--group"],
  },
  {
    when: "the cluster is not ours to ask",
    error: new CoordinatorError("a-group", 31),
    context: PLAIN,
    kind: "cluster_refused",
    exitCode: 77,
    names: ["Allow"],
  },
  ...[17, 29, 31, 37, 40, 42, 44].map((errorCode): DiagnosisCase => ({
    when: `the brokers will never make the dead-letter topic (${errorCode})`,
    error: new DeadLetterTopicError("Create the dead-letter topic: kafka-topics.sh …", errorCode),
    context: PLAIN,
    kind: "dead_letter_topic",
    exitCode: 78,
    names: ["DLQ_TOPIC", "DESCRIBE and WRITE"],
  })),
  ...[-1, 7, 38, 41, null].map((errorCode): DiagnosisCase => ({
    when: `the brokers cannot make the dead-letter topic now (${errorCode})`,
    error: new DeadLetterTopicError("Create the dead-letter topic: kafka-topics.sh …", errorCode),
    context: PLAIN,
    kind: "dead_letter_topic",
    exitCode: null,
    names: ["DLQ_TOPIC", "brokers are up"],
  })),
  {
    when: "the broker is too old",
    error: new UnsupportedBrokerError("Use brokers of Apache Kafka 2.3 or newer"),
    context: PLAIN,
    kind: "unsupported_broker",
    exitCode: 78,
    names: ["KAFKA_BROKERS"],
  },
  ...[
    new TopicError("events", -1),
    new CoordinatorError("a-group", 15),
    new Error("something else"),
    "not even an error",
  ].map(other),
];

testDiagnoses(CASES);

function other(error: unknown): DiagnosisCase {
  const when = `it is none of these (${String(error)})`;
  return { when, error, context: PLAIN, kind: "other", exitCode: null, names: ["Check"] };
}
