/**
 * The program on a Kafka that asks for TLS, certificates, passwords and rights: what fits works in full, and what does
 * not ends the start with a text that says which of them it is, and with the exit code for it.
 */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { badMessages, events, type TestEvent } from "../support/events.ts";
import { FAILED_STARTS, type FailedStart, type Peer } from "../support/failed_starts.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { openSockets } from "../support/open_sockets.ts";
import type { Program } from "../support/program.ts";
import { PASSWORD, SecureKafka, secureKafkaMissing } from "../support/secure_kafka.ts";
import {
  oauth,
  sasl,
  SECURE_WAYS,
  type SecureWay,
  type Settings,
  tls,
} from "../support/security_settings.ts";
import { TokenEndpoint } from "../support/token_endpoint.ts";
import {
  complaints,
  finalCounts,
  handledEvents,
  logLines,
  startService,
  untilAllCommitted,
} from "../support/service.ts";
import { stepsAtOnce } from "../support/steps.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const SEED = 7_301;
const EVENTS = 5;
/** A third program uses the cores while two wait. */
const AT_ONCE = 3;
/** Ten sessions long. */
const TRICKLE_MS = 20_000;
const TRICKLE_EVERY_MS = 250;
/** In which every kind of connection is made. */
const WARM_UP_EVENTS = 8;
const TOKEN_LIFE_S = 4;
/** For metadata, fetch, join, heartbeat, commit and dead letters. */
const CONNECTIONS = 6;
const EXIT_DEADLINE_MS = 20_000;

const missing = await secureKafkaMissing();
let started: SecureKafka | null = null;

if (missing === null) {
  Deno.test.beforeAll(async () => {
    started = await SecureKafka.start();
  });
  Deno.test.afterAll(async () => {
    await started?.[Symbol.asyncDispose]();
  });
}

securityTest(
  "each protected way in consumes, commits and writes dead letters",
  async (t, kafka) => {
    await stepsAtOnce(t, SECURE_WAYS, {
      atOnce: AT_ONCE,
      name: ({ name }) => name,
      body: (way) => consumeBy(way, kafka),
    });
  },
);

securityTest("a start that fails says why, with the exit code for it", async (t, kafka) => {
  await stepsAtOnce(t, FAILED_STARTS, {
    atOnce: AT_ONCE,
    name: ({ when, exitCode }) => `${exitCode} when ${when}`,
    body: (failedStart) => fail(failedStart, kafka),
  });
});

securityTest(
  "short sessions are renewed: no connection is lost, and nobody joins again",
  async (t, kafka) => {
    const { server } = kafka.certificates;
    await using endpoint = TokenEndpoint.start({ lifeSeconds: TOKEN_LIFE_S, tls: server });
    const ways = [
      { name: "sessions of 2 s", listener: "SHORT", settings: sasl("scram-sha-512") },
      { name: "tokens of 4 s", listener: "OAUTH", settings: oauth(endpoint.url, kafka) },
    ] as const;
    await stepsAtOnce(t, ways, {
      atOnce: ways.length,
      name: ({ name }) => name,
      body: (way) => renew(way, kafka),
    });
    const requests = endpoint.requests.length;
    const lives = TRICKLE_MS / 1_000 / TOKEN_LIFE_S;
    assert.ok(requests >= lives && requests <= 4 * lives, `${requests} tokens`);
  },
);

