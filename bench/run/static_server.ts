/**
 * A Kafka that only has to hand out what it has: record batches that were built before the run, served from memory by the
 * embedded broker, in a process of its own. It takes less from the peers than Apache Kafka does, so that they differ more.
 */
import type { Buffer } from "node:buffer";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { encodeBatch } from "../../tests/support/record_batches.ts";
import { at, type BenchMessage, makePool } from "../data/bench_events.ts";
import type { DataSet } from "../data/data_sets.ts";
import { endOnSignal } from "./ending.ts";
import type { FilledTopic, Filling } from "./topics.ts";

const TOPIC = "bench";
const START_DEADLINE_MS = 300_000;
/** Producers end a batch before a megabyte. */
const BATCH_BYTES = 900_000;

if (import.meta.main) await main();

/** Starts a server with the messages of the set. */
export async function startStaticServer({ set, messages }: Filling): Promise<FilledTopic> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.filename ?? "", JSON.stringify(set), String(messages)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const ending = endOnSignal(() => child.kill("SIGKILL"));
  const deadline = setTimeout(() => child.kill("SIGKILL"), START_DEADLINE_MS);
  const bootstrap = await servedAt(child.stdout);
  clearTimeout(deadline);
  return {
    bootstrap,
    topic: TOPIC,
    async [Symbol.asyncDispose]() {
      ending[Symbol.dispose]();
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** Arguments: a set as JSON, and how many messages. Serves until it is killed. */
async function main(): Promise<void> {
  const [text = "", messages] = Deno.args;
  const set: DataSet = JSON.parse(text);
  const kafka = await EmbeddedKafka.start({
    nodes: set.nodes ?? 1,
    topics: { [TOPIC]: set.partitions, [`${TOPIC}.dlq`]: 1 },
    logRetentionBytes: -1,
  });
  await fill(kafka, { set, pool: makePool(set, Number(messages)), messages: Number(messages) });
  console.log(`@serving ${kafka.bootstrap}`);
}

/** Message i lies in partition i modulo their number, as producers put it there. */
async function fill(kafka: EmbeddedKafka, { set, pool, messages }: Filling): Promise<void> {
  const batchMessages = Math.min(set.batchMessages, Math.floor(BATCH_BYTES / set.valueBytes));
  const built = new Map<string, Uint8Array>();
  for (let partition = 0; partition < set.partitions; partition += 1) {
    const places: number[] = [];
    for (let index = partition; index < messages; index += set.partitions) places.push(index);
    for (let from = 0; from < places.length; from += batchMessages) {
      const batch = places.slice(from, from + batchMessages);
      const key = `${(batch[0] ?? 0) % pool.length}:${batch.length}`;
      const bytes = built.get(key) ?? await build(batch.map((index) => at(pool, index)), set);
      built.set(key, bytes);
      kafka.append({ topic: TOPIC, partition }, bytes);
    }
  }
}

async function build(messages: readonly BenchMessage[], { producer }: DataSet): Promise<Buffer> {
  return await encodeBatch({
    codec: producer === "java" ? "xerial" : "snappy",
    baseTimestamp: Date.now(),
    records: messages.map(({ key, value, headers }) => ({ key, value, headers })),
  });
}

async function servedAt(stdout: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The static server ended before it served");
    text += value;
    const found = /^@serving (\S+)\n/m.exec(text)?.[1];
    if (found !== undefined) return found;
  }
}
