/** What a test can do to the embedded broker, seen by a client that lives through it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EmbeddedKafka, type EmbeddedKafkaOptions, ERROR } from "../../src/broker/mod.ts";
import { FETCH } from "../../src/broker/requests/fetch.ts";
import { WireWriter } from "../../src/broker/wire/writer.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { KafkajsMember } from "../support/kafkajs_member.ts";

const TOPIC = "events";
const FIRST = { topic: TOPIC, partition: 0 };
const WITHIN_MS = 15_000;

interface Pair extends AsyncDisposable {
  readonly kafka: EmbeddedKafka;
  readonly client: KafkaClient;
}

/** Three nodes, a topic of one partition, and a client. */
async function start(options: EmbeddedKafkaOptions = {}): Promise<Pair> {
  const kafka = await EmbeddedKafka.start({ nodes: 3, topics: { [TOPIC]: 1 }, ...options });
  const client = new KafkaClient(kafka.bootstrap);
  return {
    kafka,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await kafka.close();
    },
  };
}

async function produce(client: KafkaClient, value: string): Promise<number | undefined> {
  const [produced] = await client.produce(TOPIC, [{ value }]);
  return produced?.offset;
}

Deno.test("EmbeddedKafka.moveLeader() makes clients look for the new leader, in a new epoch", async () => {
  await using pair = await start();
  const { kafka, client } = pair;
  assert.equal(await produce(client, "before"), 0);
  const { leader, leaderEpoch } = kafka.partition(FIRST);
  kafka.moveLeader(FIRST, (leader + 1) % 3);
  assert.equal(await produce(client, "after"), 1);
  assert.equal(kafka.partition(FIRST).leaderEpoch, leaderEpoch + 1);
});

Deno.test("EmbeddedKafka.stopNode() gives its partitions to others; startNode() takes the old port", async () => {
  await using pair = await start();
  const { kafka, client } = pair;
  const { bootstrap } = kafka;
  assert.equal(await produce(client, "before"), 0);
  const { leader } = kafka.partition(FIRST);
  await kafka.stopNode(leader);
  assert.notEqual(kafka.partition(FIRST).leader, leader);
  assert.equal(await produce(client, "without"), 1);
  await kafka.startNode(leader);
  assert.equal(kafka.bootstrap, bootstrap);
  kafka.moveLeader(FIRST, leader);
  assert.equal(await produce(client, "with"), 2);
});

Deno.test("EmbeddedKafka.cutConnections() cuts, and clients come back", async () => {
  await using pair = await start();
  const { kafka, client } = pair;
  await produce(client, "before");
  assert.ok(kafka.connectionCount > 0);
  for (const node of [0, 1, 2]) kafka.cutConnections(node);
  await eventually("all are cut", () => kafka.connectionCount === 0, { withinMs: WITHIN_MS });
  assert.equal(await produce(client, "after"), 1);
});

Deno.test("EmbeddedKafka.recreateTopic() keeps name and settings, not the id nor what was in it", async () => {
  await using pair = await start();
  const { kafka, client } = pair;
  const topic = await client.createTopic({ partitions: 2, config: { "retention.ms": "5000" } });
  await client.produce(topic, [{ value: "lost" }]);
  const id = kafka.topicId(topic);
  kafka.recreateTopic(topic);
  assert.notEqual(kafka.topicId(topic), id);
  assert.deepEqual(await client.endOffsets(topic), [0, 0]);
  assert.equal((await client.topicConfig(topic))["retention.ms"], "5000");
  kafka.recreateTopic(topic, { partitions: 3 });
  assert.deepEqual(await client.endOffsets(topic), [0, 0, 0]);
});

Deno.test("EmbeddedKafka.truncate() takes back what was acknowledged, in a new epoch", async () => {
  await using pair = await start();
  const { kafka, client } = pair;
  for (const value of ["kept", "lost", "lost, too"]) await produce(client, value);
  const { leader, leaderEpoch } = kafka.partition(FIRST);
  kafka.truncate(FIRST, { offset: 1, node: (leader + 1) % 3 });
  const { endOffset, leaderEpoch: after } = kafka.partition(FIRST);
  assert.deepEqual([endOffset, after], [1, leaderEpoch + 1]);
  assert.equal(await produce(client, "new"), 1);
  const stored = await client.consume(TOPIC, { count: 2 });
  assert.deepEqual(stored.map(({ value }) => String(value)), ["kept", "new"]);
});

