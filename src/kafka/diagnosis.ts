/**
 * Why a start failed: what was seen, what to check, and whether trying again can help. Only what nobody but the
 * operator of this service can mend ends it at once; what a broker, a network or a missing topic may still mend is
 * worth another try. Pure: a second look at a broker is taken elsewhere (certificate.ts) and handed in.
 */
import { EXIT } from "../ops/exit.ts";
import { diagnoseConnection, silent } from "./connection_diagnosis.ts";
import { AuthenticationError, NoCredentialsError } from "./authentication.ts";
import { TopicError } from "./connect.ts";
import { ConnectionError, DeadlineError } from "./connections.ts";
import { DeadLetterTopicError } from "./dead_letter_topic.ts";
import { ERROR_CODE, errorCodeText } from "./error_codes.ts";
import { UnsupportedBrokerError } from "./handshake.ts";
import { CoordinatorError } from "./metadata.ts";

/** What is the matter, one word for each case that is told apart. */
export type DiagnosisKind =
  | "wrong_credentials"
  | "no_credentials"
  | "sasl_mechanism_refused"
  | "sasl_not_offered"
  | "sasl_expected"
  | "tls_expected"
  | "tls_not_offered"
  | "tls_failed"
  | "certificate_untrusted"
  | "certificate_out_of_date"
  | "certificate_of_other_host"
  | "client_certificate_refused"
  | "connection_closed"
  | "connection_refused"
  | "host_unknown"
  | "network_unreachable"
  | "silent"
  | "topic_missing"
  | "topic_invalid"
  | "topic_refused"
  | "group_refused"
  | "cluster_refused"
  | "dead_letter_topic"
  | "unsupported_broker"
  | "other";

export interface Diagnosis {
  readonly kind: DiagnosisKind;
  /** What was tried where, and what came of it. */
  readonly text: string;
  /** What to check, by the names of the settings. */
  readonly hint: string;
  /** Null: worth trying again. */
  readonly exitCode: typeof EXIT.NO_PERMISSION | typeof EXIT.CONFIG | null;
}

export interface DiagnosisContext {
  /** KAFKA_TLS_ENABLED. */
  readonly tls: boolean;
  /** KAFKA_SASL_MECHANISM; null for none. */
  readonly sasl: string | null;
  /** KAFKA_BROKERS as host:port. Any other address is one that a broker advertised. */
  readonly brokers?: readonly string[];
  /** What `outOfDateCertificate` found. */
  readonly outOfDate?: string | null;
}

/** Never throws, whatever it is given. */
export function diagnose(error: unknown, context: DiagnosisContext): Diagnosis {
  if (error instanceof ConnectionError) return diagnoseConnection(error, context);
  if (error instanceof TopicError) return diagnoseTopic(error, context);
  if (error instanceof CoordinatorError) return diagnoseCoordinator(error, context);
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof AuthenticationError) {
    const hint = credentialsHint(error, context);
    return { kind: "wrong_credentials", text, hint, exitCode: EXIT.NO_PERMISSION };
  }
  if (error instanceof NoCredentialsError) {
    return { kind: "no_credentials", text, hint: NO_CREDENTIALS_HINT, exitCode: null };
  }
  if (error instanceof DeadlineError) return silent(text);
  if (error instanceof UnsupportedBrokerError) {
    const hint = "Check in KAFKA_BROKERS that the port is a broker's and not a controller's";
    return { kind: "unsupported_broker", text, hint, exitCode: EXIT.CONFIG };
  }
  if (error instanceof DeadLetterTopicError) return diagnoseDeadLetterTopic(error);
  const hint = "Check KAFKA_BROKERS and the brokers' logs";
  return { kind: "other", text, hint, exitCode: null };
}

const NO_CREDENTIALS_HINT =
  "Check the file that the text names, or KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL and " +
  "KAFKA_SASL_OAUTHBEARER_CA";

