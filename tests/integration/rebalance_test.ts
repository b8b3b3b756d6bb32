/**
 * A group that grows and shrinks while it works loses nothing, keeps the order of each key, and repeats next to
 * nothing. TEST_MESSAGES is how many messages it works on at least.
 */
import assert from "node:assert/strict";
import { CompressionTypes } from "kafkajs";
import type { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import { type Acknowledged, assertNoViolation, type Committed, judge } from "../support/oracle.ts";
import type { Program } from "../support/program.ts";
import { CommitWatch, Recording } from "../support/recording.ts";
import { complaints } from "../support/service.ts";

const MESSAGES = Number(Deno.env.get("TEST_MESSAGES") ?? 20_000);
const PARTITIONS = 12;
const USERS = 600;
const DUPLICATES_SHARE = 0.001;
const SEND_SIZE = 600;
/** So many messages wait at any time, until enough were sent: the group changes while it works. */
const BACKLOG = 4_000;
/** Few at a time and not at once, so that there is work in every lane. */
const SETTINGS = { CONCURRENCY: "24" };
const PLAN = { minMs: 2, maxMs: 12 };
const DEADLINE_MS = 60_000 + MESSAGES;

kafkaTest(
  "three instances lose nothing while one joins and one leaves, keep the order, and repeat 0.1 % at most",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await using recording = await Recording.start();
    await using watch = new CommitWatch(kafka, { group, topic });
    const start = () =>
      recording.startService(kafka, { topic, group, settings: SETTINGS, plan: PLAN });
    const changed = new AbortController();
    const sending = keepSending(kafka, { topic, watch, changed: changed.signal });
    sending.catch(() => {}); // told below

    await using leaver = await start();
    await using second = await start();
    await using third = await start();
    for (const process of ["p1", "p2", "p3"]) {
      await recording.untilDone(100, { process, withinMs: DEADLINE_MS });
    }
    await using joiner = await start();
    await recording.untilDone(100, { process: "p4", withinMs: DEADLINE_MS });
    assert.deepEqual(await leaver.stop(), { code: 0, signal: null });
    const { members } = await kafka.describeGroup(group);
    assert.equal(members.length, 3, "it has left");
    changed.abort();

    const acknowledged = await sending;
    await eventually(`${acknowledged.length} messages are committed`, () => watch.sum, {
      withinMs: DEADLINE_MS,
      until: (committed) => committed === acknowledged.length,
    });
    const stayed: readonly Program[] = [second, third, joiner];
    const exits = await Promise.all(stayed.map((service) => service.stop()));
    assert.deepEqual(exits.map(({ code }) => code), [0, 0, 0]);

    const verdict = judge({
      acknowledged,
      handled: await recording.handled(),
      deadLettered: [],
      committed: kafka.embedded === null ? watch.commits : commitsOf(kafka.embedded, group),
    });
    console.log(
      `${acknowledged.length} messages, ${verdict.duplicates} duplicates, ${watch.commits.length} commits seen`,
    );
    assertNoViolation(verdict);
    assert.ok(verdict.duplicates <= DUPLICATES_SHARE * acknowledged.length);
    assert.deepEqual([leaver, ...stayed].flatMap(complaints), []);
  },
);

/** Every commit at its time, where one need not look from outside. */
function commitsOf(embedded: EmbeddedKafka, group: string): readonly Committed[] {
  const ours = embedded.commits().filter(({ groupId, errorCode }) =>
    groupId === group && errorCode === 0
  );
  return ours.map(({ topic, partition, offset, at }) => ({ topic, partition, offset, at }));
}

/** Keeps the group at work until it has changed, and enough is sent. */
async function keepSending(
  kafka: KafkaUnderTest<"events">,
  options: {
    readonly topic: string;
    readonly watch: CommitWatch;
    readonly changed: AbortSignal;
  },
): Promise<readonly Acknowledged[]> {
  const { topic, watch, changed } = options;
  const seed = Math.trunc(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const acknowledged: Acknowledged[] = [];
  while (!changed.aborted || acknowledged.length < MESSAGES) {
    const all = events({ seed: seed + acknowledged.length, count: SEND_SIZE, users: USERS });
    acknowledged.push(...await send(kafka, topic, all));
    await eventually("the backlog has become small", () => acknowledged.length - watch.sum, {
      withinMs: DEADLINE_MS,
      until: (waiting) => waiting < BACKLOG,
    });
  }
  return acknowledged;
}

/** The partition follows from the key, so that a key has one order. */
async function send(
  kafka: KafkaUnderTest<"events">,
  topic: string,
  all: ReturnType<typeof events>,
): Promise<readonly Acknowledged[]> {
  const messages = all.map(({ key, value }) => ({
    partition: Number(key.split("-")[1]) % PARTITIONS,
    key,
    value,
  }));
  const stored = await kafka.produce(topic, messages, { compression: CompressionTypes.Snappy });
  return stored.map((place, index) => {
    const { eventId = "", key = null } = all[index] ?? {};
    return { ...place, eventId, key };
  });
}
