/** Starts that must fail on a SecureKafka, each with the exit code and with what the operator must be told. */
import { once } from "node:events";
import net from "node:net";
import { type SecureKafka, type SecureListener, USERS } from "./secure_kafka.ts";
import { mutualTls, oauth, sasl, type Settings, tls } from "./security_settings.ts";
import { unsecuredToken } from "./token_endpoint.ts";

export interface FailedStart {
  readonly when: string;
  readonly at: SecureListener | "PLAINTEXT" | StartPeer;
  readonly settings: (kafka: SecureKafka) => Settings;
  readonly exitCode: 69 | 77 | 78;
  /** All of it stands in the text that the program ends with. */
  readonly says: readonly string[];
}

/** Somebody on a port who is no broker. */
export interface Peer extends AsyncDisposable {
  /** host:port. */
  readonly address: string;
}

export type StartPeer = () => Promise<Peer>;

export const FAILED_STARTS: readonly FailedStart[] = [
  {
    when: "the password is wrong",
    at: "SASLTLS",
    settings: (kafka) => ({ ...tls(kafka), ...sasl("plain"), KAFKA_SASL_PASSWORD: "wrong" }),
    exitCode: 77,
    says: ["refused the credentials", "KAFKA_SASL_PASSWORD"],
  },
  {
    when: "the token has expired",
    at: "OAUTH",
    settings: (kafka) => ({
      ...tls(kafka),
      KAFKA_SASL_MECHANISM: "oauthbearer",
      KAFKA_SASL_OAUTHBEARER_TOKEN: unsecuredToken({ sub: USERS.all, lifeSeconds: -60 }),
    }),
    exitCode: 77,
    says: ["refused the credentials", "KAFKA_SASL_OAUTHBEARER_TOKEN"],
  },
  {
    when: "nothing listens where the tokens should come from",
    at: "OAUTH",
    settings: (kafka) => ({ ...tls(kafka), ...oauth("https://127.0.0.1:1/token", kafka) }),
    exitCode: 69,
    says: ["Cannot get a token from KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL"],
  },
  {
    when: "there is no such user",
    at: "SASL",
    settings: () => sasl("scram-sha-256", "nobody"),
    exitCode: 77,
    says: ["refused the credentials", "KAFKA_SASL_USERNAME", "KAFKA_SASL_MECHANISM=scram-sha-256"],
  },
  {
    when: "the broker has another SASL mechanism",
    at: "SASL",
    settings: () => sasl("plain"),
    exitCode: 78,
    says: ["does not offer the SASL mechanism plain", "KAFKA_SASL_MECHANISM"],
  },
  {
    when: "SASL meets a port without",
    at: "PLAINTEXT",
    settings: () => sasl("plain"),
    exitCode: 78,
    says: ["does not use SASL on this port", "KAFKA_SASL_MECHANISM=none"],
  },
  {
    when: "SASL meets a port with TLS alone",
    at: "TLS",
    settings: (kafka) => ({ ...tls(kafka), ...sasl("scram-sha-512") }),
    exitCode: 78,
    says: ["does not use SASL on this port", "KAFKA_SASL_MECHANISM=none"],
  },
  {
    when: "no SASL meets a port with it",
    at: "SASL",
    settings: () => ({}),
    exitCode: 69,
    says: ["without authentication", "set KAFKA_SASL_MECHANISM"],
  },
  {
    when: "TLS alone meets a port with SASL, too",
    at: "SASLTLS",
    settings: tls,
    exitCode: 69,
    says: ["without authentication", "set KAFKA_SASL_MECHANISM"],
  },
  {
    when: "plaintext meets a port with TLS",
    at: "TLS",
    settings: () => ({}),
    exitCode: 69,
    says: ["without TLS", "set KAFKA_TLS_ENABLED=true"],
  },
  {
    when: "TLS meets a port without",
    at: "PLAINTEXT",
    settings: tls,
    exitCode: 69,
    says: ["when we began TLS", "set KAFKA_TLS_ENABLED=false"],
  },
  {
    when: "no authority that we trust signed the broker's certificate",
    at: "TLS",
    settings: (kafka) => ({ ...tls(kafka), KAFKA_TLS_CA: kafka.certificates.strangerCa }),
    exitCode: 78,
    says: ["KAFKA_TLS_CA"],
  },
  {
    when: "only the well-known authorities are trusted",
    at: "TLS",
    settings: () => ({ KAFKA_TLS_ENABLED: "true" }),
    exitCode: 78,
    says: ["KAFKA_TLS_CA"],
  },
  {
    when: "the broker's certificate has expired",
    at: "EXPIRED",
    settings: tls,
    exitCode: 69,
    says: ["is not valid today", "Renew the broker's certificate"],
  },
  {
    when: "the broker's certificate is for another host",
    at: "OTHERHOST",
    settings: tls,
    exitCode: 78,
    says: ["KAFKA_TLS_SERVERNAME"],
  },
  {
    when: "the client certificate is missing",
    at: "MTLS",
    settings: tls,
    exitCode: 78,
    says: ["refused our client certificate", "KAFKA_TLS_CERT", "KAFKA_TLS_KEY"],
  },
  {
    when: "the broker does not know who signed the client certificate",
    at: "MTLS",
    settings: (kafka) => ({
      ...mutualTls(kafka),
      KAFKA_TLS_CERT: kafka.certificates.stranger.cert,
      KAFKA_TLS_KEY: kafka.certificates.stranger.key,
    }),
    exitCode: 78,
    says: ["refused our client certificate", "KAFKA_TLS_CERT"],
  },
  {
    when: "nobody answers",
    at: silence,
    settings: () => ({ SOCKET_CONNECTION_SETUP_TIMEOUT_MS: "500", REQUEST_TIMEOUT_MS: "500" }),
    exitCode: 69,
    says: ["did not", "SOCKET_CONNECTION_SETUP_TIMEOUT_MS"],
  },
  {
    when: "nobody answers to TLS",
    at: silence,
    settings: (kafka) => ({ ...tls(kafka), SOCKET_CONNECTION_SETUP_TIMEOUT_MS: "500" }),
    exitCode: 69,
    says: ["did not answer", "SOCKET_CONNECTION_SETUP_TIMEOUT_MS"],
  },
  {
    when: "an HTTP server answers",
    at: webServer,
    settings: () => ({ SOCKET_CONNECTION_SETUP_TIMEOUT_MS: "500", REQUEST_TIMEOUT_MS: "500" }),
    exitCode: 69,
    says: ["if it is not Kafka that listens there, correct KAFKA_BROKERS"],
  },
  {
    when: "this user may not see the topic",
    at: "SASL",
    settings: () => sasl("scram-sha-256", USERS.noTopic),
    exitCode: 77,
    says: ["let us see topic", "allow DESCRIBE and READ", "kafka-acls.sh"],
  },
  {
    when: "this user may not read the topic",
    at: "SASL",
    settings: () => sasl("scram-sha-256", USERS.noRead),
    exitCode: 77,
    says: ["READ topic"],
  },
  {
    when: "this user may not see the group",
    at: "SASL",
    settings: () => sasl("scram-sha-256", USERS.noGroup),
    exitCode: 77,
    says: ["KAFKA_GROUP_ID", "kafka-acls.sh"],
  },
  {
    when: "this user may not join the group",
    at: "SASL",
    settings: () => sasl("scram-sha-256", USERS.noJoin),
    exitCode: 77,
    says: ["READ group"],
  },
  {
    when: "this user may not create the dead-letter topic",
    at: "SASL",
    settings: () => ({ ...sasl("scram-sha-256", USERS.noCreate), DLQ_TOPIC: "not-there" }),
    exitCode: 78,
    says: ["TOPIC_AUTHORIZATION_FAILED", "kafka-topics.sh", "--create --topic not-there", "WRITE"],
  },
];

/** Takes connections and never says a word. */
async function silence(): Promise<Peer> {
  return await listen(() => {});
}

async function webServer(): Promise<Peer> {
  return await listen((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
  });
}

async function listen(onConnection: (socket: net.Socket) => void): Promise<Peer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
