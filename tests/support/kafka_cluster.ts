/**
 * Apache Kafka for tests, from jars: one node or several, on ports and in a directory of its own. Disposing it
 * ends every node and deletes the data. Tests usually get one from kafkaTest in kafka.ts.
 */
import { freePorts } from "./free_ports.ts";
import { brokerClassPath, kafkaVersion } from "./kafka_jars.ts";
import { KafkaProcess } from "./kafka_process.ts";
import {
  asPropertiesFile,
  brokerProperties,
  type BrokerSettings,
  CLIENT_LISTENER,
  listenerNames,
  type NodePorts,
} from "./kafka_properties.ts";

/** What a cluster is to be. */
export interface KafkaClusterOptions extends BrokerSettings {
  /** 1 by default. From 3 on, topics have 3 replicas of which 2 must be in sync. */
  readonly nodes?: number;
  /** `KAFKA_VERSION`, else 4.4.0. */
  readonly version?: string;
  /** Java heap of each node; 384m by default. */
  readonly heap?: string;
  /** Goes to Kafka's StorageTool: `["--add-scram", "SCRAM-SHA-256=[name=alice,password=…]"]`. */
  readonly formatArguments?: readonly string[];
  /**
   * Called for each node before it is started: where its clients are sent instead of the listener's own port, by
   * listener. For proxies of several nodes; for those of one node `advertisedPorts` will do.
   */
  readonly advertise?: (node: LaidOutNode) => Promise<Readonly<Record<string, number>>>;
}

/** A node that is not there yet. */
export interface LaidOutNode {
  readonly id: number;
  /** host:port of each listener. */
  readonly addresses: Readonly<Record<string, string>>;
}

const DEFAULT_HEAP = "384m";
/** Ports are free when they are chosen; another process can still be faster. */
const MAX_START_TRIES = 3;

/** A running cluster. */
export class KafkaCluster implements AsyncDisposable {
  readonly version: string;
  readonly nodes: readonly KafkaProcess[];
  readonly #directory: string;

  private constructor(version: string, nodes: readonly KafkaProcess[], directory: string) {
    this.version = version;
    this.nodes = nodes;
    this.#directory = directory;
  }

  /** Downloads the jars if need be, formats and starts all nodes, and waits until they serve. */
  static async start(options: KafkaClusterOptions = {}): Promise<KafkaCluster> {
    for (let tries = 1;; tries += 1) {
      try {
        return await KafkaCluster.#tryToStart(options);
      } catch (error) {
        const isPortTaken = String(error).includes("Address already in use");
        if (!isPortTaken || tries === MAX_START_TRIES) throw error;
      }
    }
  }

  /** host:port of every node, comma-separated, for clients of `listener`. */
  bootstrap(listener: string = CLIENT_LISTENER): string {
    return this.nodes.map((node) => node.addresses[listener]).join(",");
  }

  /** The node of that id, counted from 1. */
  node(id: number): KafkaProcess {
    const node = this.nodes.find((node) => node.id === id);
    if (node === undefined) throw new RangeError(`No such node: ${id} of ${this.nodes.length}`);
    return node;
  }

  /** Kills all nodes, whatever state they are in, and deletes their data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await Deno.remove(this.#directory, { recursive: true });
  }

  static async #tryToStart(options: KafkaClusterOptions): Promise<KafkaCluster> {
    const version = options.version ?? kafkaVersion();
    const classPath = await brokerClassPath(version);
    const directory = await Deno.makeTempDir({
      prefix: "kafka-",
      ...runDirectory(),
    });
    const nodes = await layOut(directory, classPath, options);
    const cluster = new KafkaCluster(version, nodes, directory);
    try {
      const clusterId = newClusterId();
      const extra = options.formatArguments ?? [];
      await Promise.all(nodes.map((node) => node.format(clusterId, extra)));
      await Promise.all(nodes.map((node) => node.start()));
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** The runner's directory, in which it ends what a crashed test leaves behind. */
function runDirectory(): { readonly dir?: string } {
  const directory = Deno.env.get("TEST_RUN_DIR");
  return directory ? { dir: directory } : {};
}

/** Chooses ports and writes the configuration of every node. */
async function layOut(
  directory: string,
  classPath: string,
  options: KafkaClusterOptions,
): Promise<readonly KafkaProcess[]> {
  const nodes = choosePorts(options.nodes ?? 1, listenerNames(options));
  const processes: KafkaProcess[] = [];
  for (const { id, ports } of nodes) {
    const home = `${directory}/n${id}`;
    const layout = { nodes, bindAddress: "127.0.0.1", dataDirectory: `${home}/data` };
    await Deno.mkdir(home);
    const addresses = Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [name, `127.0.0.1:${port}`]),
    );
    const advertisedPorts = await options.advertise?.({ id, addresses }) ?? options.advertisedPorts;
    const settings = { ...options, ...(advertisedPorts === undefined ? {} : { advertisedPorts }) };
    const properties = asPropertiesFile(brokerProperties(id, layout, settings));
    await Deno.writeTextFile(`${home}/server.properties`, properties);
    processes.push(
      new KafkaProcess({
        id,
        directory: home,
        classPath,
        heap: options.heap ?? DEFAULT_HEAP,
        addresses,
      }),
    );
  }
  return processes;
}

function choosePorts(count: number, listeners: readonly string[]): readonly NodePorts[] {
  const ports = freePorts(count * listeners.length);
  return Array.from({ length: count }, (_, index) => {
    const own = ports.slice(index * listeners.length, (index + 1) * listeners.length);
    return {
      id: index + 1,
      ports: Object.fromEntries(listeners.map((name, position) => [name, own[position] ?? 0])),
    };
  });
}

/** 16 random bytes as Kafka writes them: URL-safe base64 without padding. */
function newClusterId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
