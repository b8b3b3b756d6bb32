/**
 * One node of Apache Kafka with every kind of secure listener, certificates, users and access control lists of its
 * own. Disposing it ends the node and deletes everything. Needs jars and openssl.
 */
import { brokerName, Connections } from "../../src/kafka/connections.ts";
import { fromKafkajs, type Throttled } from "../../src/kafka/protocol.ts";
import type { BrokerAddress } from "../../src/kafka/protocol.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { type Acl, allow } from "./acls.ts";
import { type Certificates, CLIENT_PRINCIPAL, makeCertificates } from "./certificates.ts";
import { KafkaCluster } from "./kafka_cluster.ts";

/** The listeners beside plaintext, by what they ask for. */
const LISTENERS = {
  TLS: "SSL",
  MTLS: "SSL",
  SASL: "SASL_PLAINTEXT",
  SASLTLS: "SASL_SSL",
  /** As SASLTLS, with sessions that must be renewed after SESSION_MS. */
  SHORT: "SASL_SSL",
  EXPIRED: "SSL",
  OTHERHOST: "SSL",
} as const;

export type SecureListener = keyof typeof LISTENERS;

/** Users of every SASL listener, all with the password PASSWORD. */
export const USERS = {
  /** May do everything. */
  all: "alice",
  /** May use every group and not one topic. */
  noTopic: "no-topic",
  /** May see topics, and neither read them nor use a group. */
  noGroup: "no-group",
} as const;

export const PASSWORD = "open:sesame/+?";
/** How long a broker's SHORT listener takes an authentication for good. */
export const SESSION_MS = 2_000;

const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
const SECURITY = "org.apache.kafka.common.security";
const DEADLINE_MS = 10_000;

export class SecureKafka implements AsyncDisposable {
  readonly certificates: Certificates;
  readonly topic: string;
  readonly #cluster: KafkaCluster;
  readonly #directory: string;

  private constructor(
    facts: {
      readonly certificates: Certificates;
      readonly topic: string;
      readonly cluster: KafkaCluster;
      readonly directory: string;
    },
  ) {
    this.certificates = facts.certificates;
    this.topic = facts.topic;
    this.#cluster = facts.cluster;
    this.#directory = facts.directory;
  }

  /** Starts the node, then makes the topic and the access control lists. */
  static async start(): Promise<SecureKafka> {
    const runDirectory = Deno.env.get("TEST_RUN_DIR");
    const directory = await Deno.makeTempDir({
      prefix: "kafka-secure-",
      ...(runDirectory ? { dir: runDirectory } : {}),
    });
    try {
      const certificates = await makeCertificates(directory);
      const cluster = await KafkaCluster.start({
        listeners: LISTENERS,
        properties: { ...tlsProperties(certificates), ...saslProperties(), ...aclProperties() },
        formatArguments: scramArguments(),
      });
      const topic = `events-${crypto.randomUUID()}`;
      const kafka = new SecureKafka({ certificates, topic, cluster, directory });
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #prepare(): Promise<void> {
    const connections = new Connections({
      clientId: "test",
      ssl: null,
      sasl: null,
      connectionTimeoutMs: DEADLINE_MS,
      requestTimeoutMs: DEADLINE_MS,
      clock: systemClock,
      kafkajsLogger: silent,
    });
    try {
      const to = this.address("PLAINTEXT");
      await createTopic(this.topic, { connections, to });
      await allow(ACLS, { caller: connections, to });
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    } finally {
      connections.close();
    }
  }
}

const ACLS: readonly Acl[] = [
  ...[`User:${USERS.all}`, CLIENT_PRINCIPAL].flatMap((principal) =>
    (["topic", "group"] as const).map((resource) => (
      { principal, resource, name: "*", operation: "all" } as const
    ))
  ),
  { principal: `User:${USERS.noTopic}`, resource: "group", name: "*", operation: "all" },
  { principal: `User:${USERS.noGroup}`, resource: "topic", name: "*", operation: "describe" },
];

const silent = {
  namespace: () => silent,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

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

function saslProperties(): Record<string, string> {
  const passwords = Object.values(USERS).map((user) => `user_${user}="${PASSWORD}"`).join(" ");
  const properties: Record<string, string> = {};
  for (const [listener, protocol] of Object.entries(LISTENERS)) {
    if (!protocol.startsWith("SASL")) continue;
    const prefix = `listener.name.${listener.toLowerCase()}`;
    properties[`${prefix}.sasl.enabled.mechanisms`] = MECHANISMS.join(",");
    for (const mechanism of MECHANISMS) {
      const own = `${prefix}.${mechanism.toLowerCase()}`;
      properties[`${own}.sasl.jaas.config`] = mechanism === "PLAIN"
        ? `${SECURITY}.plain.PlainLoginModule required ${passwords};`
        : `${SECURITY}.scram.ScramLoginModule required;`;
      if (listener === "SHORT") {
        properties[`${own}.connections.max.reauth.ms`] = String(SESSION_MS);
      }
    }
  }
  return properties;
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
  return MECHANISMS.slice(1).flatMap((mechanism) =>
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
