/**
 * Where a real Apache Kafka comes from: one that is given, a container, or jars, in this order; else why there is
 * none. The test runner starts one for the whole run and tells the tests by environment variables.
 */
import { KafkaCluster } from "./kafka_cluster.ts";
import { dockerAnswers, KafkaContainer } from "./kafka_container.ts";
import { jarsMissing, kafkaVersion } from "./kafka_jars.ts";

/** A way to get a Kafka, or why there is none. */
export type KafkaSource =
  | { readonly kind: "given"; readonly brokers: string }
  | { readonly kind: "container" }
  | { readonly kind: "jars" }
  | { readonly kind: "none"; readonly reason: string };

/** A Kafka that runs. Disposing it ends what was started for the tests, and leaves a given one alone. */
export interface RealKafka extends AsyncDisposable {
  /** host:port, comma-separated. */
  readonly bootstrap: string;
  /** For people: "Apache Kafka 4.4.0 from Maven Central jars". */
  readonly description: string;
}

/** Looks for the first source that can be used here. */
export async function findKafkaSource(): Promise<KafkaSource> {
  const brokers = Deno.env.get("KAFKA_BROKERS");
  if (brokers) return { kind: "given", brokers };
  if (await dockerAnswers()) return { kind: "container" };
  const missing = await jarsMissing();
  if (missing === null) return { kind: "jars" };
  return { kind: "none", reason: `KAFKA_BROKERS not set, no Docker engine, ${missing}` };
}

/** Starts the Kafka of that source. Throws when it cannot be started. */
export async function startRealKafka(
  source: Exclude<KafkaSource, { kind: "none" }>,
): Promise<RealKafka> {
  const version = kafkaVersion();
  if (source.kind === "given") {
    return {
      bootstrap: source.brokers,
      description: "Apache Kafka given by KAFKA_BROKERS",
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  if (source.kind === "container") {
    const container = await KafkaContainer.start(version);
    return {
      bootstrap: container.bootstrap,
      description: `Apache Kafka ${version} in a container`,
      [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
    };
  }
  const cluster = await KafkaCluster.start({ version });
  return {
    bootstrap: cluster.bootstrap(),
    description: `Apache Kafka ${version} from Maven Central jars`,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
