/** The program as a child process on a real Apache Kafka: everything is processed or dead-lettered, committed, and left. */
import assert from "node:assert/strict";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { jarsMissing } from "../support/kafka_jars.ts";
import { KafkaCluster } from "../support/kafka_cluster.ts";
import { eventually } from "../support/eventually.ts";

const missing = await jarsMissing();
const isIgnored = missing !== null && Deno.env.get("REQUIRE_KAFKA") !== "1";
const reason = isIgnored ? ` (ignored: ${missing})` : "";
const GOOD = 300;

function event(i: number): string {
  const at = "2024-01-15T10:30:45Z";
  const uuid = crypto.randomUUID();
  return JSON.stringify({
    event_id: uuid,
    request_id: uuid,
    event_type: "page_view",
    timestamp: at,
    user_id: `user-${i % 20}`,
    session_id: "session-1",
    page_url: "https://example.com",
    event_data: { form_data: { field1: "value1" } },
    client_info: { user_agent: "test", screen_resolution: "1x1", language: "en-US" },
    service_info: { service_name: "i", service_version: "1.0.0", environment: "test" },
    processing_info: { received_at: at, processed_at: at, processing_ms: 5 },
  });
}

async function produce(kafka: Kafka, topic: string): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let partition = 0; partition < 4; partition++) {
    const messages = Array.from({ length: GOOD / 4 }, (_, i) => ({
      partition,
      key: `user-${i % 20}`,
      value: event(i),
    }));
    messages.push({ partition, key: "bad", value: "{not json" });
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

function start(env: Record<string, string>): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "main.ts"],
    env: { ...env, HTTP_PORT: "off", ENVIRONMENT: "production", LOG_FORMAT: "pretty" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

Deno.test({
  name: `run processes or dead-letters all, commits, leaves with exit code 0 on SIGTERM${reason}`,
  ignore: isIgnored,
  sanitizeOps: false, // kafkajs's own timers
  sanitizeResources: false,
  async fn() {
    assert.equal(missing, null, `a real Kafka is required: ${missing}`);
    await using cluster = await KafkaCluster.start({});
    const topic = `events-${crypto.randomUUID()}`;
    const groupId = `group-${crypto.randomUUID()}`;
    const brokers = cluster.bootstrap().split(",");
    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] });
    await produce(kafka, topic);
    const child = start({
      KAFKA_BROKERS: brokers.join(","),
      KAFKA_TOPIC: topic,
      KAFKA_GROUP_ID: groupId,
    });
    const output = new Response(child.stdout).text();
    const total = GOOD + 4;
    await eventually("every offset is committed", async () => {
      const [own] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const sum = (own?.partitions ?? []).reduce((n, { offset }) => n + Math.max(0, +offset), 0);
      return sum === total;
    }, { withinMs: 30_000 });
    child.kill("SIGTERM");
    const { code } = await child.status;
    assert.equal(code, 0, await output);
    const dead = await admin.fetchTopicOffsets(`${topic}.dlq`);
    assert.equal(dead.reduce((n, { high }) => n + Number(high), 0), 4);
    assert.match(await output, /processed=300 /);
    await admin.disconnect();
  },
});
