/**
 * One node of Apache Kafka with every kind of secure listener, certificates, users and access control lists of its
 * own. Disposing it ends the node and deletes everything. Needs jars and openssl.
 */
import { brokerName, type Connections } from "../../src/kafka/connections.ts";
import { fromKafkajs, type Throttled } from "../../src/kafka/protocol.ts";
import type { BrokerAddress } from "../../src/kafka/protocol.ts";
import { type Acl, allow } from "./acls.ts";
import { type Certificates, CLIENT_PRINCIPAL, makeCertificates } from "./certificates.ts";
import { succeeds } from "./command.ts";
import { freePorts } from "./free_ports.ts";
import { KafkaCluster } from "./kafka_cluster.ts";
import { plainConnections } from "./with_connections.ts";

/** The listeners beside plaintext, by what they ask for. */
const LISTENERS = {
  TLS: "SSL",
  MTLS: "SSL",
  /** SCRAM only. */
  SASL: "SASL_PLAINTEXT",
  SASLTLS: "SASL_SSL",
  /** As SASLTLS, with sessions that must be renewed after SESSION_MS. */
  SHORT: "SASL_SSL",
  /** OAUTHBEARER only, with tokens that nobody signed; a session ends with its token. */
  OAUTH: "SASL_SSL",
  EXPIRED: "SSL",
  OTHERHOST: "SSL",
  /** Sends clients on to `elsewherePort`, on which nobody listens. */
  ELSEWHERE: "PLAINTEXT",
} as const;

export type SecureListener = keyof typeof LISTENERS;

/** Users of every SASL listener, all with the password PASSWORD. */
export const USERS = {
  /** May do everything. */
  all: "alice",
  /** May use every group and not see one topic. */
  noTopic: "no-topic",
  /** May use every group, and see every topic without reading it. */
  noRead: "no-read",
  /** May read every topic, and not see one group. */
  noGroup: "no-group",
  /** May read every topic, and see every group without joining it. */
  noJoin: "no-join",
  /** May use every group, and read topics, but not create one. */
  noCreate: "no-create",
  /** May read every topic, and use no group. */
  noRedrive: "no-redrive",
} as const;

export const PASSWORD = "open:sesame/+?";
/** How long a broker's SHORT listener takes an authentication for good, when nothing else is asked for. */
export const SESSION_MS = 2_000;

const OPENSSL_DEADLINE_MS = 5_000;
const SCRAM_MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
const SECURITY = "org.apache.kafka.common.security";
const DEADLINE_MS = 10_000;

/** What is not always the same. */
export interface SecureKafkaOptions {
  /** `connections.max.reauth.ms` of the SHORT listener. */
  readonly sessionMs?: number;
}

export class SecureKafka implements AsyncDisposable {
  readonly certificates: Certificates;
  readonly topic: string;
  readonly deadLetterTopic: string;
  /** Holds the certificates, each as name.crt and name.key, and what else a test needs as a file. */
  readonly directory: string;
  /** Where the broker keeps its logs. */
  readonly dataDirectory: string;
  readonly elsewherePort: number;
  readonly #cluster: KafkaCluster;

  private constructor(
    facts: {
      readonly certificates: Certificates;
      readonly topic: string;
      readonly cluster: KafkaCluster;
      readonly directory: string;
      readonly elsewherePort: number;
    },
  ) {
    this.certificates = facts.certificates;
    this.topic = facts.topic;
    this.deadLetterTopic = `${facts.topic}.dlq`;
    this.#cluster = facts.cluster;
    this.directory = facts.directory;
    this.dataDirectory = dataIn(facts.directory);
    this.elsewherePort = facts.elsewherePort;
  }

  /** Starts the node, then makes the topic and the access control lists. */
  static async start(options: SecureKafkaOptions = {}): Promise<SecureKafka> {
    const runDirectory = Deno.env.get("TEST_RUN_DIR");
    const directory = await Deno.makeTempDir({
      prefix: "kafka-secure-",
      ...(runDirectory ? { dir: runDirectory } : {}),
    });
    try {
      const certificates = await makeCertificates(directory);
      const [elsewherePort = 0] = freePorts(1);
      const cluster = await KafkaCluster.start({
        listeners: LISTENERS,
        advertisedPorts: { ELSEWHERE: elsewherePort },
        properties: {
          ...tlsProperties(certificates),
          ...saslProperties(options.sessionMs ?? SESSION_MS),
          ...aclProperties(),
          "log.dirs": dataIn(directory),
        },
        formatArguments: scramArguments(),
      });
      const topic = `events-${crypto.randomUUID()}`;
      const kafka = new SecureKafka({ certificates, topic, cluster, directory, elsewherePort });
      await kafka.#prepare();
      return kafka;
    } catch (error) {
      await Deno.remove(directory, { recursive: true });
      throw error;
    }
  }

