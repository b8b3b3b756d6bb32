/** Batches that hold nothing to be processed, or a great deal: the position passes them, and what is committed too. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { Connections } from "../../src/kafka/connections.ts";
import type { KafkajsLogger } from "../../src/kafka/kafkajs.ts";
import { produce } from "../../src/kafka/produce_request.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { events, type TestEvent } from "../support/events.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { librdkafkaMissing, transactByLibrdkafka } from "../support/librdkafka.ts";
import { controlBatch, encodeBatch, type TestBatch } from "../support/record_batches.ts";
import {
  complaints,
  finalCounts,
  handledEvents,
  startService,
  untilAllCommitted,
} from "../support/service.ts";

const TOPIC = "events";
const GROUP = "group";
const ENDS = ["abort", "commit", "abort", "abort", "commit", "abort"] as const;
const EACH = 20;
const MANY = 130_000;
const DEADLINE_MS = 15_000;

async function append(kafka: EmbeddedKafka, topic: string, batch: TestBatch): Promise<void> {
  kafka.append({ topic, partition: 0 }, await encodeBatch(batch));
}

/** A batch as it is, which no producer would make. The first broker must lead the partition. */
async function produceRaw(bootstrap: string, topic: string, batch: TestBatch): Promise<void> {
  const [host = "", port] = bootstrap.split(":");
  const silent: KafkajsLogger = {
    namespace: () => silent,
    debug() {},
    info() {},
    warn() {},
    error() {},
  };
  const connections = new Connections({
    clientId: "odd-batches",
    ssl: null,
    sasl: null,
    connectionTimeoutMs: DEADLINE_MS,
    requestTimeoutMs: DEADLINE_MS,
    clock: systemClock,
    kafkajsLogger: silent,
  });
  try {
    const { errorCode } = await connections.call({
      to: { id: -1, host, port: Number(port) },
      purpose: "produce",
      request: produce({
        topic,
        partition: 0,
        batch: await encodeBatch(batch),
        timeoutMs: DEADLINE_MS,
      }),
      deadlineMs: DEADLINE_MS,
    });
    assert.equal(errorCode, 0);
  } finally {
    connections.close();
  }
}

/** One transaction after the other, of equal size, in one partition. */
async function transact(
  kafka: KafkaUnderTest<"events">,
  sent: readonly TestEvent[],
): Promise<void> {
  const topic = kafka.topics.events;
  const { bootstrap, embedded } = kafka;
  if (embedded === null) {
    const messages = sent.map((event) => ({ ...event, partition: 0 }));
    return await transactByLibrdkafka({ bootstrap, topic, messages }, ENDS);
  }
  const producerId = 7n;
  for (const [at, end] of ENDS.entries()) {
    const records = sent.slice(at * EACH, (at + 1) * EACH);
    await append(embedded, topic, { records, producerId, isTransactional: true });
    await append(embedded, topic, controlBatch(producerId, end));
  }
}

kafkaTest(
  "aborted transactions are left out, committed ones are processed, and the position passes all",
  { topics: { events: 1 }, missing: await librdkafkaMissing() },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const sent = events({ seed: 5, count: ENDS.length * EACH });
    await transact(kafka, sent);
    await using service = await startService(kafka, { topic, group });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);
    const committed = sent.filter((_, at) => ENDS[Math.floor(at / EACH)] === "commit");
    assert.deepEqual(
      handledEvents(service).map(({ eventId }) => eventId).sort(),
      committed.map(({ eventId }) => eventId).sort(),
    );
    assert.deepEqual(complaints(service), []);
  },
);

kafkaTest(
  "130,000 records that came in one batch are all done, and the position passes the batch",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const [last] = events({ seed: 7, count: 1 });
    assert.ok(last);
    const tombstones = Array.from({ length: MANY }, () => ({ key: "k", value: null }));
    await produceRaw(kafka.bootstrap, topic, { records: tombstones, codec: "zstd" });
    await kafka.produce(topic, [{ ...last, partition: 0 }]);
    await using service = await startService(kafka, { topic, group });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(handledEvents(service).map(({ offset }) => offset), [MANY]);
    assert.equal(finalCounts(service)["skipped"], MANY);
    assert.deepEqual(complaints(service), []);
  },
);

Deno.test("Holes and emptied batches are passed, also at the end of the log", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1 } });
  const [first, second, third] = events({ seed: 6, count: 3 });
  assert.ok(first && second && third);
  const empty: TestBatch = { records: [], lastOffsetDelta: 9 };
  await append(kafka, TOPIC, empty); // 0 to 9
  const holes = [{ ...first, offsetDelta: 3 }, { ...second, offsetDelta: 7 }];
  await append(kafka, TOPIC, { records: holes, lastOffsetDelta: 9, codec: "lz4" });
  await append(kafka, TOPIC, empty);
  await append(kafka, TOPIC, { records: [third] });
  await append(kafka, TOPIC, { ...controlBatch(3n, "abort"), records: [] }); // emptied as well
  await append(kafka, TOPIC, empty);
  await using client = new KafkaClient(kafka.bootstrap);
  await using service = await startService(kafka, { topic: TOPIC, group: GROUP });
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  assert.equal(kafka.committed(GROUP)[0]?.offset, 42);
  assert.equal((await service.stop()).code, 0);
  assert.deepEqual(
    handledEvents(service).map(({ offset }) => offset),
    [13, 17, 30],
  );
  assert.deepEqual(complaints(service), []);
});