/** What to check when our credentials are refused, by the names of the settings. */
export function credentialsHint(
  { by }: AuthenticationError,
  { sasl }: Pick<DiagnosisContext, "sasl">,
): string {
  if (by === "token_endpoint") {
    return "Check KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID, " +
      "KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET and KAFKA_SASL_OAUTHBEARER_SCOPE";
  }
  if (sasl === "oauthbearer") {
    return "Check KAFKA_SASL_OAUTHBEARER_TOKEN, or what KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL " +
      "issues: issuer, audience, scope and expiry must be what the brokers expect " +
      "(sasl.oauthbearer.*)";
  }
  return "Check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and that the user exists for " +
    `KAFKA_SASL_MECHANISM=${sasl}`;
}

function diagnoseTopic(error: TopicError, context: DiagnosisContext): Diagnosis {
  const { topic, errorCode, message: text } = error;
  const tool = (name: string) => `${name}.sh --bootstrap-server ${toolBroker(context)}`;
  switch (errorCode) {
    case ERROR_CODE.UNKNOWN_TOPIC_OR_PARTITION:
      return {
        kind: "topic_missing",
        text: `Topic ${topic} does not exist, and the service never creates it`,
        hint: `Check KAFKA_TOPIC, or create it: ${tool("kafka-topics")} --create --topic ${topic}`,
        exitCode: null,
      };
    case ERROR_CODE.INVALID_TOPIC_EXCEPTION:
      return { kind: "topic_invalid", text, hint: "Correct KAFKA_TOPIC", exitCode: EXIT.CONFIG };
    case ERROR_CODE.TOPIC_AUTHORIZATION_FAILED: {
      const acl = `${tool("kafka-acls")} --add --allow-principal User:<user> --operation Read`;
      return {
        kind: "topic_refused",
        text: `The brokers do not let us see topic ${topic}: ${errorCodeText(errorCode)}`,
        hint: `Check KAFKA_TOPIC, or allow DESCRIBE and READ: ${acl} --topic ${topic}`,
        exitCode: EXIT.NO_PERMISSION,
      };
    }
    default:
      return { kind: "other", text, hint: "Check the cluster's health", exitCode: null };
  }
}

function diagnoseCoordinator(error: CoordinatorError, context: DiagnosisContext): Diagnosis {
  const { errorCode, message: text } = error;
  const acls = `kafka-acls.sh --bootstrap-server ${toolBroker(context)} --add`;
  switch (errorCode) {
    case ERROR_CODE.GROUP_AUTHORIZATION_FAILED:
      return {
        kind: "group_refused",
        text,
        hint: `Check KAFKA_GROUP_ID, or allow DESCRIBE and READ: ${acls} --allow-principal ` +
          "User:<user> --operation Read --group <KAFKA_GROUP_ID>",
        exitCode: EXIT.NO_PERMISSION,
      };
    case ERROR_CODE.CLUSTER_AUTHORIZATION_FAILED: {
      const hint = "Allow this user what the text names";
      return { kind: "cluster_refused", text, hint, exitCode: EXIT.NO_PERMISSION };
    }
    default:
      return { kind: "other", text, hint: "Check the cluster's health", exitCode: null };
  }
}

/**
 * What a cluster answers to CreateTopics if it never will create the topic. INVALID_REPLICATION_FACTOR is not among
 * them: the factor is the source topic's, so it is brokers that are missing, and they may come back.
 */
const NEVER_CREATED: ReadonlySet<number | null> = new Set([
  ERROR_CODE.TOPIC_AUTHORIZATION_FAILED,
  ERROR_CODE.CLUSTER_AUTHORIZATION_FAILED,
  ERROR_CODE.INVALID_TOPIC_EXCEPTION,
  ERROR_CODE.INVALID_PARTITIONS,
  ERROR_CODE.INVALID_CONFIG,
  ERROR_CODE.INVALID_REQUEST,
  ERROR_CODE.POLICY_VIOLATION,
]);

function diagnoseDeadLetterTopic({ errorCode, message: text }: DeadLetterTopicError): Diagnosis {
  const isRefused = NEVER_CREATED.has(errorCode);
  return {
    kind: "dead_letter_topic",
    text,
    hint: isRefused
      ? "Or set DLQ_TOPIC to a topic that exists and that this user may DESCRIBE and WRITE"
      : "Check that all brokers are up, or set DLQ_TOPIC to a topic that exists",
    exitCode: isRefused ? EXIT.CONFIG : null,
  };
}

function toolBroker({ brokers }: DiagnosisContext): string {
  return brokers?.[0] ?? "<broker>";
}
