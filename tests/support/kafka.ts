/**
 * Integration tests: a promise of the service, kept on the embedded broker and on a real Apache Kafka. Names of topics
 * and groups are random, so tests share a broker without meeting.
 */
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
  /** The nodes, when the test has a real Kafka of its own; null otherwise. */
  readonly cluster: KafkaCluster | null;

  constructor(broker: Broker, topics: Readonly<Record<Topic, string>>) {
    super(broker.bootstrap);
    this.flavour = broker.flavour;
    this.cluster = broker.cluster;
    this.topics = topics;
  }
}

/** Which Kafka a test runs on. */
export type Flavour = "embedded broker" | "Apache Kafka";

/** A broker for one test. Disposing it ends what belongs to the test alone. */
interface Broker extends AsyncDisposable {
  readonly flavour: Flavour;
  readonly bootstrap: string;
  readonly cluster: KafkaCluster | null;
}

/** What is used of the embedded broker. */
interface EmbeddedKafkaClass {
  start(
    options: { readonly nodes: number },
  ): Promise<{ bootstrap: string; close(): Promise<void> }>;
}

/** Not a literal for `import`: the tests must load, and say what is missing, before the broker is there. */
const EMBEDDED_BROKER = new URL("../../src/broker/embedded_kafka.ts", import.meta.url).href;
const EmbeddedKafka = await loadEmbeddedKafka();

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
  if (flavour === "embedded broker") {
    return EmbeddedKafka === null ? "no embedded broker yet" : null;
  }
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
      cluster: null,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const cluster = await KafkaCluster.start({ nodes });
  return {
    flavour,
    bootstrap: cluster.bootstrap(),
    cluster,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

async function startEmbedded(nodes: number): Promise<Broker> {
  if (EmbeddedKafka === null) throw new Error("There is no embedded broker");
  const embedded = await EmbeddedKafka.start({ nodes });
  return {
    flavour: "embedded broker",
    bootstrap: embedded.bootstrap,
    cluster: null,
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

async function loadEmbeddedKafka(): Promise<EmbeddedKafkaClass | null> {
  try {
    await Deno.stat(new URL(EMBEDDED_BROKER));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return (await import(EMBEDDED_BROKER)).EmbeddedKafka;
}
