/** What is the matter when a connection could not be made or was lost at start: the part of diagnosis.ts about that. */
import { EXIT } from "../ops/exit.ts";
import { UNTRUSTED_CODES } from "./certificate.ts";
import type { ConnectionError } from "./connections.ts";
import type { Diagnosis, DiagnosisContext } from "./diagnosis.ts";
import { ERROR_CODE } from "./error_codes.ts";

/** What node:tls says when the broker's certificate is that of somebody else. */
const OTHER_HOST_CODE = "ERR_TLS_CERT_ALTNAME_INVALID";
const OUT_OF_DATE_CODES: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
/** The broker's alert about our certificate: missing, of an unknown authority, out of date. */
const CLIENT_CERTIFICATE_CODE =
  /^ERR_SSL_.*ALERT_(BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA)$/;
/** The answer to our TLS is not TLS. */
const NOT_TLS_CODE = "ERR_SSL_WRONG_VERSION_NUMBER";
const UNREACHABLE_CODES: ReadonlySet<string> = new Set([
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
]);
const CLOSED_CODES: ReadonlySet<string> = new Set(["ECONNRESET", "ECONNABORTED", "EPIPE"]);
/** How kafkajs and Connections word the end of a connection that has no error code. */
const CLOSED = /Closed connection|Connection closed|Not connected/;
/** kafkajs's own deadline for TCP and TLS. */
const SILENT = /Connection timeout/;

export function diagnoseConnection(error: ConnectionError, context: DiagnosisContext): Diagnosis {
  const { broker, code = "", message } = error;
  const answered = errorCodeOf(error.cause);
  if (answered !== null) return diagnoseAnswer(error, { code: answered, sasl: context.sasl });
  if (isAboutTls(code)) return diagnoseTls(error, context);
  if (code === "ECONNREFUSED") return notListening(error, context);
  if (code === "ENOTFOUND" || code.startsWith("EAI_")) return unknownHost(error, context);
  if (UNREACHABLE_CODES.has(code)) return unreachable(error, context);
  if (code === "ETIMEDOUT" || SILENT.test(message)) return silent(`${broker} did not answer`);
  if (CLOSED_CODES.has(code) || CLOSED.test(message)) return diagnoseClosed(error, context);
  return other(error);
}

/** A deadline passed without a word. */
export function silent(text: string): Diagnosis {
  const hint =
    "Check KAFKA_BROKERS and what lies between (firewall, container network); on a slow " +
    "network raise SOCKET_CONNECTION_SETUP_TIMEOUT_MS and REQUEST_TIMEOUT_MS";
  return { kind: "silent", text, hint, exitCode: null };
}

function other({ message: text }: ConnectionError): Diagnosis {
  const hint = "Check KAFKA_BROKERS and the broker's log";
  return { kind: "other", text, hint, exitCode: null };
}

/** The error code of an answer, where kafkajs threw one (protocol/error.js); codes of sockets are texts. */
function errorCodeOf(cause: unknown): number | null {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return null;
  return typeof cause.code === "number" ? cause.code : null;
}

function diagnoseAnswer(
  error: ConnectionError,
  { code, sasl }: { readonly code: number; readonly sasl: string | null },
): Diagnosis {
  const { broker } = error;
  switch (code) {
    case ERROR_CODE.UNSUPPORTED_SASL_MECHANISM:
      return {
        kind: "sasl_mechanism_refused",
        text: `${broker} does not offer the SASL mechanism ${sasl}`,
        hint: "Set KAFKA_SASL_MECHANISM to one of the broker's sasl.enabled.mechanisms, or check " +
          "the port in KAFKA_BROKERS",
        exitCode: EXIT.CONFIG,
      };
    case ERROR_CODE.ILLEGAL_SASL_STATE:
      return {
        kind: "sasl_not_offered",
        text: `${broker} does not use SASL on this port`,
        hint: "Give the port with SASL in KAFKA_BROKERS, or set KAFKA_SASL_MECHANISM=none",
        exitCode: EXIT.CONFIG,
      };
    case ERROR_CODE.UNSUPPORTED_VERSION:
      return {
        kind: "unsupported_broker",
        text: `${broker} is too old to say which versions of the protocol it speaks`,
        hint: "Use brokers of Apache Kafka 2.3 or newer",
        exitCode: EXIT.CONFIG,
      };
    default:
      return other(error);
  }
}

function isAboutTls(code: string): boolean {
  return UNTRUSTED_CODES.has(code) || OUT_OF_DATE_CODES.has(code) || code === OTHER_HOST_CODE ||
    code.startsWith("ERR_SSL_");
}

