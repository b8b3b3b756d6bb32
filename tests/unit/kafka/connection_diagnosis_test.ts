import assert from "node:assert/strict";
import { ConnectionError, DeadlineError } from "../../../src/kafka/connections.ts";
import { diagnose, type DiagnosisContext } from "../../../src/kafka/diagnosis.ts";
import { type DiagnosisCase, testDiagnoses } from "../../support/diagnosis_cases.ts";

const BROKER = "kafka:9092";
const PLAIN: DiagnosisContext = { tls: false, sasl: null };
const TLS: DiagnosisContext = { tls: true, sasl: null };
const SASL: DiagnosisContext = { tls: false, sasl: "scram-sha-256" };

const CASES: readonly DiagnosisCase[] = [
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
  ...["SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"].map((
    code,
  ): DiagnosisCase => ({
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
  ].map((code): DiagnosisCase => ({
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
  ].map(other),
];

testDiagnoses(CASES);

Deno.test("diagnose() explains localhost in a container when nothing listens there", () => {
  for (const broker of ["localhost:9092", "127.0.0.1:9092", "[::1]:9092"]) {
    const error = new ConnectionError("refused", { broker, code: "ECONNREFUSED" });
    assert.match(diagnose(error, PLAIN).hint, /in a container, localhost is the container itself/);
  }
  const other = new ConnectionError("refused", { broker: BROKER, code: "ECONNREFUSED" });
  assert.doesNotMatch(diagnose(other, PLAIN).hint, /in a container/);
});

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

function other(error: unknown): DiagnosisCase {
  const when = `it is none of these (${String(error)})`;
  return { when, error, context: PLAIN, kind: "other", exitCode: null, names: ["Check"] };
}
