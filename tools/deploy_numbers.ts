/**
 * `deno task deploy:numbers`: the figures that docs/deploy.md states of an executable, measured on this machine and printed
 * as a table. On a real Kafka where one can be had. Measure on a machine that does nothing else.
 */
import { EmbeddedKafka } from "../src/broker/mod.ts";
import { compileForTests } from "../tests/support/compiler.ts";
import { events } from "../tests/support/events.ts";
import { eventually } from "../tests/support/eventually.ts";
import { KafkaClient } from "../tests/support/kafka_client.ts";
import { Program } from "../tests/support/program.ts";
import { findKafkaSource, startRealKafka } from "../tests/support/real_kafka.ts";

/** A cluster to measure on. */
interface Cluster extends AsyncDisposable {
  readonly bootstrap: string;
  readonly description: string;
}

/** What one start showed. */
interface Start {
  readonly toFirstLineMs: number;
  readonly toJoinedMs: number;
}

const STARTS = 10;
const PARTITIONS = 12;
const IDLE_MS = 30_000;
const RATE = 1_000;
const LOAD_MS = 60_000;
const SLICE_MS = 100;
const SAMPLE_MS = 1_000;
const WITHIN_MS = 120_000;
const MB = 1_000_000;
const KIB = 1024;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const { executable, compiler } = await executableIn(directory);
    await using cluster = await startCluster();
    const rows = [
      ["executable", `${(await sizeMb(executable)).toFixed(0)} MB`],
      ...await measureStarts(executable, cluster),
      ...await measureMemory(executable, cluster),
    ];
    console.log(`\nCompiled by ${compiler}; on ${cluster.description}\n`);
    console.log("| what | measured |\n| --- | --- |");
    for (const [what, value] of rows) console.log(`| ${what} | ${value} |`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** COMPILED, or one made for it. */
async function executableIn(
  directory: string,
): Promise<{ readonly executable: string; readonly compiler: string }> {
  const given = Deno.env.get("COMPILED");
  if (given) return { executable: await Deno.realPath(given), compiler: "whoever made it" };
  const compiler = await compileForTests(directory);
  if (typeof compiler === "string") throw new Error(compiler);
  return { executable: `${directory}/processing-service`, compiler: compiler.description };
}

async function startCluster(): Promise<Cluster> {
  const source = await findKafkaSource();
  if (source.kind !== "none") return await startRealKafka(source);
  const kafka = await EmbeddedKafka.start();
  return {
    bootstrap: kafka.bootstrap,
    description: `the embedded broker, in the process that measures (${source.reason})`,
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
}

async function measureStarts(
  executable: string,
  cluster: Cluster,
): Promise<readonly (readonly string[])[]> {
  const topic = await makeTopic(cluster, PARTITIONS);
  const starts: Start[] = [];
  for (let at = 0; at < STARTS; at += 1) {
    const startedAt = performance.now();
    await using service = await start(executable, { cluster, topic });
    await service.waitForLine("Starting Processing Service");
    const toFirstLineMs = performance.now() - startedAt;
    await service.waitForLine("Joined the group", { withinMs: WITHIN_MS });
    starts.push({ toFirstLineMs, toJoinedMs: performance.now() - startedAt });
    await service.stop(WITHIN_MS);
  }
  const row = (values: readonly number[]) =>
    `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)} to ${
      Math.max(...values).toFixed(0)
    }, ${STARTS} starts)`;
  return [
    ["start to first log line", row(starts.map(({ toFirstLineMs }) => toFirstLineMs))],
    ["start to joined", row(starts.map(({ toJoinedMs }) => toJoinedMs))],
  ];
}

async function measureMemory(
  executable: string,
  cluster: Cluster,
): Promise<readonly (readonly string[])[]> {
  const topic = await makeTopic(cluster, PARTITIONS);
  await using client = new KafkaClient(cluster.bootstrap);
  await using service = await start(executable, { cluster, topic });
  await service.waitForLine("Joined the group", { withinMs: WITHIN_MS });
  const idle = await sampleRss(service.pid, IDLE_MS);
  const sending = produce(client, topic);
  const busy = await sampleRss(service.pid, LOAD_MS);
  const sent = await sending;
  await eventually("all is processed", () => client.committed("numbers", topic), {
    withinMs: WITHIN_MS,
    until: (offsets) => offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0) >= sent,
  });
  const { code } = await service.stop(WITHIN_MS);
  if (code !== 0) throw new Error(`The service ended with exit code ${code}`);
  const rate = (sent / (LOAD_MS / 1000)).toFixed(0);
  return [
    [`RSS idle, ${PARTITIONS} partitions`, `${median(idle).toFixed(0)} MB`],
    [`RSS at ${rate} messages a second`, `${Math.max(...busy).toFixed(0)} MB at most`],
  ];
}

/** Answers how many messages were sent in the time of the load. */
async function produce(client: KafkaClient, topic: string): Promise<number> {
  const slice = events({ seed: 1, count: RATE * SLICE_MS / 1000, users: RATE });
  const startedAt = performance.now();
  let sent = 0;
  while (performance.now() - startedAt < LOAD_MS) {
    await client.produce(topic, slice);
    sent += slice.length;
    const nextAt = startedAt + sent * 1000 / RATE;
    await pause(Math.max(0, nextAt - performance.now()));
  }
  return sent;
}

async function start(
  executable: string,
  { cluster, topic }: { readonly cluster: Cluster; readonly topic: string },
): Promise<Program> {
  return await Program.start({
    command: [executable],
    args: ["run"],
    env: {
      KAFKA_BROKERS: cluster.bootstrap,
      KAFKA_TOPIC: topic,
      KAFKA_GROUP_ID: "numbers",
      ENVIRONMENT: "production",
      HTTP_PORT: "0",
    },
  });
}

async function makeTopic(cluster: Cluster, partitions: number): Promise<string> {
  await using client = new KafkaClient(cluster.bootstrap);
  const name = `numbers-${crypto.randomUUID().slice(0, 8)}`;
  await client.createTopic({ name, partitions });
  return name;
}

/** Once a second, in MB; of the whole time. */
async function sampleRss(pid: number, durationMs: number): Promise<readonly number[]> {
  const samples: number[] = [];
  const endsAt = performance.now() + durationMs;
  while (performance.now() < endsAt) {
    await pause(SAMPLE_MS);
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    samples.push(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * KIB / MB);
  }
  return samples;
}

async function sizeMb(path: string): Promise<number> {
  return (await Deno.stat(path)).size / MB;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