Deno.test("EmbeddedKafka.moveCoordinator() keeps the generation, and its members find it", async () => {
  await using pair = await start();
  const { kafka, client } = pair;
  const { bootstrap } = kafka;
  await using member = await KafkajsMember.start({ bootstrap, topic: TOPIC, group: "group" });
  const committed = (offset: number) =>
    eventually(`${offset} is committed`, () => kafka.committed("group")[0]?.offset === offset, {
      withinMs: WITHIN_MS,
    });
  await produce(client, "before");
  await committed(1);
  const before = kafka.describeGroup("group");
  kafka.moveCoordinator("group", (kafka.coordinatorOf("group") + 1) % 3);
  assert.deepEqual(kafka.describeGroup("group"), before);
  await produce(client, "after");
  await committed(2);
  const refused = kafka.commits().filter(({ errorCode }) => errorCode !== ERROR.NONE);
  assert.ok(refused.every(({ errorCode }) => errorCode === ERROR.NOT_COORDINATOR));
  // The commit of "after" may have been refused by the old coordinator: it is read again then.
  const [first, ...others] = member.read.map(({ value }) => value);
  assert.deepEqual([first, ...new Set(others)], ["before", "after"]);
});

Deno.test("EmbeddedKafka tells of a request that it cannot read, and hangs up", async () => {
  const errors: unknown[] = [];
  await using pair = await start({ onError: (error) => errors.push(error) });
  const [hostname = "", port] = pair.kafka.bootstrap.split(",")[0]?.split(":") ?? [];
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
  assert.equal(await connection.read(new Uint8Array(1)), null);
  assert.deepEqual(errors.map((error) => (error as Error).name), ["MalformedRequestError"]);
});

Deno.test("EmbeddedKafka closes at once a connection more than it may have", async () => {
  await using kafka = await EmbeddedKafka.start({ maxConnections: 2 });
  const [hostname = "", port] = kafka.bootstrap.split(":");
  const connect = () => Deno.connect({ hostname, port: Number(port) });
  using _first = await connect();
  using _second = await connect();
  await eventually("two are there", () => kafka.connectionCount === 2, { withinMs: WITHIN_MS });
  using third = await connect();
  assert.equal(await third.read(new Uint8Array(1)).catch(() => null), null);
  assert.equal(kafka.connectionCount, 2);
});

Deno.test("EmbeddedKafka.close() ends a fetch that waits and leaves nothing behind", async () => {
  const kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1 } });
  let fetches = 0;
  kafka.intercept(async (_request, serve) => {
    fetches += 1;
    return await serve();
  });
  const [hostname = "", port] = kafka.bootstrap.split(":");
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(patientFetch());
  await eventually("it waits", () => fetches === 1, { withinMs: WITHIN_MS });
  await kafka.close();
  assert.equal(kafka.connectionCount, 0);
  assert.equal(await connection.read(new Uint8Array(1)).catch(() => null), null);
});

/** A request for what comes within an hour. */
function patientFetch(): Uint8Array {
  const writer = new WireWriter({ flexible: false });
  writer.int16(FETCH.key);
  writer.int16(FETCH.minVersion);
  writer.int32(1); // correlation id
  writer.plainString("patient");
  FETCH.request.write(writer, {
    replicaId: -1,
    maxWaitMs: 3_600_000,
    minBytes: 1,
    maxBytes: 1_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{
      topic: TOPIC,
      partitions: [{
        partition: 0,
        currentLeaderEpoch: -1,
        fetchOffset: 0,
        lastFetchedEpoch: -1,
        logStartOffset: -1,
        partitionMaxBytes: 1_000,
      }],
    }],
    forgottenTopics: [],
    rackId: "",
  }, FETCH.minVersion);
  const content = Buffer.concat(writer.chunks());
  const length = Buffer.alloc(4);
  length.writeInt32BE(content.length, 0);
  return Buffer.concat([length, content]);
}