async function renew(
  { listener, settings }: Pick<SecureWay, "listener"> & { readonly settings: Settings },
  kafka: SecureKafka,
): Promise<void> {
  await using client = new KafkaClient(kafka.bootstrap("PLAINTEXT"));
  const [topic, group] = [await client.createTopic(), client.unique("group")];
  await using service = await startService({ bootstrap: kafka.bootstrap(listener) }, {
    topic,
    group,
    settings: { ...tls(kafka), ...settings, METADATA_MAX_AGE_MS: "3000" },
  });
  const sent = events({ seed: SEED, count: TRICKLE_MS / TRICKLE_EVERY_MS });
  const [bad] = badMessages(SEED);
  assert.ok(bad !== undefined);
  await client.produce(topic, [bad]);
  await trickle(client, { topic, messages: sent.slice(0, WARM_UP_EVENTS) });
  await untilAllCommitted(client, { group, topic });
  const before = await openSockets(service.pid);
  assert.ok(before === null || before.length >= CONNECTIONS, String(before));
  await trickle(client, { topic, messages: sent.slice(WARM_UP_EVENTS) });
  await client.produce(topic, [bad]); // on a connection that was idle for many sessions
  await untilAllCommitted(client, { group, topic });
  assert.deepEqual(await openSockets(service.pid), before);
  assert.equal((await service.stop()).code, 0);
  const handled = handledEvents(service).map(({ eventId }) => eventId);
  assert.deepEqual(handled, sent.map(({ eventId }) => eventId));
  assert.deepEqual(new Set(complaints(service)), new Set(["WARNING Message dead-lettered"]));
  assert.equal(logLines(service).filter(({ text }) => text === "Joined the group").length, 1);
}

/** The brokers are shared, and ignored together. */
function securityTest(
  name: string,
  body: (t: Deno.TestContext, kafka: SecureKafka) => Promise<void>,
): void {
  testIfPossible(name, missing, async (t) => {
    if (started === null) throw new Error("Kafka has not started");
    await body(t, started);
  });
}

async function consumeBy({ listener, settings }: SecureWay, kafka: SecureKafka): Promise<void> {
  await using client = new KafkaClient(kafka.bootstrap("PLAINTEXT"));
  const topic = await client.createTopic();
  const [bad] = badMessages(SEED);
  assert.ok(bad !== undefined);
  await client.produce(topic, [...events({ seed: SEED, count: EVENTS }), bad]);
  const group = client.unique("group");
  await using service = await startService({ bootstrap: kafka.bootstrap(listener) }, {
    topic,
    group,
    settings: await settings(kafka),
    allowRead: [kafka.directory],
  });
  await untilAllCommitted(client, { group, topic });
  assert.equal((await service.stop()).code, 0);
  assert.equal(handledEvents(service).length, EVENTS);
  assert.equal(finalCounts(service)["dead_lettered"], 1);
  assert.deepEqual(complaints(service), ["WARNING Message dead-lettered"]);
  const [letter] = await client.consume(`${topic}.dlq`, { count: 1 });
  assert.equal(letter?.headers["__dlq.errors.topic"], topic);
  assertNoSecret(service, kafka);
}

async function fail(
  { at, settings, exitCode, says }: FailedStart,
  kafka: SecureKafka,
): Promise<void> {
  await using peer = await listenAt(at, kafka);
  await using service = await startService({ bootstrap: peer.address }, {
    topic: kafka.topic,
    group: `group-${crypto.randomUUID()}`,
    settings: { MAX_RETRIES: "1", DLQ_TOPIC: kafka.deadLetterTopic, ...settings(kafka) },
  });
  const { code } = await service.waitForExit(EXIT_DEADLINE_MS);
  const output = service.stdout.join("\n");
  assert.equal(code, exitCode, output);
  assertNoSecret(service, kafka);
  const reason = logLines(service).find(({ level }) => level === "ERROR")?.text ?? "";
  for (const text of says) assert.ok(reason.includes(text), `No "${text}" in\n${output}`);
}

async function trickle(
  client: KafkaClient,
  { topic, messages }: { readonly topic: string; readonly messages: readonly TestEvent[] },
): Promise<void> {
  for (const message of messages) {
    await client.produce(topic, [message]);
    await setTimeout(TRICKLE_EVERY_MS);
  }
}

async function listenAt(at: FailedStart["at"], kafka: SecureKafka): Promise<Peer> {
  if (typeof at === "function") return await at();
  return { address: kafka.bootstrap(at), [Symbol.asyncDispose]: () => Promise.resolve() };
}

function assertNoSecret(service: Program, { certificates }: SecureKafka): void {
  const output = service.lines.map(({ text }) => text).join("\n");
  const key = certificates.client.key.split("\n")[1] ?? PASSWORD;
  for (const secret of [PASSWORD, key]) assert.ok(!output.includes(secret), "a secret is shown");
}