  /** Where the broker listens; `host` may be another name of it than 127.0.0.1. */
  address(listener: SecureListener | "PLAINTEXT", host = "127.0.0.1"): BrokerAddress {
    const port = Number(this.#cluster.bootstrap(listener).split(":").at(-1));
    return { id: -1, host, port };
  }

  /** As `address`, as text. */
  bootstrap(listener: SecureListener | "PLAINTEXT"): string {
    return this.#cluster.bootstrap(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }

  async #prepare(): Promise<void> {
    const connections = plainConnections();
    try {
      const to = this.address("PLAINTEXT");
      for (const topic of [this.topic, this.deadLetterTopic]) {
        await createTopic(topic, { connections, to });
      }
      await allow(ACLS, { caller: connections, to });
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    } finally {
      connections.close();
    }
  }
}

function dataIn(directory: string): string {
  return `${directory}/data`;
}

/** Why there can be none, as a phrase for a test's name; null when there can. By what the test runner found. */
export async function secureKafkaMissing(): Promise<string | null> {
  const jarsMissing = Deno.env.get("TEST_KAFKA_JARS_MISSING") ?? "run it by deno task test";
  if (jarsMissing !== "") return jarsMissing;
  return await succeeds(["openssl", "version"], OPENSSL_DEADLINE_MS) ? null : "no openssl";
}

const ACLS: readonly Acl[] = [
  ...[`User:${USERS.all}`, CLIENT_PRINCIPAL].flatMap((principal) => [
    acl(principal, "topic", "all"),
    acl(principal, "group", "all"),
  ]),
  acl(`User:${USERS.noTopic}`, "group", "all"),
  acl(`User:${USERS.noRead}`, "group", "all"),
  acl(`User:${USERS.noRead}`, "topic", "describe"),
  acl(`User:${USERS.noGroup}`, "topic", "read"),
  acl(`User:${USERS.noJoin}`, "topic", "read"),
  acl(`User:${USERS.noJoin}`, "group", "describe"),
  acl(`User:${USERS.noCreate}`, "group", "all"),
  acl(`User:${USERS.noCreate}`, "topic", "read"),
  acl(`User:${USERS.noRedrive}`, "topic", "read"),
];

/** On everything of its kind. Kafka lets whoever may read also describe. */
function acl(principal: string, resource: Acl["resource"], operation: Acl["operation"]): Acl {
  return { principal, resource, name: "*", operation };
}

function tlsProperties(certificates: Certificates): Record<string, string> {
  return {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": certificates.server.keystore,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": certificates.caFile,
    "listener.name.mtls.ssl.client.auth": "required",
    "listener.name.expired.ssl.keystore.type": "PEM",
    "listener.name.expired.ssl.keystore.location": certificates.expired.keystore,
    "listener.name.otherhost.ssl.keystore.type": "PEM",
    "listener.name.otherhost.ssl.keystore.location": certificates.otherHost.keystore,
  };
}

function saslProperties(sessionMs: number): Record<string, string> {
  const passwords = Object.values(USERS).map((user) => `user_${user}="${PASSWORD}"`).join(" ");
  const properties: Record<string, string> = {};
  for (const [listener, protocol] of Object.entries(LISTENERS)) {
    if (!protocol.startsWith("SASL")) continue;
    const prefix = `listener.name.${listener.toLowerCase()}`;
    const mechanisms = mechanismsOf(listener);
    properties[`${prefix}.sasl.enabled.mechanisms`] = mechanisms.join(",");
    for (const mechanism of mechanisms) {
      const own = `${prefix}.${mechanism.toLowerCase()}`;
      properties[`${own}.sasl.jaas.config`] = loginModule(mechanism, passwords);
      if (listener === "SHORT") {
        properties[`${own}.connections.max.reauth.ms`] = String(sessionMs);
      }
    }
  }
  return properties;
}

function mechanismsOf(listener: string): readonly string[] {
  if (listener === "OAUTH") return ["OAUTHBEARER"];
  return listener === "SASL" ? SCRAM_MECHANISMS : ["PLAIN", ...SCRAM_MECHANISMS];
}

function loginModule(mechanism: string, passwords: string): string {
  switch (mechanism) {
    case "PLAIN":
      return `${SECURITY}.plain.PlainLoginModule required ${passwords};`;
    case "OAUTHBEARER":
      return `${SECURITY}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`;
    default:
      return `${SECURITY}.scram.ScramLoginModule required;`;
  }
}

/** Plaintext and TLS without a client certificate are ANONYMOUS, which the broker and these tests' set-up need. */
function aclProperties(): Record<string, string> {
  return {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": "User:ANONYMOUS",
  };
}

function scramArguments(): readonly string[] {
  return SCRAM_MECHANISMS.flatMap((mechanism) =>
    Object.values(USERS).flatMap((user) => [
      "--add-scram",
      `${mechanism}=[name=${user},password=${PASSWORD}]`,
    ])
  );
}

async function createTopic(
  topic: string,
  { connections, to }: { readonly connections: Connections; readonly to: BrokerAddress },
): Promise<void> {
  const request = fromKafkajs<Throttled & { topicErrors: readonly { errorCode: number }[] }>(
    "CreateTopics",
    {
      topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries: [] }],
      timeout: DEADLINE_MS,
      validateOnly: false,
    },
  );
  const { topicErrors } = await connections.call({
    to,
    purpose: "metadata",
    request,
    deadlineMs: DEADLINE_MS,
  });
  const code = topicErrors[0]?.errorCode;
  if (code !== 0) throw new Error(`Cannot create ${topic} at ${brokerName(to)}: code ${code}`);
}
