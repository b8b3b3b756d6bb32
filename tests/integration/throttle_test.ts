/** What a broker asks of a client over its quota is done: nothing is sent on a connection before its time (KIP-219). */
import assert from "node:assert/strict";
import { EmbeddedKafka, Faults } from "../../src/broker/mod.ts";
import { metadata } from "../../src/kafka/metadata_request.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import type { Clock } from "../../src/processing/clock.ts";
import { badMessages, events } from "../support/events.ts";
import { within } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { finalCounts, handledEvents, startService, untilAllCommitted } from "../support/service.ts";
import { plainConnections } from "../support/with_connections.ts";

const TOPIC = "events";
const GROUP = "group";
const CLIENT = "the-service";
const EVENTS = 200;
const THROTTLE_MS = 400;
/** No other timer is as long. */
const LONG_THROTTLE_MS = 9_321;
/** Between the broker's answer and the service's clock. */
const TOLERANCE_MS = 20;
/** Two that waited for the same moment go out together, before the first is answered: no client could know. */
const PAIRS_MAX = 3;
const APIS = [
  ...["ApiVersions", "Metadata", "FindCoordinator", "JoinGroup", "SyncGroup", "Heartbeat"],
  ...["OffsetFetch", "ListOffsets", "Fetch", "OffsetCommit", "Produce"],
];

Deno.test("a broker that throttles is obeyed, by every request on the connection", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1 } });
  new Faults(kafka).throttle({ clientId: CLIENT }, THROTTLE_MS);
  const answeredAt = new Map<string, number>();
  const early: string[] = [];
  const seen = new Set<string>();
  kafka.intercept(async ({ apiName, clientId, nodeId, connectionId }, serve) => {
    if (clientId !== CLIENT) return await serve();
    const connection = `${nodeId}/${connectionId}`;
    const sinceMs = performance.now() - (answeredAt.get(connection) ?? -Infinity);
    if (sinceMs < THROTTLE_MS - TOLERANCE_MS) early.push(`${apiName} after ${sinceMs} ms`);
    seen.add(apiName);
    const reply = await serve();
    answeredAt.set(connection, performance.now());
    return reply;
  });

  await using client = new KafkaClient(kafka.bootstrap);
  const messages = events({ seed: 1, count: EVENTS });
  const [bad] = badMessages(1);
  assert.ok(bad !== undefined);
  await client.produce(TOPIC, [...messages, bad]);
  await using service = await startService(kafka, {
    topic: TOPIC,
    group: GROUP,
    // One partition, and no metadata by the clock: what is under way when an answer comes is not early.
    settings: { KAFKA_CLIENT_ID: CLIENT, METADATA_MAX_AGE_MS: "60000" },
  });
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  assert.equal((await service.stop()).code, 0);
  assert.equal(handledEvents(service).length, EVENTS);
  assert.equal(finalCounts(service)["dead_lettered"], 1);
  assert.deepEqual(APIS.filter((apiName) => !seen.has(apiName)), [], "never asked");
  assert.ok(early.length <= PAIRS_MAX, early.join("\n"));
});

Deno.test("a connection that is closed no longer waits for a broker that throttles its handshake", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1 } });
  new Faults(kafka).throttle({ api: "ApiVersions" }, LONG_THROTTLE_MS);
  const waits = Promise.withResolvers<void>();
  const clock: Clock = {
    ...systemClock,
    schedule(delayMs, wake) {
      if (delayMs === LONG_THROTTLE_MS) waits.resolve();
      return systemClock.schedule(delayMs, wake);
    },
  };
  const connections = plainConnections(clock);
  const [host = "", port = ""] = kafka.bootstrap.split(":");
  const call = connections.call({
    to: { id: -1, host, port: Number(port) },
    purpose: "metadata",
    request: metadata([TOPIC]),
    deadlineMs: 60_000,
  });
  const refused = assert.rejects(call);
  await waits.promise;
  connections.close();
  await within("the call's end", refused, LONG_THROTTLE_MS / 2);
});
