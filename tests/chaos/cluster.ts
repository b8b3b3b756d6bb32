/**
 * The cluster that chaos tests break: three nodes of Apache Kafka, three replicas of which two must be in sync. Clients
 * may come through proxies, which a test can delay, cut and stall, node by node.
 */
import { type Admin, Kafka, logLevel } from "kafkajs";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { KafkaCluster, type LaidOutNode } from "../support/kafka_cluster.ts";
import type { KafkaProcess } from "../support/kafka_process.ts";
import { CLIENT_LISTENER } from "../support/kafka_properties.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";

/** The way to the brokers: straight, or through the proxies that many share, or one process has for itself. */
export const ROUTES = ["DIRECT", "PROXIED", "ALONE"] as const;
export type Route = typeof ROUTES[number];
type ProxiedRoute = Exclude<Route, "DIRECT">;

const NODES = 3;
const REPLICAS = 3;
const OFFSETS_TOPIC = "__consumer_offsets";
const HEAL_DEADLINE_MS = 180_000;
const ASK_DEADLINE_MS = 30_000;
const ASK_PAUSE_MS = 200;

export class ChaosCluster implements AsyncDisposable {
  readonly kafka: KafkaCluster;
  readonly #proxies: Readonly<Record<ProxiedRoute, ReadonlyMap<number, TcpProxy>>>;

  private constructor(
    kafka: KafkaCluster,
    proxies: Readonly<Record<ProxiedRoute, ReadonlyMap<number, TcpProxy>>>,
  ) {
    this.kafka = kafka;
    this.#proxies = proxies;
  }

  static async start(properties: Readonly<Record<string, string>> = {}): Promise<ChaosCluster> {
    const proxies = {
      PROXIED: new Map<number, TcpProxy>(),
      ALONE: new Map<number, TcpProxy>(),
    };
    const proxy = async ({ id, addresses }: LaidOutNode) => {
      const ports: Record<string, number> = {};
      for (const [route, byNode] of Object.entries(proxies)) {
        await byNode.get(id)?.[Symbol.asyncDispose](); // of a start that did not get its ports
        const started = await TcpProxy.start(addresses[route] ?? "");
        byNode.set(id, started);
        ports[route] = started.port;
      }
      return ports;
    };
    const listeners = { PROXIED: "PLAINTEXT", ALONE: "PLAINTEXT" };
    const kafka = await KafkaCluster.start({
      nodes: NODES,
      listeners,
      properties,
      advertise: proxy,
    });
    return new ChaosCluster(kafka, proxies);
  }

  /** host:port of every node, by that route. */
  bootstrap(route: Route = "DIRECT"): string {
    if (route === "DIRECT") return this.kafka.bootstrap(CLIENT_LISTENER);
    return this.proxies(route).map((proxy) => proxy.address).join(",");
  }

