import assert from "node:assert/strict";
import { LogEnds } from "../../../src/kafka/log_ends.ts";
import { Partition } from "../../../src/processing/partition.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const LEADER = { broker: { id: 1, host: "kafka", port: 9092 }, leaderEpoch: 3 };
const LIMITS = { windowMessages: 10, windowBytes: 1_000, breaker: null };

function bench() {
  const clock = new ManualClock();
  const caller = new RecordingCaller();
  const partitions = [0, 1].map((partition) =>
    new Partition({ topic: "events", partition }, { position: 0, leaderEpoch: -1 }, LIMITS)
  );
  const fetched = new Map<Partition, { logStart: number; logEnd: number }>();
  const ends = new LogEnds({
    caller,
    clock,
    metadata: { leader: () => LEADER },
    requestTimeoutMs: 1_000,
    fetched: (partition) => fetched.get(partition) ?? null,
    maxAgeMs: 5_000,
  });
  const [first, second] = partitions as [Partition, Partition];
  return { clock, caller, ends, fetched, partitions, first, second };
}

function answer(offset: number, errorCode = 0) {
  return () => ({
    offsets: [0, 1].map((partition) => {
      return { topic: "events", partition, errorCode, offset, timestamp: -1 };
    }),
  });
}

Deno.test("LogEnds takes what fetches tell, and asks for nothing that is fresh", async () => {
  const { clock, caller, ends, fetched, partitions, first } = bench();
  for (let second = 0; second < 20; second++) {
    for (const partition of partitions) fetched.set(partition, { logStart: 1, logEnd: second });
    ends.look(partitions);
    await clock.advance(1_000);
  }
  assert.equal(caller.calls.length, 0);
  const { logStart, logEnd, seenAt = 0 } = ends.of(first) ?? {};
  assert.deepEqual([logStart, logEnd, clock.now() - seenAt], [1, 19, 1_000]);
});

Deno.test("LogEnds asks for what fetches have not told for a while, one question at a time", async () => {
  const { clock, caller, ends, fetched, partitions, first, second } = bench();
  fetched.set(first, { logStart: 0, logEnd: 3 });
  caller.answer = answer(9);
  ends.look(partitions); // the second is not known at all
  ends.look(partitions);
  await clock.advance(0);
  assert.equal(caller.calls.length, 2, "the end and the start, once");
  assert.deepEqual([ends.of(first)?.logEnd, ends.of(second)?.logEnd], [3, 9]);
  await clock.advance(5_000);
  ends.look(partitions);
  await clock.advance(0);
  assert.equal(ends.of(first)?.logEnd, 9);
});

Deno.test("LogEnds keeps what it knew, and its age, when there is no answer", async () => {
  const { clock, caller, ends, partitions, first } = bench();
  caller.answer = answer(9);
  ends.look(partitions);
  await clock.advance(6_000);
  for (const bad of [answer(5, 6), () => Promise.reject(new Error("away"))]) {
    caller.answer = bad;
    ends.look(partitions);
    await clock.advance(1_000);
  }
  const { logEnd, seenAt = 0 } = ends.of(first) ?? {};
  assert.deepEqual([logEnd, clock.now() - seenAt], [9, 8_000]);
});
