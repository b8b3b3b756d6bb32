/** What a fetch waits for: as FETCH_PRESET says it goes to the broker, and nothing else ever waits for it. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { readStatus, sendAction } from "../support/operator.ts";
import { startService, untilAllCommitted, untilServing } from "../support/service.ts";

const TOPIC = "events";
const TOKEN = "a-token-of-an-operator";
const LONGEST_WAIT_MS = 60_000;
const WITHIN = { withinMs: 20_000 };

Deno.test("Fetch carries what FETCH_PRESET says, and a setting of its own instead", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1, [`${TOPIC}.dlq`]: 1 } });
  const asked = new Set<string>();
  kafka.intercept((request, serve) => {
    if (request.apiName === "Fetch") {
      asked.add(`${request.body.minBytes}/${request.body.maxWaitMs}`);
    }
    return serve();
  });
  const settings = { FETCH_PRESET: "efficient", FETCH_MAX_WAIT_MS: "31" };
  await using service = await startService(kafka, { topic: TOPIC, group: "group", settings });
  await eventually("it has asked", () => asked.size > 0, WITHIN);
  assert.deepEqual([...asked], ["65536/31"]);
  assert.equal((await service.stop()).code, 0);
});

kafkaTest(
  "pause, rebalance and stop do not wait for a fetch that waits for long",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const settings = {
      HTTP_PORT: "0",
      CONSOLE_TOKEN: TOKEN,
      FETCH_MAX_WAIT_MS: String(LONGEST_WAIT_MS),
    };
    await kafka.produce(topic, events({ seed: 1, count: 4 }).map(({ value }) => ({ value })));
    await using service = await startService(kafka, { topic, group, settings });
    const url = await untilServing(service);
    await untilAllCommitted(kafka, { group, topic }); // from here on its fetch finds nothing
    const from = performance.now();
    const body = { partitions: [{ topic, partition: 0 }], reason: "a look at the sink" };
    assert.equal((await sendAction(url, { name: "pause", body, token: TOKEN })).status, 200);
    const partitions = async () => (await readStatus(url)).partitions;
    await eventually(
      "it is paused",
      async () => (await partitions())[0]?.state === "paused",
      WITHIN,
    );
    await using second = await startService(kafka, { topic, group });
    await eventually("one is the other's", async () => (await partitions()).length === 1, WITHIN);
    assert.equal((await service.stop()).code, 0);
    assert.ok(performance.now() - from < LONGEST_WAIT_MS, "all of it while the fetch waited");
    assert.equal((await second.stop()).code, 0);
  },
);
