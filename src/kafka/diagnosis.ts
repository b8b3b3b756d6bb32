/** Why a start failed, in words that say what to check, and whether trying again can help. */
import { TopicError } from "./connect.ts";
import {
  AuthenticationError,
  ConnectionError,
  DeadlineError,
  UnsupportedBrokerError,
} from "./connections.ts";
import { DeadLetterTopicError } from "./dead_letter_topic.ts";
import { ERROR_CODE, isAuthorizationCode } from "./error_codes.ts";
import { CoordinatorError } from "./metadata.ts";

export interface Diagnosis {
  readonly text: string;
  readonly hint: string;
  /** Null: worth trying again. */
  readonly exitCode: 77 | 78 | null;
}

/** TLS errors that no waiting mends. */
const TLS_TRUST = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
]);

export function diagnose(
  error: unknown,
  context: { readonly tls: boolean; readonly sasl: string | null },
): Diagnosis {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof AuthenticationError) {
    return { text, hint: "Check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD", exitCode: 77 };
  }
  if (error instanceof UnsupportedBrokerError || error instanceof DeadLetterTopicError) {
    return { text, hint: "See docs/configuration.md", exitCode: 78 };
  }
  if (error instanceof TopicError || error instanceof CoordinatorError) {
    return diagnoseCode(error, text);
  }
  if (error instanceof ConnectionError && error.code !== undefined && TLS_TRUST.has(error.code)) {
    const hint = "Check KAFKA_TLS_CA, KAFKA_TLS_CERT and the name in KAFKA_BROKERS";
    return { text, hint, exitCode: 78 };
  }
  return { text, hint: connectionHint(error, context), exitCode: null };
}

function diagnoseCode(error: TopicError | CoordinatorError, text: string): Diagnosis {
  if (isAuthorizationCode(error.errorCode)) {
    return { text, hint: "Allow this user to DESCRIBE and READ the topic and group", exitCode: 77 };
  }
  const missing = error instanceof TopicError &&
    error.errorCode === ERROR_CODE.UNKNOWN_TOPIC_OR_PARTITION;
  const hint = missing
    ? `Check KAFKA_TOPIC; a topic is never created by consuming it: kafka-topics.sh --create ` +
      `--topic ${error.topic} --bootstrap-server <broker>`
    : "Check the cluster's health";
  return { text, hint, exitCode: null };
}

function connectionHint(
  error: unknown,
  { tls, sasl }: { readonly tls: boolean; readonly sasl: string | null },
): string {
  const code = error instanceof ConnectionError ? error.code : undefined;
  if (tls && code === "ECONNRESET") return "Check KAFKA_TLS_ENABLED, is the port without TLS?";
  if (code === "ENOTFOUND") return "Check the host names in KAFKA_BROKERS and the network between";
  if (code === "ECONNREFUSED") return "Check KAFKA_BROKERS, and that Kafka runs and listens there";
  if (error instanceof DeadlineError) return "Check KAFKA_BROKERS and the network between";
  if (sasl === null && !tls) {
    return "Check KAFKA_BROKERS; a port with TLS or SASL needs KAFKA_TLS_ENABLED, KAFKA_SASL_MECHANISM";
  }
  return "Check KAFKA_BROKERS, KAFKA_TLS_ENABLED and KAFKA_SASL_MECHANISM";
}
