/** What a redrive has dealt with stays dealt with, however long nobody redrives. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { letterRecord, NO_JSON } from "../support/dead_letters.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { KafkaCluster } from "../support/kafka_cluster.ts";
import { RawGroup } from "../support/raw_group.ts";
import { runRedrive } from "../support/redriving.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const [TOPIC, LETTERS, GROUP] = ["events", "events.dlq", "group"];
const YEAR_MS = 31_536_000_000;
const CHECK_EVERY_MS = 1_000;
const FORGOTTEN_WITHIN_MS = 240_000;

/** Redrives the one letter that there is. */
async function redriveOne(client: KafkaClient): Promise<void> {
  const source = { topic: TOPIC, partition: 0, offset: 0 };
  const letters = events({ seed: 2, count: 1 })
    .map(({ value }) => letterRecord({ source, value, failure: NO_JSON }));
  await client.produce(LETTERS, letters);
  const { processed } = await runRedrive(client, { topic: TOPIC, group: GROUP });
  assert.equal(processed, 1);
}

Deno.test("a redrive asks brokers to keep its marks for ten years", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1, [LETTERS]: 1 } });
  await using client = new KafkaClient(kafka.bootstrap);
  const kept: number[] = [];
  kafka.intercept(async ({ apiName, body }, serve) => {
    if (apiName === "OffsetCommit") kept.push(body.retentionTimeMs);
    return await serve();
  });
  await redriveOne(client);
  assert.ok(kept.length > 0);
  for (const each of kept) assert.equal(each, 10 * YEAR_MS);
  assert.deepEqual(await client.committed(`${GROUP}.redrive`, LETTERS), [1]);
});

/** What is missing for a Kafka that forgets soon. */
function missing(): string | null {
  if (Deno.env.get("LONG") !== "1") return "takes two minutes, set LONG=1";
  return (Deno.env.get("TEST_KAFKA_JARS_MISSING") ?? "run it by deno task test") || null;
}

testIfPossible(
  "marks outlast offsets.retention.minutes, after which other commits are forgotten [Apache Kafka]",
  missing(),
  async () => {
    await using cluster = await KafkaCluster.start({
      properties: {
        "offsets.retention.minutes": "1",
        "offsets.retention.check.interval.ms": String(CHECK_EVERY_MS),
      },
    });
    await using client = new KafkaClient(cluster.bootstrap());
    for (const name of [TOPIC, LETTERS]) await client.createTopic({ name });
    await redriveOne(client);
    using other = await RawGroup.find(cluster.bootstrap(), "other");
    await other.commit(LETTERS, 0, 1);
    await eventually("the other commit is forgotten", () => client.committed("other", LETTERS), {
      withinMs: FORGOTTEN_WITHIN_MS,
      everyMs: CHECK_EVERY_MS,
      until: ([offset]) => offset === -1,
    });
    assert.deepEqual(await client.committed(`${GROUP}.redrive`, LETTERS), [1]);
  },
);
