import assert from "node:assert/strict";
import { DeadLetterDepths } from "../../../src/kafka/dead_letter_depth.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const LEADER = { broker: { id: 1, host: "kafka", port: 9092 }, leaderEpoch: 3 };

function bench(partitions: readonly number[]) {
  const clock = new ManualClock();
  const caller = new RecordingCaller();
  const depths = new DeadLetterDepths({
    caller,
    clock,
    metadata: { leader: () => LEADER, partitionsOf: () => partitions },
    requestTimeoutMs: 1_000,
    topics: ["events.dlq"],
  });
  return { clock, caller, depths };
}

/** First offset with its timestamp, or where the log ends: as they are asked in turn. */
function answers(
  caller: RecordingCaller,
  first: readonly (readonly [offset: number, timestamp: number])[],
  ends: readonly number[],
): void {
  let asked = 0;
  caller.answer = () => {
    asked += 1;
    const listed = asked % 2 === 1
      ? first.map(([offset, timestamp], partition) => ({ partition, offset, timestamp }))
      : ends.map((offset, partition) => ({ partition, offset, timestamp: -1 }));
    return { offsets: listed.map((each) => ({ topic: "events.dlq", errorCode: 0, ...each })) };
  };
}

Deno.test("DeadLetterDepths counts what lies in all partitions, and tells the oldest", async () => {
  const { clock, caller, depths } = bench([0, 1, 2]);
  answers(caller, [[5, 9_000], [-1, -1], [0, 4_000]], [8, 3, 2]);
  depths.look();
  await clock.advance(0);
  assert.deepEqual(depths.all, [{ topic: "events.dlq", depth: 5, oldestAt: 4_000 }]);
});

Deno.test("DeadLetterDepths tells 0 of an empty topic, and nothing of one that it does not know", async () => {
  const empty = bench([0]);
  answers(empty.caller, [[-1, -1]], [7]);
  empty.depths.look();
  await empty.clock.advance(0);
  assert.deepEqual(empty.depths.all, [{ topic: "events.dlq", depth: 0, oldestAt: null }]);
  const missing = bench([]);
  missing.depths.look();
  await missing.clock.advance(0);
  assert.deepEqual(missing.depths.all, []);
});

Deno.test("DeadLetterDepths asks each 30 s, and keeps what it knew when there is no answer", async () => {
  const { clock, caller, depths } = bench([0]);
  answers(caller, [[0, 1_000]], [2]);
  for (let second = 0; second < 30; second++) {
    depths.look();
    await clock.advance(1_000);
  }
  assert.equal(caller.calls.length, 2);
  caller.answer = () => Promise.reject(new Error("away"));
  depths.look();
  await clock.advance(0);
  assert.equal(depths.all[0]?.depth, 2);
});

Deno.test("DeadLetterDepths asks again after 2 s when the leaders were not known yet", async () => {
  const partitions: number[] = [];
  const { clock, caller, depths } = bench(partitions);
  answers(caller, [[0, 1_000]], [2]);
  depths.look();
  await clock.advance(0);
  partitions.push(0);
  await clock.advance(1_999);
  depths.look();
  await clock.advance(0);
  assert.equal(depths.all.length, 0);
  await clock.advance(1);
  depths.look();
  await clock.advance(0);
  assert.equal(depths.all[0]?.depth, 2);
});
