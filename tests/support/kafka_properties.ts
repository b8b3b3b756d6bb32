/**
 * The configuration of a test broker: KRaft, every node both broker and controller, all on 127.0.0.1, with
 * timeouts short enough for a test. Used as `server.properties` by jars and as variables by the container.
 */

/** The listeners that every node has beside those that a test asks for. */
export const CLIENT_LISTENER = "PLAINTEXT";
const INTERNAL_LISTENER = "INTERNAL";
const CONTROLLER_LISTENER = "CONTROLLER";
const OWN_LISTENERS = [CLIENT_LISTENER, INTERNAL_LISTENER, CONTROLLER_LISTENER] as const;

/** One node and its port for each listener. */
export interface NodePorts {
  readonly id: number;
  readonly ports: Readonly<Record<string, number>>;
}

/** What a test may set of a broker. */
export interface BrokerSettings {
  /** Further listeners with their security protocol: `{ SASLS: "SASL_SSL" }`. */
  readonly listeners?: Readonly<Record<string, string>>;
  /** Where clients are sent instead of the listener's own port, by listener: the port of a proxy. One node only. */
  readonly advertisedPorts?: Readonly<Record<string, number>>;
  /** Kafka's own properties, over all others. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** How a node is laid out on its machine. */
export interface NodeLayout {
  readonly nodes: readonly NodePorts[];
  /** Where the node listens: 127.0.0.1, or 0.0.0.0 in a container. */
  readonly bindAddress: string;
  readonly dataDirectory: string;
}

/** Names of all listeners of a node, the ones that a test asks for included. */
export function listenerNames(settings: BrokerSettings): readonly string[] {
  return [...OWN_LISTENERS, ...Object.keys(settings.listeners ?? {})];
}

/** All properties of the node `id`. */
export function brokerProperties(
  id: number,
  layout: NodeLayout,
  settings: BrokerSettings,
): Readonly<Record<string, string>> {
  const voters = layout.nodes.map((node) =>
    `${node.id}@127.0.0.1:${node.ports[CONTROLLER_LISTENER]}`
  );
  return {
    "process.roles": "broker,controller",
    "node.id": String(id),
    "controller.quorum.voters": voters.join(","),
    "log.dirs": layout.dataDirectory,
    ...listenerProperties(id, layout, settings),
    ...replicationProperties(layout.nodes.length),
    ...smallAndFastProperties(),
    ...settings.properties,
  };
}

function listenerProperties(
  id: number,
  layout: NodeLayout,
  settings: BrokerSettings,
): Record<string, string> {
  const ports = layout.nodes.find((node) => node.id === id)?.ports ?? {};
  const names = listenerNames(settings);
  const advertised = names.filter((name) => name !== CONTROLLER_LISTENER);
  const protocols = { ...settings.listeners };
  return {
    "listeners": names.map((name) => `${name}://${layout.bindAddress}:${ports[name]}`).join(","),
    "advertised.listeners": advertised.map((name) =>
      `${name}://127.0.0.1:${settings.advertisedPorts?.[name] ?? ports[name]}`
    ).join(","),
    "listener.security.protocol.map": names.map((name) =>
      `${name}:${protocols[name] ?? "PLAINTEXT"}`
    ).join(","),
    "inter.broker.listener.name": INTERNAL_LISTENER,
    "controller.listener.names": CONTROLLER_LISTENER,
  };
}

function replicationProperties(nodes: number): Record<string, string> {
  const replicas = String(Math.min(3, nodes));
  const inSync = String(Math.max(1, Math.min(3, nodes) - 1));
  return {
    "default.replication.factor": replicas,
    "min.insync.replicas": inSync,
    "unclean.leader.election.enable": "false",
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": inSync,
    "share.coordinator.state.topic.num.partitions": "2",
  };
}

function smallAndFastProperties(): Record<string, string> {
  return {
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "1000",
    "replica.lag.time.max.ms": "6000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.segment.bytes": String(64 * 1024 * 1024),
    "log.cleaner.dedupe.buffer.size": String(16 * 1024 * 1024),
  };
}

/** As the text of a `server.properties` file. */
export function asPropertiesFile(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join("");
}

/**
 * As variables for the apache/kafka image. Its rule: `.` becomes `_`, `_` becomes `__`, `-` becomes `___`, all
 * after `KAFKA_` and in capitals.
 */
export function asImageVariables(
  properties: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const variables = Object.entries(properties).map(([name, value]) => {
    const variable = name.replaceAll("_", "__").replaceAll("-", "___").replaceAll(".", "_");
    return [`KAFKA_${variable.toUpperCase()}`, value] as const;
  });
  return Object.fromEntries(variables);
}
