/** One failure of each kind that diagnose() tells apart and that the doctor leaves to it, with what it says. */
import { AuthenticationError, NoCredentialsError } from "../../src/kafka/authentication.ts";
import { ConnectionError, DeadlineError } from "../../src/kafka/connections.ts";
import { UnsupportedBrokerError } from "../../src/kafka/handshake.ts";
import { diagnose, type Diagnosis, type DiagnosisContext } from "../../src/kafka/diagnosis.ts";

const BROKER = "kafka:9092";
const PLAIN: DiagnosisContext = { tls: false, sasl: null, brokers: [BROKER] };
const TLS: DiagnosisContext = { ...PLAIN, tls: true };
const SASL: DiagnosisContext = { ...PLAIN, sasl: "scram-sha-256" };

/** By kind. */
export function diagnosisSamples(): ReadonlyMap<string, Diagnosis> {
  const all = [
    diagnose(lost("ENOTFOUND"), PLAIN),
    diagnose(lost("ECONNREFUSED"), PLAIN),
    diagnose(lost("EHOSTUNREACH"), PLAIN),
    diagnose(new DeadlineError(`${BROKER} did not answer`), PLAIN),
    diagnose(new ConnectionError("Closed connection", { broker: BROKER }), TLS),
    diagnose(new ConnectionError("Closed connection", { broker: BROKER }), PLAIN),
    diagnose(lost("ECONNRESET"), TLS),
    diagnose(lost("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"), TLS),
    diagnose(lost("SELF_SIGNED_CERT_IN_CHAIN"), TLS),
    diagnose(lost("CERT_HAS_EXPIRED"), TLS),
    diagnose(lost("ERR_TLS_CERT_ALTNAME_INVALID"), TLS),
    diagnose(lost("ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"), TLS),
    diagnose(
      new ConnectionError("Closed connection", { broker: BROKER, hadAnswered: true }),
      PLAIN,
    ),
    diagnose(answered(34), SASL),
    diagnose(answered(33), SASL),
    diagnose(new AuthenticationError(`${BROKER} refused the credentials`), SASL),
    diagnose(new NoCredentialsError("Cannot read the file"), SASL),
    diagnose(new UnsupportedBrokerError(`${BROKER} lacks what is needed`), PLAIN),
    diagnose(new Error("Something else"), PLAIN),
  ];
  return new Map(all.map((diagnosis) => [diagnosis.kind, diagnosis]));
}

function lost(code: string): ConnectionError {
  return new ConnectionError(`${BROKER}: ${code}`, { broker: BROKER, code });
}

function answered(code: number): ConnectionError {
  const cause = Object.assign(new Error("an answer"), { code });
  return new ConnectionError("an answer", { broker: BROKER, hadAnswered: true, cause });
}
