/** Settings of the service for the listeners of a SecureKafka. */
import { CLIENT_PASSPHRASE, OTHER_HOST } from "./certificates.ts";
import { PASSWORD, type SecureKafka, type SecureListener, USERS } from "./secure_kafka.ts";
import { unsecuredToken } from "./token_endpoint.ts";

export type Settings = Readonly<Record<string, string>>;

/** A way to connect that works. */
export interface SecureWay {
  readonly name: string;
  readonly listener: SecureListener;
  readonly settings: (kafka: SecureKafka) => Settings | Promise<Settings>;
}

/** Each protocol, mechanism and origin of a secret. */
export const SECURE_WAYS: readonly SecureWay[] = [
  { name: "SSL", listener: "TLS", settings: tls },
  {
    name: "SSL, to a broker of another name",
    listener: "OTHERHOST",
    settings: (kafka) => ({ ...tls(kafka), KAFKA_TLS_SERVERNAME: OTHER_HOST }),
  },
  { name: "mTLS", listener: "MTLS", settings: mutualTls },
  { name: "mTLS, all of it from files", listener: "MTLS", settings: mutualTlsFromFiles },
  {
    name: "SASL_SSL with PLAIN",
    listener: "SASLTLS",
    settings: (kafka) => ({ ...tls(kafka), ...sasl("plain") }),
  },
  {
    name: "SASL_SSL with SCRAM-SHA-256, the password from a file",
    listener: "SASLTLS",
    settings: async (kafka) => ({ ...tls(kafka), ...await saslFromFile("scram-sha-256", kafka) }),
  },
  {
    name: "SASL_SSL with SCRAM-SHA-512",
    listener: "SASLTLS",
    settings: (kafka) => ({ ...tls(kafka), ...sasl("scram-sha-512") }),
  },
  {
    name: "SASL_SSL with OAUTHBEARER, the token from a file",
    listener: "OAUTH",
    settings: async (kafka) => ({ ...tls(kafka), ...await tokenFromFile(kafka) }),
  },
];

/** TLS that trusts the brokers' authority. */
export function tls({ certificates }: SecureKafka): Settings {
  return { KAFKA_TLS_ENABLED: "true", KAFKA_TLS_CA: certificates.ca };
}

/** As `tls`, with the client certificate. */
export function mutualTls(kafka: SecureKafka): Settings {
  const { cert, key } = kafka.certificates.client;
  return { ...tls(kafka), KAFKA_TLS_CERT: cert, KAFKA_TLS_KEY: key };
}

/** The password of every user, by `mechanism`. */
export function sasl(mechanism: string, username: string = USERS.all): Settings {
  return {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: PASSWORD,
  };
}

/** As `mutualTls`, with the key encrypted. */
async function mutualTlsFromFiles(kafka: SecureKafka): Promise<Settings> {
  const { certificates, directory } = kafka;
  return {
    KAFKA_TLS_ENABLED: "true",
    KAFKA_TLS_CA_FILE: certificates.caFile,
    KAFKA_TLS_CERT_FILE: `${directory}/client.crt`,
    KAFKA_TLS_KEY_FILE: await write(kafka, "encrypted.key", certificates.encryptedClientKey),
    KAFKA_TLS_KEY_PASSPHRASE_FILE: await write(kafka, "passphrase", `${CLIENT_PASSPHRASE}\n`),
  };
}

async function saslFromFile(mechanism: string, kafka: SecureKafka): Promise<Settings> {
  return {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: USERS.all,
    KAFKA_SASL_PASSWORD_FILE: await write(kafka, "password", `${PASSWORD}\n`),
  };
}

async function tokenFromFile(kafka: SecureKafka): Promise<Settings> {
  const token = unsecuredToken({ sub: USERS.all, lifeSeconds: 3_600 });
  return {
    KAFKA_SASL_MECHANISM: "oauthbearer",
    KAFKA_SASL_OAUTHBEARER_TOKEN_FILE: await write(kafka, "token", `${token}\n`),
  };
}

/** Tokens from an endpoint, whose certificate is of the brokers' authority. */
export function oauth(url: string, { certificates }: SecureKafka): Settings {
  return {
    KAFKA_SASL_MECHANISM: "oauthbearer",
    KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: url,
    KAFKA_SASL_OAUTHBEARER_CA: certificates.ca,
    KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID: "client",
    KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET: PASSWORD,
  };
}

async function write({ directory }: SecureKafka, name: string, text: string): Promise<string> {
  const path = `${directory}/${name}`;
  await Deno.writeTextFile(path, text);
  return path;
}
