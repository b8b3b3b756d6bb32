/** The demo does not outrun its own service: the broker drops nothing that has no outcome yet. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { AHEAD_MAX, DemoProducer } from "../../src/commands/demo_producer.ts";
import { DemoEvents } from "../../src/demo/events.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { eventually } from "../support/eventually.ts";

const TOPIC = "events";
const WITHIN_MS = 15_000;

Deno.test("DemoProducer.run() waits for a service that is slow", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 4 } });
  const [host = "", port] = kafka.bootstrap.split(":");
  const producer = new DemoProducer({
    brokers: [{ host, port: Number(port) }],
    topic: TOPIC,
    events: new DemoEvents({ seed: 1, invalidShare: 0.02 }),
    rate: 100_000,
    limit: AHEAD_MAX + 300,
    clock: systemClock,
  });
  const stop = new AbortController();
  let outcomes = 0;
  let asked = 0;
  const run = producer.run({
    stopped: stop.signal,
    outcomes: () => {
      if (producer.produced === AHEAD_MAX + outcomes) asked += 1;
      return outcomes;
    },
  });
  try {
    for (const done of [0, 200]) {
      outcomes = done;
      asked = 0;
      await eventually("it waits", () => asked >= 3, { withinMs: WITHIN_MS });
      assert.equal(producer.produced, AHEAD_MAX + done);
    }
    outcomes = 300;
    await run;
    assert.equal(producer.produced, AHEAD_MAX + 300);
    const logs = kafka.partitions(TOPIC);
    assert.equal(logs.reduce((sum, { endOffset }) => sum + endOffset, 0), producer.produced);
  } finally {
    stop.abort();
    await run;
    producer.close();
  }
});
