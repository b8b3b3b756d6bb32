/** Puts the messages of a set where peers find them: into a topic of Apache Kafka, or into the static server. */
import type { BenchMessage } from "../data/bench_events.ts";
import type { DataSet } from "../data/data_sets.ts";
import { writeMessageFile } from "../data/message_file.ts";
import { KafkaClient } from "../../tests/support/kafka_client.ts";
import { brokerClassPath, jarsMissing, kafkaVersion } from "../../tests/support/kafka_jars.ts";
import { run } from "../../tests/support/command.ts";
import { PeerMissing, pythonPackages } from "../peers/installs.ts";
import { endOnSignal } from "./ending.ts";

/** What is in a topic. */
export interface Filling {
  readonly set: DataSet;
  readonly pool: readonly BenchMessage[];
  readonly messages: number;
}

/** A topic that is ready to be consumed. Disposing it deletes it. */
export interface FilledTopic extends AsyncDisposable {
  readonly bootstrap: string;
  readonly topic: string;
}

const PRODUCE_DEADLINE_MS = 600_000;

/** On a Kafka, by the producer of the set. @throws PeerMissing when that producer cannot run here */
export async function fillKafkaTopic(
  bootstrap: string,
  { set, pool, messages }: Filling,
): Promise<FilledTopic> {
  const topic = await createTopic(bootstrap, set.partitions);
  await withMessageFile(pool, async (path) => {
    const args = [bootstrap, topic, path, String(messages), String(set.partitions)];
    if (set.producer === "java") await produceByJava(args);
    else await produceByLibrdkafka([...args, String(set.batchMessages), "0"]);
  });
  return { bootstrap, topic, [Symbol.asyncDispose]: () => deleteTopic(bootstrap, topic) };
}

/** Creates a topic under a name of its own. */
export async function createTopic(bootstrap: string, partitions: number): Promise<string> {
  await using client = new KafkaClient(bootstrap);
  const name = client.unique("bench");
  // Rows without dead letters must not wait for a second topic to appear.
  await client.createTopic({ name: `${name}.dlq` });
  return await client.createTopic({ name, partitions });
}

/** Deletes it, with its dead letters. */
export async function deleteTopic(bootstrap: string, topic: string): Promise<void> {
  await using client = new KafkaClient(bootstrap);
  await client.deleteTopic(topic);
  await client.deleteTopic(`${topic}.dlq`);
}

/** Runs `body` with the pool in a file. */
export async function withMessageFile<T>(
  pool: readonly BenchMessage[],
  body: (path: string) => Promise<T>,
): Promise<T> {
  const path = await Deno.makeTempFile({ prefix: "processing-service-", suffix: ".messages" });
  using _ending = endOnSignal(() => Deno.remove(path));
  try {
    await writeMessageFile(path, pool);
    return await body(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Arguments as in producers/produce.py. @returns what it printed */
export async function produceByLibrdkafka(args: readonly string[]): Promise<string> {
  const { python, packages } = await pythonPackages();
  const script = new URL("../producers/produce.py", import.meta.url).pathname;
  return await run([python, "-B", script, ...args], {
    env: { PYTHONPATH: packages },
    deadlineMs: PRODUCE_DEADLINE_MS,
  });
}

async function produceByJava(args: readonly string[]): Promise<void> {
  const missing = await jarsMissing();
  if (missing !== null) throw new PeerMissing(`the producer needs Kafka's jars: ${missing}`);
  const classPath = await brokerClassPath(kafkaVersion());
  const source = new URL("../producers/Produce.java", import.meta.url).pathname;
  const java = ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", classPath];
  await run([...java, source, ...args], { deadlineMs: PRODUCE_DEADLINE_MS });
}
