import assert from "node:assert/strict";
import { TopicError } from "../../../src/kafka/connect.ts";
import {
  AuthenticationError,
  ConnectionError,
  DeadlineError,
  UnsupportedBrokerError,
} from "../../../src/kafka/connections.ts";
import { DeadLetterTopicError } from "../../../src/kafka/dead_letter_topic.ts";
import {
  diagnose,
  type DiagnosisContext,
  type DiagnosisKind,
} from "../../../src/kafka/diagnosis.ts";
import { CoordinatorError } from "../../../src/kafka/metadata.ts";

const BROKER = "kafka:9092";
const PLAIN: DiagnosisContext = { tls: false, sasl: null };
const TLS: DiagnosisContext = { tls: true, sasl: null };
const SASL: DiagnosisContext = { tls: false, sasl: "scram-sha-256" };

interface Case {
  readonly when: string;
  readonly error: unknown;
  readonly context: DiagnosisContext;
  readonly kind: DiagnosisKind;
  readonly exitCode: 77 | 78 | null;
  /** In the hint, each of them. */
  readonly names: readonly string[];
}

/** A lost or failed connection as Connections reports it. */
function connectionError(
  message: string,
  details: { readonly code?: string; readonly hadAnswered?: boolean; readonly cause?: unknown } =
    {},
): ConnectionError {
  return new ConnectionError(`${BROKER}: ${message}`, { broker: BROKER, ...details });
}

/** An error code that a broker answered, as kafkajs throws it. */
function answered(code: number): ConnectionError {
  return connectionError("refused", { cause: Object.assign(new Error("refused"), { code }) });
}

