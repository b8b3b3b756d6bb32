/** With `latest`, too, a topic that is created again under a running service is read from its beginning. */
import assert from "node:assert/strict";
import { EmbeddedKafka, ERROR, Faults } from "../../src/broker/mod.ts";
import { eventually } from "../support/eventually.ts";
import { places, untilCommitted, untilHandled } from "../support/handled_places.ts";
import { produceEvents } from "../support/produce_events.ts";
import { kafkaTest, KafkaUnderTest } from "../support/kafka.ts";
import type { Program } from "../support/program.ts";
import { logLines, startService } from "../support/service.ts";

type OneTopic = KafkaUnderTest<"events">;

const DEADLINE_MS = 20_000;

kafkaTest(
  "with AUTO_OFFSET_RESET=latest a topic that is created again and filled past the old position is read from its beginning",
  { topics: { events: 1 } },
  async (kafka) => {
    const { service, group } = await startAtLatest(kafka);
    await using _ = service;
    await kafka.deleteTopic(kafka.topics.events);
    await kafka.createTopic({ name: kafka.topics.events });
    await produceEvents(kafka, { partition: 0, count: 8 });
    await untilReadAnew(service, 8);
    await untilCommitted(kafka, { group, offsets: [8] });
    assert.equal((await service.stop()).code, 0);
  },
);

Deno.test("with AUTO_OFFSET_RESET=latest a topic that is created again is read from its beginning, also where the group began anew while it was away", async () => {
  const names = { events: "events" };
  await using broker = await EmbeddedKafka.start({ topics: { events: 1 } });
  await using kafka = new KafkaUnderTest({
    flavour: "embedded broker",
    bootstrap: broker.bootstrap,
    nodes: [],
    embedded: broker,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }, names);
  const { service, group } = await startAtLatest(kafka);
  await using _ = service;
  await kafka.deleteTopic("events");
  new Faults(broker).fail({ api: "Heartbeat", times: 1 }, ERROR.UNKNOWN_MEMBER_ID);
  await eventually("joined again", () => joins(service), {
    withinMs: DEADLINE_MS,
    until: (count) => count >= 2,
  });
  await kafka.createTopic({ name: "events" });
  await produceEvents(kafka, { partition: 0, count: 8 });
  await untilReadAnew(service, 8);
  await untilCommitted(kafka, { group, offsets: [8] });
  assert.equal((await service.stop()).code, 0);
});

/** With AUTO_OFFSET_RESET=latest; it has read offset 5, after five that it has not. */
async function startAtLatest(kafka: OneTopic): Promise<{ service: Program; group: string }> {
  const topic = kafka.topics.events;
  const group = kafka.unique("group");
  const settings = { METADATA_MAX_AGE_MS: "1000", AUTO_OFFSET_RESET: "latest" };
  await produceEvents(kafka, { partition: 0, count: 5 });
  const service = await startService(kafka, { topic, group, settings });
  await untilCommitted(kafka, { group, offsets: [5] });
  await produceEvents(kafka, { partition: 0, count: 1 });
  await untilHandled(service, ["0@5"]);
  await untilCommitted(kafka, { group, offsets: [6] });
  return { service, group };
}

/** What lies past the old position may come twice: until the topic's id is seen, it looks like the old one. */
async function untilReadAnew(service: Program, count: number): Promise<void> {
  const anew = Array.from({ length: count }, (_, offset) => `0@${offset}`);
  await eventually("all that is in the new topic is handled", () => places(service).slice(1), {
    withinMs: DEADLINE_MS,
    until: (handled) => anew.every((each) => handled.includes(each)),
  });
}

function joins(service: Program): number {
  return logLines(service).filter(({ text }) => text === "Joined the group").length;
}
