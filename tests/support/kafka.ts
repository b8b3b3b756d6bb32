/**
 * Integration tests: a promise of the service, kept on the embedded broker and on a real Apache Kafka. Names of topics
 * and groups are random, so tests share a broker without meeting.
 */
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { KafkaClient } from "./kafka_client.ts";
import { KafkaCluster } from "./kafka_cluster.ts";
import { testIfPossible } from "./test_if_possible.ts";

/** What a test needs of its Kafka. */
export interface KafkaTestOptions<Topic extends string> {
  /** Topics to create under random names, with their number of partitions: `{ events: 3 }`. */
  readonly topics?: Readonly<Record<Topic, number>>;
  /**
   * A Kafka of the test's own with so many nodes, which it may stop, kill and pause. Without it the test shares one
   * and must leave it as it is.
   */
  readonly nodes?: number;
  /** What else the test needs and is not there, as a phrase for its name; null when all is there. */
  readonly missing?: string | null;
}

/** The Kafka of one test: what can be done to it, and the real names of its topics. */
export class KafkaUnderTest<Topic extends string = never> extends KafkaClient {
  readonly flavour: Flavour;
  readonly topics: Readonly<Record<Topic, string>>;
  /** The nodes, when the test has a Kafka of its own; none otherwise. */
  readonly nodes: readonly NodeUnderTest[];
  /** Null on Apache Kafka. */
  readonly embedded: EmbeddedKafka | null;

  constructor(broker: Broker, topics: Readonly<Record<Topic, string>>) {
    super(broker.bootstrap);
    this.flavour = broker.flavour;
    this.nodes = broker.nodes;
    this.embedded = broker.embedded;
    this.topics = topics;
  }
}

/** A node that a test may stop. */
export interface NodeUnderTest {
  /** In an orderly way: what it leads goes to others, where there are any. */
  stop(): Promise<void>;
  /** On the same port, with what it had. */
  start(): Promise<void>;
}

/** Which Kafka a test runs on. */
export type Flavour = "embedded broker" | "Apache Kafka";

/** A broker for one test. Disposing it ends what belongs to the test alone. */
interface Broker extends AsyncDisposable {
  readonly flavour: Flavour;
  readonly bootstrap: string;
  readonly nodes: readonly NodeUnderTest[];
  readonly embedded: EmbeddedKafka | null;
}

/** Registers the test twice: on the embedded broker, and on Apache Kafka or ignored with the reason. */
export function kafkaTest<Topic extends string = never>(
  promise: string,
  options: KafkaTestOptions<Topic>,
  body: (kafka: KafkaUnderTest<Topic>) => Promise<void>,
): void {
  const flavours: readonly Flavour[] = ["embedded broker", "Apache Kafka"];
  for (const flavour of flavours) {
    const reason = missing(flavour, options.nodes) ?? options.missing ?? null;
    testIfPossible(`${promise} [${flavour}]`, reason, async () => {
      await using broker = await startBroker(flavour, options.nodes);
      await using setup = new KafkaClient(broker.bootstrap);
      const names = await createTopics(setup, options.topics);
      await using kafka = new KafkaUnderTest<Topic>(broker, names);
      await body(kafka);
    });
  }
}

/** Why the test cannot run, as a phrase for its name; null when it can. */
function missing(flavour: Flavour, nodes: number | undefined): string | null {
  if (flavour === "embedded broker") return null;
  const notByRunner = "run it by deno task test";
  if (nodes !== undefined) return (Deno.env.get("TEST_KAFKA_JARS_MISSING") ?? notByRunner) || null;
  if (Deno.env.get("TEST_KAFKA_BROKERS")) return null;
  return Deno.env.get("TEST_KAFKA_MISSING") ?? notByRunner;
}

async function startBroker(flavour: Flavour, nodes: number | undefined): Promise<Broker> {
  if (flavour === "embedded broker") return await startEmbedded(nodes ?? 1);
  if (nodes === undefined) {
    return {
      flavour,
      bootstrap: Deno.env.get("TEST_KAFKA_BROKERS") ?? "",
      nodes: [],
      embedded: null,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const cluster = await KafkaCluster.start({ nodes });
  return {
    flavour,
    bootstrap: cluster.bootstrap(),
    nodes: cluster.nodes,
    embedded: null,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

async function startEmbedded(nodes: number): Promise<Broker> {
  const embedded = await EmbeddedKafka.start({ nodes });
  return {
    flavour: "embedded broker",
    bootstrap: embedded.bootstrap,
    nodes: Array.from({ length: nodes }, (_, node) => ({
      stop: () => embedded.stopNode(node),
      start: () => embedded.startNode(node),
    })),
    embedded,
    [Symbol.asyncDispose]: () => embedded.close(),
  };
}

async function createTopics<Topic extends string>(
  client: KafkaClient,
  topics: Readonly<Record<Topic, number>> | undefined,
): Promise<Readonly<Record<Topic, string>>> {
  const names: Record<string, string> = {};
  for (const [topic, partitions] of Object.entries<number>(topics ?? {})) {
    names[topic] = await client.createTopic({ name: client.unique(topic), partitions });
  }
  return names as Readonly<Record<Topic, string>>;
}
