/**
 * The doctor on a real Kafka: fifteen and more set-ups, each broken in its own way, are named, and the fix that the report
 * gives makes it pass. It changes nothing, not even on a cluster that nobody has used yet.
 */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { peerCertificate } from "../../src/kafka/peer_certificate.ts";
import { BROKEN_SETUPS, type BrokenSetup, shifted, valid } from "../support/broken_setups.ts";
import { askDoctor, findingsOf, shown } from "../support/doctor.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { PASSWORD, SecureKafka, secureKafkaMissing } from "../support/secure_kafka.ts";
import { mutualTls } from "../support/security_settings.ts";
import { stepsAtOnce } from "../support/steps.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const AT_ONCE = 3;
const DAY_MS = 86_400_000;
const LOOKS = 30;
/** Access control lists and certificates take effect a moment later. */
const FIX_DEADLINE_MS = 15_000;

kafkaTest(
  "doctor finds nothing wrong where nothing is",
  { topics: { events: 3 } },
  async (kafka) => {
    const { events } = kafka.topics;
    await kafka.produce(events, valid(1));
    const report = await askDoctor({
      KAFKA_BROKERS: kafka.bootstrap,
      KAFKA_TOPIC: events,
      KAFKA_GROUP_ID: kafka.unique("group"),
    });
    assert.deepEqual(findingsOf(report), [], shown(report));
    assert.equal(report.exitCode, 0);
    assert.ok(report.checks.some(({ detail }) => detail === "10 messages are valid events"));
    assert.equal(await kafka.hasTopic(`${events}.dlq`), false);
  },
);

Deno.test("doctor only warns of one of several brokers that is down [embedded broker]", async () => {
  await using embedded = await EmbeddedKafka.start({ nodes: 3 });
  await using client = new KafkaClient(embedded.bootstrap);
  const topic = await client.createTopic({ partitions: 3 });
  const settings = { KAFKA_BROKERS: embedded.bootstrap, KAFKA_TOPIC: topic };
  assert.deepEqual(findingsOf(await askDoctor(settings)), []);
  await embedded.stopNode(2);
  const report = await eventually("new leaders", () => askDoctor(settings), {
    withinMs: FIX_DEADLINE_MS,
    until: ({ exitCode }) => exitCode === 0,
  });
  const down = report.checks.find(({ finding }) => finding === "connection_refused");
  assert.equal(down?.status, "warning", shown(report));
});

testIfPossible(
  "doctor names what is broken, and its fix mends it [Apache Kafka]",
  await secureKafkaMissing(),
  async (t) => {
    await using kafka = await SecureKafka.start();
    await t.step("on a cluster that nobody has used it changes nothing", async () => {
      await changeNothing(kafka);
    });
    await t.step("peerCertificate() bears being refused", () => lookWithoutOwn(kafka));
    await t.step("certificates of both sides that end within two weeks are a warning", async () => {
      await warnOfCertificates(kafka);
    });
    await stepsAtOnce(t, BROKEN_SETUPS, {
      atOnce: AT_ONCE,
      name: ({ what, finding }) => `${what}: ${finding}`,
      body: (setup) => breakAndMend(setup, kafka),
    });
  },
);

/** Looking a group up in the ordinary way would make the topic of offsets. */
async function changeNothing(kafka: SecureKafka): Promise<void> {
  await using client = new KafkaClient(kafka.bootstrap("PLAINTEXT"));
  const before = await client.topicNames();
  const report = await askDoctor({
    KAFKA_BROKERS: kafka.bootstrap("PLAINTEXT"),
    KAFKA_TOPIC: kafka.topic,
    DLQ_TOPIC: "not-there",
  });
  assert.equal(report.exitCode, 0, shown(report));
  assert.deepEqual(await client.topicNames(), before);
  assert.deepEqual(await client.groupIds(), []);
  assert.ok(!before.includes("__consumer_offsets"), String(before));
}

/** A broker that wants our certificate ends the connection after the handshake, at any moment from then on. */
async function lookWithoutOwn(kafka: SecureKafka): Promise<void> {
  const options = { servername: null, deadlineMs: 5_000 };
  for (let look = 0; look < LOOKS; look++) {
    assert.notEqual(await peerCertificate(kafka.address("MTLS"), options), null);
  }
}

/** They are made for 30 days. */
async function warnOfCertificates(kafka: SecureKafka): Promise<void> {
  const settings = {
    ...mutualTls(kafka),
    KAFKA_BROKERS: kafka.bootstrap("MTLS"),
    KAFKA_TOPIC: kafka.topic,
  };
  const now = await askDoctor(settings);
  assert.deepEqual(findingsOf(now), [], shown(now));
  assert.ok(now.checks.some(({ detail }) => detail.includes("CN=service-client")), shown(now));
  const later = await askDoctor(settings, shifted(20 * DAY_MS));
  assert.deepEqual(findingsOf(later).toSorted(), [
    "broker_certificate_expires",
    "own_certificate_expires",
  ]);
}

async function breakAndMend(setup: BrokenSetup, kafka: SecureKafka): Promise<void> {
  await using client = new KafkaClient(kafka.bootstrap("PLAINTEXT"));
  await using resources = new AsyncDisposableStack();
  const topic = await client.createTopic();
  await client.produce(topic, valid(1));
  const world = { kafka, client, topic, group: client.unique("group"), resources };
  const always = {
    KAFKA_BROKERS: kafka.bootstrap("PLAINTEXT"),
    KAFKA_TOPIC: topic,
    KAFKA_GROUP_ID: world.group,
  };
  const broken = await setup.break(world);
  const expected = [setup.finding, ...setup.warnings ?? []].toSorted();
  const askBroken = async () => {
    const report = await askDoctor({ ...always, ...broken.settings }, broken.clock);
    return { found: findingsOf(report).toSorted(), text: shown(report), report };
  };
  const { report: before } = await eventually(`${expected} after ${setup.what}`, askBroken, {
    withinMs: FIX_DEADLINE_MS,
    everyMs: 200,
    until: ({ found }) => String(found) === String(expected),
  });
  assert.equal(before.exitCode, setup.exitCode, shown(before));
  assert.ok(!JSON.stringify(before).includes(PASSWORD), "the password is shown");
  const fixed = await setup.fix(before, world);
  const ask = async () => {
    const report = await askDoctor({ ...always, ...fixed.settings }, fixed.clock);
    return { text: shown(report), report };
  };
  const { report: after } = await eventually(`no finding after ${setup.what}`, ask, {
    withinMs: FIX_DEADLINE_MS,
    everyMs: 200,
    until: ({ report }) => findingsOf(report).length === 0,
  });
  assert.equal(after.exitCode, 0, shown(after));
}
