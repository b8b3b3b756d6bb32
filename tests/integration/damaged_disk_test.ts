/** A real broker's log, damaged on its disk and compacted: what can be read is read, the rest is put away. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { KafkaCluster } from "../support/kafka_cluster.ts";
import { handledEvents, startService, untilAllCommitted } from "../support/service.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const DAMAGED = "damaged";
const COMPACTED = "compacted";
const GROUP = "group";
const BATCHES = 5;
const EACH = 10;
/** The one that is damaged, of offsets 20 to 29. */
const BAD_BATCH = 2;
const OURS = "__dlq.processing.";
const COMPACTION = {
  "cleanup.policy": "compact",
  "segment.ms": "100",
  "min.cleanable.dirty.ratio": "0.01",
  "delete.retention.ms": "0",
};
const missing = (Deno.env.get("TEST_KAFKA_JARS_MISSING") ?? "run it by deno task test") || null;

testIfPossible(
  "a batch damaged on a broker's disk is put away, and holes of compaction are passed [Apache Kafka]",
  missing,
  async () => {
    const data = await Deno.makeTempDir({ prefix: "damaged-" });
    try {
      await using cluster = await KafkaCluster.start({
        properties: { "log.dirs": data, "log.cleaner.backoff.ms": "100" },
      });
      await using kafka = new KafkaClient(cluster.bootstrap());
      await fillDamaged(kafka);
      await fillCompacted(kafka, data);
      await cluster.node(1).stop();
      const raw = await damage(`${data}/${DAMAGED}-0/00000000000000000000.log`);
      await cluster.node(1).start();
      await check(kafka, raw);
    } finally {
      await Deno.remove(data, { recursive: true });
    }
  },
);

async function fillDamaged(kafka: KafkaClient): Promise<void> {
  await kafka.createTopic({ name: DAMAGED });
  for (let seed = 1; seed <= BATCHES; seed++) await kafka.produce(DAMAGED, some(seed));
}

/** The same few keys over and over, until the broker has removed most of them. */
async function fillCompacted(kafka: KafkaClient, data: string): Promise<void> {
  await kafka.createTopic({ name: COMPACTED, config: COMPACTION });
  const keep = async () => (await kafka.produce(COMPACTED, some(1))).length;
  await eventually("compacted", async () => {
    await keep();
    return await Deno.stat(`${data}/${COMPACTED}-0/00000000000000000000.log`).then(
      ({ size }) => size < 5_000, // ten events have more
    );
  }, { withinMs: 20_000, everyMs: 200 });
}

function some(seed: number) {
  return events({ seed, count: EACH, users: 3 }).map((event) => ({ ...event, partition: 0 }));
}

/** Turns one bit in the middle of a batch around, and answers the batch as it is then. */
async function damage(path: string): Promise<Buffer> {
  const log = Buffer.from(await Deno.readFile(path));
  let start = 0;
  for (let batch = 0; batch < BAD_BATCH; batch++) start += 12 + log.readInt32BE(start + 8);
  const end = start + 12 + log.readInt32BE(start + 8);
  const middle = Math.floor((start + end) / 2);
  log[middle] = (log[middle] ?? 0) ^ 0x10;
  await Deno.writeFile(path, log);
  return log.subarray(start, end);
}

async function check(kafka: KafkaClient, raw: Buffer): Promise<void> {
  await using service = await startService(kafka, {
    topic: `${DAMAGED},${COMPACTED}`,
    group: GROUP,
  });
  for (const topic of [DAMAGED, COMPACTED]) await untilAllCommitted(kafka, { group: GROUP, topic });
  assert.equal((await service.stop()).code, 0);
  const [letter] = await kafka.consume(`${DAMAGED}.dlq`, { count: 1 });
  assert.ok(letter?.value);
  assert.deepEqual(Buffer.from(letter.value), raw);
  assert.equal(letter.headers[`${OURS}batch.first.offset`], String(BAD_BATCH * EACH));
  assert.equal(letter.headers[`${OURS}batch.last.offset`], String(BAD_BATCH * EACH + EACH - 1));
  const handled = new Set(handledEvents(service).map(({ eventId }) => eventId));
  for (let seed = 1; seed <= BATCHES; seed++) {
    for (const { eventId } of some(seed)) {
      assert.equal(handled.has(eventId), seed - 1 !== BAD_BATCH, eventId);
    }
  }
  const [end = 0] = await kafka.endOffsets(COMPACTED);
  const read = handledEvents(service).length - (BATCHES - 1) * EACH;
  assert.ok(read < end, "there were holes");
}
