/**
 * A group that grows and shrinks while it works loses nothing, keeps the order of each key, and repeats next to
 * nothing. TEST_MESSAGES is how many messages it works on.
 */
import assert from "node:assert/strict";
import { CompressionTypes } from "kafkajs";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import { type Acknowledged, assertNoViolation, judge } from "../support/oracle.ts";
import type { Program } from "../support/program.ts";
import { CommitWatch, Recording } from "../support/recording.ts";
import { complaints } from "../support/service.ts";

const MESSAGES = Number(Deno.env.get("TEST_MESSAGES") ?? 20_000);
const PARTITIONS = 12;
const USERS = 600;
const DUPLICATES_MAX = 0.001 * MESSAGES;
const SEND_SIZE = 2_000;
/** Few at a time and not at once, so that there is work in every lane when the group changes. */
const SETTINGS = { CONCURRENCY: "24" };
const PLAN = { minMs: 2, maxMs: 12 };
const DEADLINE_MS = 60_000 + MESSAGES;

kafkaTest(
  "three instances lose nothing while one joins and one leaves, keep the order, and repeat 0.1 % at most",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const seed = Math.trunc(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    const all = events({ seed, count: MESSAGES, users: USERS });
    const sentFirst = Math.round(MESSAGES * 0.6);
    const acknowledged = [...await send(kafka, topic, all.slice(0, sentFirst))];

    await using recording = await Recording.start();
    await using watch = new CommitWatch(kafka, { group, topic });
    const start = () =>
      recording.startService(kafka, { topic, group, settings: SETTINGS, plan: PLAN });
    await using leaver = await start();
    await using second = await start();
    await using third = await start();
    for (const process of ["p1", "p2", "p3"]) {
      await recording.untilDone(1, { process, withinMs: DEADLINE_MS });
    }
    await using joiner = await start();
    await recording.untilDone(1, { process: "p4", withinMs: DEADLINE_MS });
    acknowledged.push(...await send(kafka, topic, all.slice(sentFirst)));
    assert.deepEqual(await leaver.stop(), { code: 0, signal: null });
    const done = (await recording.handled()).filter(({ kind }) => kind === "done").length;
    assert.ok(done < MESSAGES, "there was work left when the group had changed");

    await untilCommitted(kafka, { group, topic, messages: MESSAGES });
    const stayed: readonly Program[] = [second, third, joiner];
    const exits = await Promise.all(stayed.map((service) => service.stop()));
    assert.deepEqual(exits.map(({ code }) => code), [0, 0, 0]);

    const verdict = judge({
      acknowledged,
      handled: await recording.handled(),
      deadLettered: [],
      committed: watch.commits,
    });
    console.log(`${verdict.duplicates} duplicates, ${watch.commits.length} commits seen`);
    assertNoViolation(verdict);
    assert.ok(verdict.duplicates <= DUPLICATES_MAX, `${verdict.duplicates} duplicates`);
    assert.deepEqual([leaver, ...stayed].flatMap(complaints), []);
  },
);

/** The partition follows from the key, so that a key has one order. */
async function send(
  kafka: KafkaUnderTest<"events">,
  topic: string,
  all: ReturnType<typeof events>,
): Promise<readonly Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  for (let at = 0; at < all.length; at += SEND_SIZE) {
    const part = all.slice(at, at + SEND_SIZE);
    const messages = part.map(({ key, value }) => ({
      partition: Number(key.split("-")[1]) % PARTITIONS,
      key,
      value,
    }));
    const stored = await kafka.produce(topic, messages, { compression: CompressionTypes.Snappy });
    stored.forEach((place, index) => {
      const { eventId = "", key = null } = part[index] ?? {};
      acknowledged.push({ ...place, eventId, key });
    });
  }
  return acknowledged;
}

async function untilCommitted(
  kafka: KafkaUnderTest<"events">,
  wanted: { readonly group: string; readonly topic: string; readonly messages: number },
): Promise<void> {
  const { group, topic, messages } = wanted;
  const sum = async () => (await kafka.committed(group, topic)).reduce((a, b) => a + b, 0);
  await eventually(`${messages} messages are committed`, sum, {
    withinMs: DEADLINE_MS,
    everyMs: 100,
    until: (committed) => committed === messages,
  });
}
