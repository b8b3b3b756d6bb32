/** A service that loses the group for a moment, and gets its partition back, goes on with what it holds. */
import assert from "node:assert/strict";
import { EmbeddedKafka, ERROR, Faults } from "../../src/broker/mod.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { Recording } from "../support/recording.ts";

const COUNT = 20;
const CONCURRENCY = 4;
const SESSION_MS = 2_000;
const WITHIN_MS = 40_000;

Deno.test("a service that was thrown out of the group and joins again does nothing twice", async () => {
  await using broker = await EmbeddedKafka.start({ topics: { events: 1 } });
  await using client = new KafkaClient(broker.bootstrap);
  await using recording = await Recording.start();
  const gate = Promise.withResolvers<void>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async () => {
    await gate.promise;
    return new Response();
  });
  await client.produce("events", events({ seed: 12, count: COUNT, users: COUNT }));
  await using service = await recording.startService(broker, {
    topic: "events",
    group: "group",
    settings: {
      SESSION_TIMEOUT_MS: String(SESSION_MS),
      HEARTBEAT_INTERVAL_MS: String(SESSION_MS / 5),
      CONCURRENCY: String(CONCURRENCY),
    },
    plan: { calls: `http://127.0.0.1:${server.addr.port}/` },
  });
  await recording.untilStarted(CONCURRENCY, { process: "p1", withinMs: WITHIN_MS });
  new Faults(broker).fail({ api: "Heartbeat", times: 1 }, ERROR.UNKNOWN_MEMBER_ID);
  const joins = () => service.lines.filter(({ text }) => text.includes("Joined the group")).length;
  const until = (count: number) => count >= 2;
  await eventually("it joined again", joins, { withinMs: WITHIN_MS, until });
  gate.resolve();
  const committed = () => client.committed("group", "events");
  await eventually("all is committed", committed, {
    withinMs: WITHIN_MS,
    until: ([offset]) => offset === COUNT,
  });
  assert.equal((await service.stop()).code, 0);
  const starts = (await recording.handled()).filter(({ kind }) => kind === "start");
  assert.equal(starts.length, COUNT, "each once");
});
