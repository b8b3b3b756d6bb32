/** A process that was frozen until its partitions were given away does nothing with them when it wakes. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { Load } from "../support/load.ts";
import { assertNoViolation, type Handled, judge } from "../support/oracle.ts";
import { CommitWatch, Recording } from "../support/recording.ts";
import { finalCounts } from "../support/service.ts";

const PARTITIONS = 4;
const SESSION_MS = 2_000;
const CONCURRENCY = 8;
const COMMIT_INTERVAL_MS = 200;
const HANDLER_MS = 20;
/** In flight, and done since the last commit, when it was frozen; that commit may have been under way for as long. */
const DUPLICATES_MAX = CONCURRENCY + 2 * CONCURRENCY * COMMIT_INTERVAL_MS / HANDLER_MS;
/** A process can be frozen between its last look at the lease and the call of the handler. */
const BETWEEN_LOOK_AND_CALL_MAX = 1;
const DEADLINE_MS = 40_000;

kafkaTest(
  "a frozen process starts nothing, when it wakes, that its successor has started",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await using recording = await Recording.start();
    await using watch = new CommitWatch(kafka, { group, topic });
    const target = { topic, partitions: PARTITIONS, users: 200 };
    const keeping = { watch, backlog: 1_000, backlogMs: DEADLINE_MS };
    await using load = new Load(kafka, { ...target, ...keeping });
    const start = () =>
      recording.startService(kafka, {
        topic,
        group,
        settings: {
          SESSION_TIMEOUT_MS: String(SESSION_MS),
          HEARTBEAT_INTERVAL_MS: String(SESSION_MS / 5),
          AUTO_COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
          CONCURRENCY: String(CONCURRENCY),
        },
        plan: { minMs: HANDLER_MS, maxMs: HANDLER_MS },
      });
    await using frozen = await start();
    await using successor = await start();
    await recording.untilDone(100, { process: "p1", withinMs: DEADLINE_MS });
    await recording.untilDone(100, { process: "p2", withinMs: DEADLINE_MS });

    const from = Date.now();
    frozen.signal("SIGSTOP");
    const taken = () => kafka.describeGroup(group).then(({ members }) => members.length);
    await eventually("it is no member", taken, {
      withinMs: DEADLINE_MS,
      until: (members) => members === 1,
    });
    const p2 = (await recording.of("p2")).length;
    await recording.untilStarted(p2 + 100, { process: "p2", withinMs: DEADLINE_MS });
    const wokenAt = Date.now();
    frozen.signal("SIGCONT");
    await eventually("it is a member again", taken, {
      withinMs: DEADLINE_MS,
      until: (members) => members === 2,
    });
    const acknowledged = await load.finish();
    await eventually("all is committed", () => watch.sum, {
      withinMs: DEADLINE_MS,
      until: (committed) => committed === acknowledged.length,
    });
    const exits = await Promise.all([frozen.stop(), successor.stop()]);
    assert.deepEqual(exits.map(({ code }) => code), [0, 0]);

    const handled = await recording.handled();
    const isStartIn =
      (process: string, [first, last]: readonly [number, number]) => (each: Handled) =>
        each.process === process && each.kind === "start" && first <= each.at && each.at <= last;
    const place = ({ partition, offset }: Handled) => `${partition}@${offset}`;
    const takenOver = new Set(handled.filter(isStartIn("p2", [from, wokenAt])).map(place));
    const again = handled.filter(isStartIn("p1", [wokenAt, Infinity])).map(place);
    const twice = again.filter((each) => takenOver.has(each));
    assert.ok(twice.length <= BETWEEN_LOOK_AND_CALL_MAX, twice.join(", "));

    const faults = [{ from, to: wokenAt + SESSION_MS }];
    const committed = watch.commits;
    const verdict = judge({ acknowledged, handled, deadLettered: [], committed, faults });
    console.log(`${acknowledged.length} messages, ${verdict.duplicates} duplicates`);
    assertNoViolation(verdict);
    assert.ok(verdict.duplicates <= DUPLICATES_MAX, `${verdict.duplicates} duplicates`);
    assert.ok(Number(finalCounts(frozen)["rebalances"]) > 1);
  },
);
