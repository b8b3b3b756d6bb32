/** After a SIGKILL nothing is lost, and what was done above a stuck message is not done again. */
import assert from "node:assert/strict";
import { parseCommitMetadata } from "../../src/kafka/commit_metadata.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { Recording } from "../support/recording.ts";

const COUNT = 400;
const USERS = 20;
const SLOW_MS = 600_000;
const WITHIN_MS = 30_000;

kafkaTest(
  "after a SIGKILL what was done above a stuck message is not done again",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const all = events({ seed: 7, count: COUNT, users: USERS });
    const [first] = all;
    assert.ok(first);
    const messages = all.map(({ key, value }) => ({ partition: 0, key, value }));
    await kafka.produce(topic, messages);
    const stuck = all.filter(({ key }) => key === first.key).length;

    await using recording = await Recording.start();
    const settings = { SESSION_TIMEOUT_MS: "6000", AUTO_COMMIT_INTERVAL_MS: "200" };
    const plan = { slowKeys: { [first.key]: SLOW_MS } };
    await using killed = await recording.startService(kafka, { topic, group, settings, plan });
    await recording.untilDone(COUNT - stuck, { process: "p1", withinMs: WITHIN_MS });
    const doneAbove = async () => {
      const [text = null] = await kafka.committedMetadata(group, topic);
      const { done } = parseCommitMetadata(text, 0);
      return done.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    };
    await eventually("what is done above is committed", doneAbove, {
      withinMs: WITHIN_MS,
      until: (count) => count === COUNT - stuck,
    });
    killed.signal("SIGKILL");
    await killed.waitForExit(WITHIN_MS);

    await using successor = await recording.startService(kafka, { topic, group, settings });
    await recording.untilDone(stuck, { process: "p2", withinMs: WITHIN_MS });
    await eventually("everything is committed", () => kafka.committed(group, topic), {
      withinMs: WITHIN_MS,
      until: ([offset]) => offset === COUNT,
    });
    assert.equal((await successor.stop()).code, 0);
    const again = (await recording.of("p2")).filter(({ kind }) => kind === "start");
    assert.equal(again.length, stuck);
  },
);