function diagnoseTls(error: ConnectionError, { outOfDate }: DiagnosisContext): Diagnosis {
  const { broker, message: text } = error;
  const code = error.code ?? "";
  if (typeof outOfDate === "string" || OUT_OF_DATE_CODES.has(code)) {
    return {
      kind: "certificate_out_of_date",
      text: `The certificate of ${broker} is not valid today: ${outOfDate ?? text}`,
      hint: "Renew the broker's certificate; nothing needs to be done here, if the clock of this " +
        "machine is right",
      exitCode: null,
    };
  }
  if (UNTRUSTED_CODES.has(code)) {
    const hint = "Set KAFKA_TLS_CA or KAFKA_TLS_CA_FILE to the certificate of the authority that " +
      "signed the broker's";
    return { kind: "certificate_untrusted", text, hint, exitCode: EXIT.CONFIG };
  }
  if (code === OTHER_HOST_CODE) {
    const hint =
      "Give in KAFKA_BROKERS, and in the broker's advertised.listeners, a name that is " +
      "in the certificate, or set KAFKA_TLS_SERVERNAME to one";
    return { kind: "certificate_of_other_host", text, hint, exitCode: EXIT.CONFIG };
  }
  if (CLIENT_CERTIFICATE_CODE.test(code)) {
    return {
      kind: "client_certificate_refused",
      text: `${broker} refused our client certificate, or there was none: ${text}`,
      hint: "Set KAFKA_TLS_CERT and KAFKA_TLS_KEY to a certificate whose authority the broker " +
        "trusts (ssl.truststore)",
      exitCode: EXIT.CONFIG,
    };
  }
  if (code === NOT_TLS_CODE) return noTls(`${broker} does not answer in TLS`);
  const hint = "The broker must offer TLS 1.3, or TLS 1.2 with an AEAD cipher (GCM, ChaCha20)";
  return { kind: "tls_failed", text, hint, exitCode: null };
}

function noTls(text: string): Diagnosis {
  const hint =
    "If the port has no TLS, set KAFKA_TLS_ENABLED=false, or give the port with TLS in " +
    "KAFKA_BROKERS";
  return { kind: "tls_not_offered", text, hint, exitCode: null };
}

/** The peer just ended the connection: how far it had come says most about the reason. */
function diagnoseClosed(error: ConnectionError, { tls, sasl }: DiagnosisContext): Diagnosis {
  const { broker, hadAnswered } = error;
  if (hadAnswered && sasl === null) {
    return {
      kind: "sasl_expected",
      text: `${broker} closed the connection at the first request without authentication`,
      hint: "If the port asks for SASL, set KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and " +
        "KAFKA_SASL_PASSWORD",
      exitCode: null,
    };
  }
  if (!hadAnswered && tls && error.code === "ECONNRESET") {
    return noTls(`${broker} ended the connection when we began TLS`);
  }
  if (!hadAnswered && !tls) {
    return {
      kind: "tls_expected",
      text: `${broker} closed the connection at the first bytes without TLS`,
      hint: "If the port has TLS, set KAFKA_TLS_ENABLED=true; if it is not Kafka that listens " +
        "there, correct KAFKA_BROKERS",
      exitCode: null,
    };
  }
  const hint = "Check that the broker is up, and that KAFKA_BROKERS names its port";
  return { kind: "connection_closed", text: error.message, hint, exitCode: null };
}

function notListening({ broker }: ConnectionError, context: DiagnosisContext): Diagnosis {
  const isLoopback = /^(localhost|127\.|\[::1\])/.test(broker);
  const hint = isLoopback
    ? "; in a container, localhost is the container itself: use the broker's name in the network"
    : "";
  return {
    kind: "connection_refused",
    text: `Nothing listens on ${broker}`,
    hint: `Check that Kafka runs, and ${whoseAddress(broker, context)}${hint}`,
    exitCode: null,
  };
}

function unknownHost({ broker }: ConnectionError, context: DiagnosisContext): Diagnosis {
  return {
    kind: "host_unknown",
    text: `The host name of ${broker} cannot be resolved`,
    hint: `Check ${whoseAddress(broker, context)}; containers know each other's names only in ` +
      "the same network",
    exitCode: null,
  };
}

function unreachable(error: ConnectionError, context: DiagnosisContext): Diagnosis {
  const { broker, message } = error;
  return {
    kind: "network_unreachable",
    text: `There is no way to ${broker}: ${message}`,
    hint: `Check the network between here and there, and ${whoseAddress(broker, context)}`,
    exitCode: null,
  };
}

/** Where an address comes from is where it must be corrected. */
function whoseAddress(broker: string, { brokers }: DiagnosisContext): string {
  return brokers === undefined || brokers.includes(broker)
    ? "the address in KAFKA_BROKERS"
    : "the broker's advertised.listeners, which gave this address and must be reachable from here";
}