  /** The proxies of a route, of all nodes or of one. */
  proxies(route: ProxiedRoute, node?: number): readonly TcpProxy[] {
    const all = [...this.#proxies[route]].sort(([a], [b]) => a - b);
    return all.filter(([id]) => node === undefined || id === node).map(([, proxy]) => proxy);
  }

  get nodes(): readonly KafkaProcess[] {
    return this.kafka.nodes;
  }

  node(id: number): KafkaProcess {
    return this.kafka.node(id);
  }

  /** Creates a topic and waits until all its replicas are in sync. */
  async createTopic(topic: string, partitions: number, replicas: number = REPLICAS): Promise<void> {
    const numPartitions = partitions;
    const replicationFactor = replicas;
    await this.ask((admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor }] })
    );
    await this.untilInSync([topic]);
  }

  /**
   * Deletes a topic and its dead letters. What a single broker kept has no leader for ever once that broker was
   * killed, and until it is deleted no client of kafkajs can list topics.
   */
  async deleteTopic(topic: string): Promise<void> {
    await this.ask((admin) => admin.deleteTopics({ topics: [topic] }));
    await this.ask(async (admin) => {
      const topics = (await admin.listTopics()).filter((each) => each === `${topic}.dlq`);
      if (topics.length > 0) await admin.deleteTopics({ topics });
    });
  }

  /** Asks the cluster something by a client of its own, again and again until it can answer. */
  async ask<T>(question: (admin: Admin) => Promise<T>, withinMs = ASK_DEADLINE_MS): Promise<T> {
    const answer = await eventually("the cluster answers", async () => {
      const admin = await this.#connect();
      try {
        return { value: await question(admin) };
      } finally {
        await admin.disconnect().catch(() => {});
      }
    }, { withinMs, everyMs: ASK_PAUSE_MS });
    return answer.value;
  }

  /** The node that leads a partition now. */
  async leaderOf(topic: string, partition: number): Promise<number> {
    const { topics: [found] } = await this.ask((admin) =>
      admin.fetchTopicMetadata({ topics: [topic] })
    );
    const leader = found?.partitions.find(({ partitionId }) => partitionId === partition)?.leader;
    if (leader === undefined) throw new Error(`No leader for ${topic}-${partition}`);
    return leader;
  }

  /** The node that coordinates a group now, as every broker works it out. */
  async coordinatorOf(group: string): Promise<number> {
    const { topics: [found] } = await this.ask((admin) =>
      admin.fetchTopicMetadata({ topics: [OFFSETS_TOPIC] })
    );
    const count = found?.partitions.length ?? 0;
    if (count === 0) throw new Error("No group has been here yet");
    return await this.leaderOf(OFFSETS_TOPIC, (javaHashCode(group) & 0x7fffffff) % count);
  }

  /** Another node than that. */
  async otherThan(node: number): Promise<number> {
    const other = this.nodes.find(({ id }) => id !== node);
    if (other === undefined) throw new RangeError(`No other node than ${node}`);
    return await Promise.resolve(other.id);
  }

  /** Starts and wakes every node, lets everything pass the proxies, and waits until all replicas are in sync. */
  async heal(topics: readonly string[] = []): Promise<void> {
    for (const proxy of [...this.proxies("PROXIED"), ...this.proxies("ALONE")]) {
      await restore(proxy);
    }
    for (const node of this.nodes) {
      await node.resume();
      await node.start();
    }
    await this.untilInSync(topics);
  }

  /** Waits until every partition of the topics, and of the offsets where there are any, has all its replicas. */
  async untilInSync(topics: readonly string[]): Promise<void> {
    await eventually(`all replicas of ${topics} are in sync`, () =>
      this.ask(async (admin) => {
        const known = await admin.listTopics();
        const asked = [...topics, OFFSETS_TOPIC].filter((topic) => known.includes(topic));
        if (topics.some((topic) => !known.includes(topic))) return false;
        if (asked.length === 0) return true;
        const answer = await admin.fetchTopicMetadata({ topics: asked });
        const partitions = answer.topics.flatMap((topic) => topic.partitions);
        return partitions.every(({ isr, replicas, leader }) =>
          leader >= 0 && isr.length === replicas.length
        );
      }), { withinMs: HEAL_DEADLINE_MS, everyMs: ASK_PAUSE_MS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const proxies = [...this.proxies("PROXIED"), ...this.proxies("ALONE")];
    await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
    await this.kafka[Symbol.asyncDispose]();
  }

  /** A client of kafkajs that gives up soon: brokers that are frozen do not answer, and the next try asks another. */
  async #connect(): Promise<Admin> {
    const kafka = new Kafka({
      clientId: "chaos",
      brokers: shuffled(this.bootstrap().split(",")),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1_000,
      requestTimeout: 5_000,
      retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 100 },
    });
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  }
}

/** A client for all that a test does to the cluster beside breaking it. */
export function clientOf(cluster: ChaosCluster): KafkaClient {
  return new KafkaClient(cluster.bootstrap());
}

async function restore(proxy: TcpProxy): Promise<void> {
  proxy.delay(0);
  proxy.limit(Infinity);
  proxy.lose(0);
  proxy.resume();
  await proxy.restore();
}

function shuffled<T>(values: readonly T[]): T[] {
  return values.map((value) => ({ value, at: Math.random() })).sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** String.hashCode() of Java, by which a group finds its partition of the offsets topic. */
function javaHashCode(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = (31 * hash + text.charCodeAt(at)) | 0;
  return hash;
}
