import assert from "node:assert/strict";
import { Metadata } from "../../../src/kafka/metadata.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const BROKER = { id: 1, host: "broker-1", port: 9092 };
const NOBODY = -1;

/** A view of one partition, whose leader the test says. */
function bench(leader: number) {
  const clock = new ManualClock();
  const caller = new RecordingCaller();
  const partition = { errorCode: 0, partition: 0, leaderEpoch: 1, replicas: 1, inSync: 1 };
  const answerWith = (leader: number) => {
    const topic = { errorCode: 0, name: "t", id: null, operations: null };
    const topics = [{ ...topic, partitions: [{ ...partition, leader }] }];
    caller.answer = () => ({ throttleTimeMs: 0, brokers: [BROKER], controllerId: 1, topics });
  };
  answerWith(leader);
  const metadata = new Metadata({
    caller,
    clock,
    bootstrap: [BROKER],
    requestTimeoutMs: 1_000,
    maxAgeMs: 60_000,
    onChange() {},
    onUnreachable() {},
    onReachable() {},
  });
  metadata.track(["t"]);
  return { clock, caller, metadata, answerWith };
}

Deno.test("Metadata.keepFresh() looks each second while a partition has no leader, and by age when all have one", async () => {
  const { clock, caller, metadata, answerWith } = bench(NOBODY);
  const keeping = metadata.keepFresh();
  const looksIn = async (seconds: number) => {
    const before = caller.calls.length;
    for (let second = 0; second < seconds; second++) await clock.advance(1_000);
    return caller.calls.length - before;
  };
  await looksIn(5);
  const looks = await looksIn(10);
  assert.ok(looks >= 9, `${looks} looks in 10 s`);
  answerWith(BROKER.id);
  await looksIn(2);
  assert.equal(await looksIn(30), 0);
  metadata.stop();
  await keeping;
});
