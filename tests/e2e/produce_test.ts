/** `produce` feeds a Kafka that is not there yet, that goes away and comes back, and says what it did. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { isEnrichedEvent } from "../../src/event.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { Program } from "../support/program.ts";

const TOPIC = "user-activity-events";
const WITHIN_MS = 60_000;

Deno.test("produce waits for the topic and for the broker, stores every event, and ends with 0", async () => {
  await using kafka = await EmbeddedKafka.start();
  const flags = ["--events", "300", "--rate", "200", "--invalid-share", "0", "--seed", "7"];
  await using program = await Program.start({
    args: ["produce", ...flags],
    env: { KAFKA_BROKERS: kafka.bootstrap },
  });
  await program.waitForLine(`Trying again: Topic ${TOPIC} does not exist`, { withinMs: WITHIN_MS });
  kafka.createTopic(TOPIC, { partitions: 3 });
  await eventually("some are stored", () => stored(kafka) > 0, { withinMs: WITHIN_MS });
  await kafka.stopNode(0);
  await program.waitForLine(/Trying again: .*(refused|listens|closed)/i, { withinMs: WITHIN_MS });
  await kafka.startNode(0);
  assert.deepEqual(await program.waitForExit(WITHIN_MS), { code: 0, signal: null });
  assert.equal(program.stdout.at(-1), "Produced 300 events");
  assert.ok(stored(kafka) >= 300, `${stored(kafka)} events are stored`);
  for (const { endOffset } of kafka.partitions(TOPIC)) assert.ok(endOffset > 0, "keys spread");
});

Deno.test("produce without an end stops on SIGTERM with 0, also while nothing answers", async () => {
  await using kafka = await EmbeddedKafka.start();
  await using program = await Program.start({
    args: ["produce"],
    env: { KAFKA_BROKERS: kafka.bootstrap },
  });
  await program.waitForLine("Trying again", { withinMs: WITHIN_MS });
  assert.deepEqual(await program.stop(WITHIN_MS), { code: 0, signal: null });
  assert.equal(program.stdout.at(-1), "Produced 0 events");
});

kafkaTest(
  "produce stores events that any client reads, and that are what the service takes",
  { topics: { events: 3 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    await using program = await Program.start({
      args: ["produce", "--events", "200", "--rate", "1000", "--invalid-share", "0"],
      env: { KAFKA_BROKERS: kafka.bootstrap, KAFKA_TOPIC: topic },
    });
    assert.deepEqual(await program.waitForExit(WITHIN_MS), { code: 0, signal: null });
    assert.deepEqual(program.stderr, []);
    const records = await kafka.consume(topic, { count: 200 });
    const values = records.map(({ value }) =>
      JSON.parse(new TextDecoder().decode(value ?? undefined))
    );
    for (const value of values) assert.ok(isEnrichedEvent(value), JSON.stringify(value));
    assert.equal(new Set(values.map(({ event_id: id }) => id)).size, 200);
  },
);

function stored(kafka: EmbeddedKafka): number {
  return kafka.partitions(TOPIC).reduce((sum, { endOffset }) => sum + endOffset, 0);
}
