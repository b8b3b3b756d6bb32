/** WORKERS: several members of the group in one process do what several processes would, and are shown as one. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { valueOf } from "../support/metric_facts.ts";
import { readStatus, scrape, sendAction } from "../support/operator.ts";
import { permissionsWithModules, type Program } from "../support/program.ts";
import { Recording } from "../support/recording.ts";
import {
  complaints,
  finalCounts,
  logLines,
  startService,
  untilAllCommitted,
  untilServing,
} from "../support/service.ts";

const PARTITIONS = 4;
const MESSAGES = 400;
const DEADLINE_MS = 30_000;
const TOKEN = "token-of-this-test";
const BREAKING = new URL("../support/breaking_service.ts", import.meta.url).pathname;

kafkaTest(
  "two workers process each message once, drain at SIGTERM, and leave the group",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    await using recording = await Recording.start();
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const sent = spread(1);
    const settings = { WORKERS: "2", KAFKA_CLIENT_ID: "two" };
    const plan = { minMs: 1, maxMs: 20 };
    await using service = await recording.startService(kafka, { topic, group, settings, plan });
    const { members } = await eventually("two members", () => kafka.describeGroup(group), {
      withinMs: DEADLINE_MS,
      until: (described) => described.members.length === 2 && described.state === "Stable",
    });
    assert.deepEqual(members.map(({ clientId }) => clientId).sort(), ["two-0", "two-1"]);
    await kafka.produce(topic, sent);
    await untilAllCommitted(kafka, { group, topic });
    assert.deepEqual(await service.stop(), { code: 0, signal: null });

    const done = (await recording.handled()).filter(({ kind }) => kind === "done");
    assert.equal(done.length, MESSAGES);
    assert.equal(
      new Set(done.map(({ partition, offset }) => `${partition}/${offset}`)).size,
      MESSAGES,
    );
    assert.equal(finalCounts(service)["processed"], MESSAGES);
    const lines = logLines(service).filter(({ text }) => text === "Partitions assigned");
    assert.deepEqual([...new Set(lines.map(({ fields }) => fields["worker"]))].sort(), [0, 1]);
    assert.deepEqual(complaints(service), []);
    const { state, members: left } = await kafka.describeGroup(group);
    assert.deepEqual({ state, left }, { state: "Empty", left: [] });
  },
);

kafkaTest(
  "metrics, health and status are sums of the workers and tell each; a pause reaches all",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const sent = spread(2);
    await kafka.produce(topic, sent);
    const settings = {
      WORKERS: "2",
      HTTP_PORT: "0",
      CONSOLE_TOKEN: TOKEN,
      CONCURRENCY: "9",
      KAFKA_GROUP_INSTANCE_ID: "static",
    };
    await using service = await startService(kafka, { topic, group, settings });
    const url = await untilServing(service);
    await untilAllCommitted(kafka, { group, topic });
    const status = await eventually("all is told", () => readStatus(url), {
      withinMs: DEADLINE_MS,
      until: ({ counts, readiness, workers }) =>
        counts.processed >= MESSAGES && readiness.ok &&
        workers.every(({ partitions }) => partitions.length === PARTITIONS / 2),
    });
    assert.deepEqual(status.partitions.map(({ partition }) => partition), [0, 1, 2, 3]);
    assert.deepEqual(status.workers.map(({ worker }) => worker), [0, 1]);
    assert.ok(status.workers.every(({ processed }) => processed === MESSAGES / 2));
    assert.equal(status.connection, "connected");

    const series = await scrape(url);
    assert.equal(valueOf(series, "processing_events_total", { outcome: "processed" }), MESSAGES);
    assert.equal(valueOf(series, "messaging_process_duration_seconds_count"), MESSAGES);
    assert.equal(valueOf(series, "processing_assigned_partitions"), PARTITIONS);
    for (const worker of ["0", "1"]) {
      assert.equal(valueOf(series, "processing_worker_assigned_partitions", { worker }), 2);
      assert.equal(valueOf(series, "processing_worker_ready", { worker }), 1);
    }
    const verbose = await (await fetch(`${url}/readyz?verbose`)).text();
    assert.match(verbose, /^\[\+\]worker-0 ok$/m);
    assert.match(verbose, /^\[\+\]worker-1 ok$/m);

    const letters = await (await fetch(`${url}/dead-letters`)).json();
    assert.deepEqual(letters.topics, [`${topic}.dlq`]);
    service.signal("SIGHUP");
    await eventually("workers log at DEBUG", async () => {
      await kafka.produce(topic, sent.slice(0, 8));
      return logLines(service).some(({ level, fields }) =>
        level === "DEBUG" && fields["worker"] === 1
      );
    }, { withinMs: DEADLINE_MS });

    const body = { partitions: "all", reason: "test", by: "a test" };
    const paused = await sendAction(url, { name: "pause", body, token: TOKEN });
    assert.deepEqual(paused, { status: 200, text: "ok\n" });
    await eventually("all are paused", () => readStatus(url), {
      withinMs: DEADLINE_MS,
      until: ({ partitions }) => partitions.every(({ pausedBy }) => pausedBy.includes("operator")),
    });
    const told = logLines(service).filter(({ text }) => text.startsWith("Partitions paused"));
    assert.equal(told.length, 1);
    const elsewhere = { ...body, partitions: [{ topic, partition: 99 }] };
    assert.equal(
      (await sendAction(url, { name: "resume", body: elsewhere, token: TOKEN })).status,
      404,
    );
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
  },
);

Deno.test("workers join together, also where one is late: one rebalance for all", async () => {
  // As brokers wait before the first generation of a group, by default 3 s: not as long as the late one takes.
  await using kafka = await EmbeddedKafka.start({
    topics: { events: PARTITIONS },
    groupInitialRebalanceDelayMs: 300,
  });
  await using client = new KafkaClient(kafka.bootstrap);
  await using service = await startBreaking(kafka, { what: "late", settings: { HTTP_PORT: "0" } });
  const url = await untilServing(service);
  await eventually("all run", () => readStatus(url), {
    withinMs: DEADLINE_MS,
    until: ({ phase }) => phase === "running",
  });
  assert.equal((await client.describeGroup("group")).members.length, 2);
  assert.deepEqual(await service.stop(), { code: 0, signal: null });
  const joined = logLines(service).filter(({ text }) => text === "Joined the group");
  assert.deepEqual(joined.map(({ fields }) => fields["generation"]), [1, 1]);
  assert.deepEqual(joined.map(({ fields }) => fields["worker"]).sort(), [0, 1]);
});

for (const what of ["rejection", "error"]) {
  Deno.test(`an uncaught ${what} in a worker ends the process with its reason, exit 70`, async () => {
    await using kafka = await EmbeddedKafka.start({ topics: { events: PARTITIONS } });
    await using service = await startBreaking(kafka, { what });
    assert.deepEqual(await service.waitForExit(), { code: 70, signal: null });
    const errors = logLines(service).filter(({ level }) => level === "ERROR");
    assert.deepEqual(errors.map(({ text }) => text), ["Report this, the service broke"]);
    assert.match(JSON.stringify(errors[0]?.fields), /Nobody catches this/);
    assert.equal(errors[0]?.fields["worker"], 1);
    assert.deepEqual(service.stderr, []);
  });
}

Deno.test("a handler's FatalError in one worker stops all of them in order, exit 70", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { events: PARTITIONS } });
  await using client = new KafkaClient(kafka.bootstrap);
  const [first] = events({ seed: 3, count: 1 });
  await using service = await startBreaking(kafka, { what: "fatal" });
  await client.produce("events", [{ key: "key", value: first?.value ?? "" }]);
  assert.deepEqual(await service.waitForExit(), { code: 70, signal: null });
  const [error, ...more] = logLines(service).filter(({ level }) => level === "ERROR");
  assert.match(
    String(error?.fields["reason"]),
    /^Worker \d: A handler asked .* as the test wants$/,
  );
  assert.deepEqual(more, []);
  assert.equal((await client.describeGroup("group")).state, "Empty", "all have left");
  assert.deepEqual(
    (await client.committed("group", "events")).filter((offset) => offset > 0),
    [],
    "what it failed at comes again",
  );
});

/** As many for each partition. */
function spread(seed: number): { key: string | null; value: string; partition: number }[] {
  return events({ seed, count: MESSAGES }).map(({ key, value }, index) => ({
    key,
    value,
    partition: index % PARTITIONS,
  }));
}

/** Two workers of breaking_service.ts, in one of which something goes wrong. */
async function startBreaking(
  kafka: EmbeddedKafka,
  { what, settings = {} }: {
    readonly what: string;
    readonly settings?: Readonly<Record<string, string>>;
  },
): Promise<Program> {
  const permissions = await permissionsWithModules();
  return await startService(kafka, {
    topic: "events",
    group: "group",
    settings,
    command: [Deno.execPath(), "run", ...permissions, BREAKING],
    args: ["worker", what],
  });
}
