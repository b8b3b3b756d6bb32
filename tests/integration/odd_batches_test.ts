/** Batches that hold nothing to be processed, or a great deal: the position passes them, and what is committed too. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
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

async function append(kafka: EmbeddedKafka, topic: string, batch: TestBatch): Promise<void> {
  kafka.append({ topic, partition: 0 }, await encodeBatch(batch));
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

Deno.test("130,000 records in a batch, holes and emptied batches, also at the end of the log", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1 } });
  const tombstones = Array.from({ length: MANY }, () => ({ key: "k", value: null }));
  const [first, second, third] = events({ seed: 6, count: 3 });
  assert.ok(first && second && third);
  const empty: TestBatch = { records: [], lastOffsetDelta: 9 };
  await append(kafka, TOPIC, empty); // 0 to 9
  await append(kafka, TOPIC, { records: tombstones, codec: "zstd" });
  const holes = [{ ...first, offsetDelta: 3 }, { ...second, offsetDelta: 7 }];
  await append(kafka, TOPIC, { records: holes, lastOffsetDelta: 9, codec: "lz4" });
  await append(kafka, TOPIC, empty);
  await append(kafka, TOPIC, { records: [third] });
  await append(kafka, TOPIC, { ...controlBatch(3n, "abort"), records: [] }); // emptied as well
  await append(kafka, TOPIC, empty);
  await using client = new KafkaClient(kafka.bootstrap);
  await using service = await startService(kafka, { topic: TOPIC, group: GROUP });
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  assert.equal(kafka.committed(GROUP)[0]?.offset, MANY + 42);
  assert.equal((await service.stop()).code, 0);
  const after = 10 + MANY;
  assert.deepEqual(
    handledEvents(service).map(({ offset }) => offset),
    [after + 3, after + 7, after + 20],
  );
  assert.equal(finalCounts(service)["skipped"], MANY);
  assert.deepEqual(complaints(service), []);
});
