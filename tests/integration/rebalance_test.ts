/**
 * A group that grows and shrinks while it works loses nothing, keeps the order of each key, and repeats next to
 * nothing. TEST_MESSAGES is how many messages it works on at least.
 */
import assert from "node:assert/strict";
import type { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { Load } from "../support/load.ts";
import { assertNoViolation, type Committed, judge } from "../support/oracle.ts";
import type { Program } from "../support/program.ts";
import { CommitWatch, Recording } from "../support/recording.ts";
import { complaints } from "../support/service.ts";

const MESSAGES = Number(Deno.env.get("TEST_MESSAGES") ?? 20_000);
const PARTITIONS = 12;
const USERS = 600;
const DUPLICATES_SHARE = 0.001;
/** So many messages wait while the group changes. */
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
    await using load = new Load(kafka, {
      topic,
      partitions: PARTITIONS,
      users: USERS,
      watch,
      backlog: BACKLOG,
      backlogMs: DEADLINE_MS,
    });
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

    const acknowledged = await load.finish(MESSAGES);
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
