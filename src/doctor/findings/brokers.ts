/** The part of the table that is about the way to the brokers: kinds of diagnosis.ts, and what only the doctor sees. */
import { EXIT } from "../../ops/exit.ts";
import type { DiagnosisKind } from "../../kafka/diagnosis.ts";
import type { Finding } from "../finding.ts";

const { UNAVAILABLE, NO_PERMISSION, CONFIG } = EXIT;

/** Kinds that have a row of their own elsewhere, because the doctor asks closer. */
type ElsewhereKind =
  | "topic_missing"
  | "topic_invalid"
  | "topic_refused"
  | "group_refused"
  | "cluster_refused"
  | "dead_letter_topic";

type BrokerKind = Exclude<DiagnosisKind, ElsewhereKind>;

const TLS_LOOK = "openssl s_client -connect {address} -showcerts </dev/null";

const DIAGNOSED = {
  host_unknown: asDiagnosed("The host name of a broker cannot be resolved", UNAVAILABLE, [
    "getent hosts {host}",
  ]),
  connection_refused: asDiagnosed("Nothing listens on the address of a broker", UNAVAILABLE, [
    "nc -vz {host} {port}",
    "deno task kafka   # starts one here, for development",
  ]),
  network_unreachable: asDiagnosed("There is no way to a broker", UNAVAILABLE, [
    "nc -vz {host} {port}",
  ]),
  silent: asDiagnosed("A broker does not answer in time", UNAVAILABLE, ["nc -vz {host} {port}"]),
  connection_closed: asDiagnosed("A broker ends the connection", UNAVAILABLE, [
    "nc -vz {host} {port}",
  ]),
  tls_expected: asDiagnosed("The port expects TLS, or is not Kafka's", UNAVAILABLE, [TLS_LOOK]),
  tls_not_offered: asDiagnosed("The port has no TLS", UNAVAILABLE, [TLS_LOOK]),
  tls_failed: asDiagnosed("TLS does not come about", UNAVAILABLE, [TLS_LOOK]),
  certificate_untrusted: asDiagnosed(
    "No authority that we trust has signed a broker's certificate",
    CONFIG,
    [TLS_LOOK],
  ),
  certificate_out_of_date: asDiagnosed("A broker's certificate has expired", UNAVAILABLE, [
    TLS_LOOK,
  ]),
  certificate_of_other_host: asDiagnosed("A broker's certificate is for another name", CONFIG, [
    TLS_LOOK,
  ]),
  client_certificate_refused: asDiagnosed("The broker refuses our certificate", CONFIG, [
    "openssl x509 -noout -subject -issuer -enddate -in <file of KAFKA_TLS_CERT>",
  ]),
  sasl_expected: asDiagnosed("The port expects user and password", UNAVAILABLE, []),
  sasl_not_offered: asDiagnosed("The port takes no user and password", CONFIG, []),
  sasl_mechanism_refused: asDiagnosed("The port has other SASL mechanisms", CONFIG, []),
  wrong_credentials: asDiagnosed("User or password are wrong", NO_PERMISSION, [
    "kafka-configs.sh {cluster} --describe --entity-type users --entity-name '{user}'",
  ]),
  no_credentials: asDiagnosed("Password or token cannot be had", UNAVAILABLE, []),
  unsupported_broker: asDiagnosed("The broker is too old, or is none", CONFIG, []),
  other: asDiagnosed("Something else went wrong", UNAVAILABLE, []),
} as const satisfies Readonly<Record<BrokerKind, Finding>>;

export const BROKER_FINDINGS = {
  ...DIAGNOSED,
  advertised_unreachable: {
    section: "Brokers",
    title: "The brokers send clients on to an address that cannot be reached from here",
    status: "failed",
    exitCode: UNAVAILABLE,
    fix:
      "Correct advertised.listeners of that broker, start it if it is down, or make {address} known and reachable " +
      "here. With containers: the name by which clients in the same network know it, and a listener of its own for " +
      "clients outside",
    commands: ["nc -vz {host} {port}"],
  },
  broker_certificate_expires: {
    section: "Brokers",
    title: "A broker's certificate is about to expire",
    status: "warning",
    exitCode: UNAVAILABLE,
    fix: "Renew the broker's certificate; nothing needs to be done here",
    commands: [TLS_LOOK],
  },
} as const satisfies Readonly<Record<string, Finding>>;

function asDiagnosed(
  title: string,
  exitCode: Finding["exitCode"],
  commands: readonly string[],
): Finding {
  return { section: "Brokers", title, status: "failed", exitCode, fix: null, commands };
}