const CASES: readonly Case[] = [
  {
    when: "the broker refuses the password",
    error: new AuthenticationError(`${BROKER} refused the credentials: Invalid`),
    context: SASL,
    kind: "wrong_credentials",
    exitCode: 77,
    names: ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "KAFKA_SASL_MECHANISM=scram-sha-256"],
  },
  {
    when: "the broker does not have the SASL mechanism",
    error: answered(33),
    context: SASL,
    kind: "sasl_mechanism_refused",
    exitCode: 78,
    names: ["KAFKA_SASL_MECHANISM"],
  },
  {
    when: "SASL meets a port without",
    error: answered(34),
    context: SASL,
    kind: "sasl_not_offered",
    exitCode: 78,
    names: ["KAFKA_SASL_MECHANISM=none"],
  },
  {
    when: "no SASL meets a port with it",
    error: connectionError("Closed connection", { hadAnswered: true }),
    context: PLAIN,
    kind: "sasl_expected",
    exitCode: null,
    names: ["KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"],
  },
  {
    when: "no SASL meets a port with TLS and SASL",
    error: connectionError("Closed connection", { hadAnswered: true }),
    context: TLS,
    kind: "sasl_expected",
    exitCode: null,
    names: ["KAFKA_SASL_MECHANISM"],
  },
  {
    when: "plaintext meets a port with TLS, or one that is no broker's",
    error: connectionError("Closed connection"),
    context: PLAIN,
    kind: "tls_expected",
    exitCode: null,
    names: ["KAFKA_TLS_ENABLED=true", "KAFKA_BROKERS"],
  },
  {
    when: "SASL without TLS meets a port with both",
    error: connectionError("Connection closed: the broker closed it"),
    context: SASL,
    kind: "tls_expected",
    exitCode: null,
    names: ["KAFKA_TLS_ENABLED=true"],
  },
  {
    when: "TLS meets a port without",
    error: connectionError("disconnected before secure TLS", { code: "ECONNRESET" }),
    context: TLS,
    kind: "tls_not_offered",
    exitCode: null,
    names: ["KAFKA_TLS_ENABLED=false", "KAFKA_BROKERS"],
  },
  {
    when: "TLS meets a port that answers in something else",
    error: connectionError("corrupt message", { code: "ERR_SSL_WRONG_VERSION_NUMBER" }),
    context: TLS,
    kind: "tls_not_offered",
    exitCode: null,
    names: ["KAFKA_TLS_ENABLED=false"],
  },
  {
    when: "both sides' TLS have nothing in common",
    error: connectionError("alert", { code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" }),
    context: TLS,
    kind: "tls_failed",
    exitCode: null,
    names: ["TLS 1.3"],
  },
  ...["SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"].map((code): Case => ({
    when: `no authority that we trust signed the certificate (${code})`,
    error: connectionError("unable to verify", { code }),
    context: TLS,
    kind: "certificate_untrusted",
    exitCode: 78,
    names: ["KAFKA_TLS_CA"],
  })),
  {
    when: "a second look shows that the certificate has expired",
    error: connectionError("unable to verify", { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }),
    context: { ...TLS, outOfDate: "certificate expired" },
    kind: "certificate_out_of_date",
    exitCode: null,
    names: ["certificate", "clock"],
  },
  {
    when: "the certificate is of another host",
    error: connectionError("altnames", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }),
    context: TLS,
    kind: "certificate_of_other_host",
    exitCode: 78,
    names: ["KAFKA_BROKERS", "KAFKA_TLS_SERVERNAME"],
  },
  ...[
    "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
    "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
  ].map((code): Case => ({
    when: `the broker refuses our certificate (${code})`,
    error: connectionError("received fatal alert", { code }),
    context: TLS,
    kind: "client_certificate_refused",
    exitCode: 78,
    names: ["KAFKA_TLS_CERT", "KAFKA_TLS_KEY"],
  })),
  {
    when: "nothing answers within the deadline",
    error: new DeadlineError(`${BROKER} did not complete the handshake`),
    context: PLAIN,
    kind: "silent",
    exitCode: null,
    names: ["KAFKA_BROKERS", "REQUEST_TIMEOUT_MS"],
  },
  {
    when: "TLS is not answered within kafkajs's deadline",
    error: connectionError("Connection timeout"),
    context: TLS,
    kind: "silent",
    exitCode: null,
    names: ["SOCKET_CONNECTION_SETUP_TIMEOUT_MS"],
  },
  {
    when: "nothing listens",
    error: connectionError("connect ECONNREFUSED", { code: "ECONNREFUSED" }),
    context: { ...PLAIN, brokers: [BROKER] },
    kind: "connection_refused",
    exitCode: null,
    names: ["the address in KAFKA_BROKERS"],
  },
  {
    when: "nothing listens where a broker says that it does",
    error: connectionError("connect ECONNREFUSED", { code: "ECONNREFUSED" }),
    context: { ...PLAIN, brokers: ["localhost:29092"] },
    kind: "connection_refused",
    exitCode: null,
    names: ["advertised.listeners"],
  },
  {
    when: "the name is not known",
    error: connectionError("getaddrinfo ENOTFOUND", { code: "ENOTFOUND" }),
    context: PLAIN,
    kind: "host_unknown",
    exitCode: null,
    names: ["KAFKA_BROKERS", "network"],
  },
  {
    when: "the network has no way",
    error: connectionError("connect EHOSTUNREACH", { code: "EHOSTUNREACH" }),
    context: PLAIN,
    kind: "network_unreachable",
    exitCode: null,
    names: ["KAFKA_BROKERS"],
  },
  {
    when: "an authenticated connection ends",
    error: connectionError("Closed connection", { hadAnswered: true }),
    context: SASL,
    kind: "connection_closed",
    exitCode: null,
    names: ["KAFKA_BROKERS"],
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
  {
    when: "the dead-letter topic cannot be made",
    error: new DeadLetterTopicError("Create the dead-letter topic: kafka-topics.sh …"),
    context: PLAIN,
    kind: "dead_letter_topic",
    exitCode: 78,
    names: ["DLQ_TOPIC"],
  },
  {
    when: "the broker is too old",
    error: new UnsupportedBrokerError("Use brokers of Apache Kafka 2.3 or newer"),
    context: PLAIN,
    kind: "unsupported_broker",
    exitCode: 78,
    names: ["KAFKA_BROKERS"],
  },
  {
    when: "the broker is too old to say so",
    error: answered(35),
    context: PLAIN,
    kind: "unsupported_broker",
    exitCode: 78,
    names: ["2.3"],
  },
  ...[
    connectionError("Failed to connect: KAFKA_TLS_KEY_FILE: cannot read /key: no such file"),
    connectionError("too many open files", { code: "EMFILE" }),
    answered(-1),
    new TopicError("events", -1),
    new CoordinatorError("a-group", 15),
    new Error("something else"),
    "not even an error",
  ].map((error): Case => ({
    when: `it is none of these (${String(error)})`,
    error,
    context: PLAIN,
    kind: "other",
    exitCode: null,
    names: ["Check"],
  })),
];

for (const { when, error, context, kind, exitCode, names } of CASES) {
  Deno.test(`diagnose() says ${kind}, exit code ${exitCode}, when ${when}`, () => {
    const diagnosis = diagnose(error, context);
    assert.equal(diagnosis.kind, kind);
    assert.equal(diagnosis.exitCode, exitCode);
    for (const name of names) assert.ok(diagnosis.hint.includes(name), diagnosis.hint);
    assert.match(diagnosis.text, /[^.]$/);
    assert.match(diagnosis.hint, /[^.]$/);
    if (error instanceof ConnectionError) assert.ok(diagnosis.text.includes(BROKER));
  });
}

Deno.test("diagnose() explains localhost in a container when nothing listens there", () => {
  for (const broker of ["localhost:9092", "127.0.0.1:9092", "[::1]:9092"]) {
    const error = new ConnectionError("refused", { broker, code: "ECONNREFUSED" });
    assert.match(diagnose(error, PLAIN).hint, /in a container, localhost is the container itself/);
  }
  const other = new ConnectionError("refused", { broker: BROKER, code: "ECONNREFUSED" });
  assert.doesNotMatch(diagnose(other, PLAIN).hint, /in a container/);
});
