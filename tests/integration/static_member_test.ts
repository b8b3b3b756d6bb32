/** A static member gives way to whoever takes its place. That it keeps its partitions through a kill: tests/chaos. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { Load } from "../support/load.ts";
import { assertNoViolation, judge } from "../support/oracle.ts";
import { CommitWatch, Recording } from "../support/recording.ts";
import { logLines } from "../support/service.ts";

const PARTITIONS = 4;
const DEADLINE_MS = 60_000;
const ENOUGH = 200;

kafkaTest(
  "of two processes with one instance id the older ends with 78, and the younger goes on",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await using recording = await Recording.start();
    await using watch = new CommitWatch(kafka, { group, topic });
    const target = { topic, partitions: PARTITIONS, users: 200 };
    await using load = new Load(kafka, {
      ...target,
      ...{ watch, backlog: 1_000, backlogMs: DEADLINE_MS },
    });
    const start = () =>
      recording.startService(kafka, {
        topic,
        group,
        settings: { KAFKA_GROUP_INSTANCE_ID: "one" },
        plan: { minMs: 1, maxMs: 5 },
      });
    await using older = await start();
    await recording.untilDone(ENOUGH, { process: "p1", withinMs: DEADLINE_MS });
    const from = Date.now();
    await using younger = await start();
    const { code } = await older.waitForExit(DEADLINE_MS);
    const to = Date.now();
    assert.equal(code, 78);
    const reason = logLines(older).findLast(({ level }) => level === "ERROR")?.text ?? "";
    assert.match(reason, /Give each process its own KAFKA_GROUP_INSTANCE_ID, .*: one/);
    await recording.untilDone(ENOUGH, { process: "p2", withinMs: DEADLINE_MS });
    const acknowledged = await load.finish();
    await eventually("all is committed", () => watch.sum, {
      withinMs: DEADLINE_MS,
      until: (committed) => committed === acknowledged.length,
    });
    assert.equal((await younger.stop()).code, 0);
    assert.equal(joins(younger).length, 1, "nobody fights");
    const verdict = judge({
      acknowledged,
      handled: await recording.handled(),
      deadLettered: [],
      committed: watch.commits,
      faults: [{ from, to }],
    });
    assertNoViolation(verdict);
  },
);

function joins(service: Parameters<typeof logLines>[0]): readonly unknown[] {
  return logLines(service).filter(({ text }) => text === "Joined the group");
}
