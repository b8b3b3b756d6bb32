import assert from "node:assert/strict";
import { LATE_COMMIT_MS, REFRESH_MS } from "../../../src/kafka/committer.ts";
import { ERROR_CODE } from "../../../src/kafka/error_codes.ts";
import { UnsupportedBrokerError } from "../../../src/kafka/handshake.ts";
import { newDecoder } from "../../../src/kafka/kafkajs.ts";
import type { BrokerAddress } from "../../../src/kafka/protocol.ts";
import { BROKER, CommitBench, OTHER } from "../../support/commit_bench.ts";
import { readCommit } from "../../support/recording_caller.ts";

Deno.test("Committer.commit() sends what moved, in the name of the generation, and notes the acknowledgement", async () => {
  const bench = new CommitBench();
  bench.done[1] = 42;
  await bench.committer.commit();
  const [call] = bench.caller.calls;
  assert.ok(call);
  assert.deepEqual([call.to, call.purpose, call.deadlineMs], [BROKER, "commit", 7_000]);
  assert.deepEqual(await readCommit(call), {
    groupId: "group",
    generationId: 7,
    memberId: "member",
    groupInstanceId: null,
    entries: [{ topic: "t", partition: 1, offset: 42, leaderEpoch: 3, metadata: "about 1" }],
  });
  assert.equal(bench.partitions[1]?.committed, 42);
  assert.deepEqual(bench.committed, [{ partitions: 1, messages: 42, durationMs: 0 }]);
  await bench.committer.commit();
  assert.equal(bench.caller.calls.length, 1, "nothing moved, nothing is sent");
});

Deno.test("Committer.commit() has one commit in flight, and takes its snapshot when it starts", async () => {
  const bench = new CommitBench();
  const gate = Promise.withResolvers<void>();
  bench.caller.answer = () => gate.promise.then(() => bench.answer());
  bench.done[0] = 1;
  const first = bench.committer.commit();
  bench.done[0] = 2;
  assert.equal(bench.committer.commit(), first);
  await bench.clock.settle();
  bench.committer.onProgress(1_000);
  await bench.clock.settle();
  assert.deepEqual(await bench.sent(), ["0@1"]);
  gate.resolve();
  await first;
  await bench.committer.commit();
  assert.deepEqual(await bench.sent(), ["0@1", "0@2"]);
});

Deno.test("Committer commits again after an unknown outcome, at a coordinator that was looked up anew", async () => {
  const bench = new CommitBench();
  bench.done[0] = 5;
  bench.caller.answer = () => Promise.reject(new Error("The connection was lost"));
  await bench.committer.commit();
  assert.equal(bench.partitions[0]?.committed, null);
  assert.deepEqual(bench.failed, [{ reason: "The connection was lost", code: null }]);
  assert.equal(bench.coordinator.current, null);
  bench.lookUp = () => Promise.resolve(OTHER);
  bench.caller.answer = () => bench.answer();
  await bench.committer.commit();
  assert.deepEqual(await bench.sent(), ["0@5", "0@5 1@0"]);
  assert.deepEqual(bench.caller.calls.map(({ to }) => to), [BROKER, OTHER]);
  assert.equal(bench.partitions[0]?.committed, 5);
});

Deno.test("Committer goes on committing what stands still while a commit that it gave up may land", async () => {
  const bench = new CommitBench();
  bench.done[0] = 5;
  bench.caller.answer = () => Promise.reject(new Error("No answer"));
  await bench.committer.commit();
  bench.caller.answer = () => bench.answer();
  for (const passedMs of [1, LATE_COMMIT_MS - 2, 1]) {
    bench.clock.pass(passedMs);
    await bench.committer.commit();
  }
  const all = "0@5 1@0";
  assert.deepEqual((await bench.sent()).slice(1), [all, all]);
});

Deno.test("Committer sends nothing for a generation that ended while the coordinator was looked for", async () => {
  const bench = new CommitBench();
  const found = Promise.withResolvers<BrokerAddress>();
  bench.lookUp = () => found.promise;
  bench.done[0] = 5;
  const committing = bench.committer.commit();
  bench.generation.end();
  found.resolve(BROKER);
  await committing;
  assert.deepEqual(bench.caller.calls, []);
  assert.deepEqual(bench.failed, [{ reason: "the generation ended", code: null }]);
  assert.equal(bench.partitions[0]?.committed, 0);
});

Deno.test("Committer.commit() does nothing without a generation that holds", async () => {
  const without = new CommitBench({ generation: () => null });
  without.done[0] = 5;
  await without.committer.commit();
  const ended = new CommitBench();
  ended.done[0] = 5;
  ended.generation.end();
  await ended.committer.commit();
  assert.deepEqual([without.caller.calls, ended.caller.calls], [[], []]);
  assert.deepEqual([without.failed, ended.failed], [[], []], "that is no failure");
});

Deno.test("Committer commits in a rebalance, until the generation ends", async () => {
  const bench = new CommitBench();
  bench.generation.startRebalance();
  bench.done[0] = 5;
  await bench.committer.commit();
  assert.deepEqual(await bench.sent(), ["0@5"]);
});

Deno.test("Committer ends quietly when no coordinator is found any more", async () => {
  const bench = new CommitBench();
  bench.lookUp = () => Promise.reject(new Error("No broker"));
  bench.done[0] = 5;
  const committing = bench.committer.commit();
  await bench.clock.advance(1_000);
  bench.coordinator.stop();
  await committing;
  assert.deepEqual([bench.caller.calls, bench.failed, bench.clock.pending], [[], [], 0]);
});

Deno.test("Committer commits by count, which starts anew with each commit", async () => {
  const bench = new CommitBench({ maxMessages: 10 });
  const finish = async (messages: number) => {
    bench.done[0] = (bench.done[0] ?? 0) + messages;
    bench.committer.onProgress(messages);
    await bench.clock.settle();
  };
  await finish(9);
  assert.deepEqual(await bench.sent(), []);
  await finish(1);
  await finish(9);
  assert.deepEqual(await bench.sent(), ["0@10"]);
  await finish(1);
  assert.deepEqual(await bench.sent(), ["0@10", "0@20"]);
});

Deno.test("Committer commits by count again as soon as the commit in flight has ended", async () => {
  const bench = new CommitBench({ maxMessages: 10 });
  const gate = Promise.withResolvers<void>();
  bench.caller.answer = () => gate.promise.then(() => bench.answer());
  const finishInOneSlice = (messages: number) => {
    for (let left = messages; left > 0; left--) {
      bench.done[0] = (bench.done[0] ?? 0) + 1;
      bench.committer.onProgress(1);
    }
  };
  finishInOneSlice(35);
  await bench.clock.settle();
  assert.deepEqual(await bench.sent(), ["0@10"]);
  gate.resolve();
  await bench.clock.settle();
  assert.deepEqual(await bench.sent(), ["0@10", "0@35"]);
  assert.equal(bench.clock.pending, 0, "no timer was needed");
});

Deno.test("Committer commits what stands still again before brokers forget it", async () => {
  const bench = new CommitBench();
  bench.committer.start();
  bench.done[0] = 1;
  await bench.clock.advance(REFRESH_MS);
  assert.deepEqual(await bench.sent(), ["0@1", "0@1 1@0"]);
  await bench.clock.advance(REFRESH_MS - 5_000);
  assert.equal(bench.caller.calls.length, 2);
  await bench.clock.advance(5_000);
  assert.deepEqual(await bench.sent(), ["0@1", "0@1 1@0", "0@1 1@0"]);
  bench.committer.stop();
});

Deno.test("Committer commits by time, only what moved, until it is stopped", async () => {
  const bench = new CommitBench();
  bench.committer.start();
  bench.done[0] = 1;
  await bench.clock.advance(4_999);
  assert.deepEqual(await bench.sent(), []);
  await bench.clock.advance(1);
  assert.deepEqual(await bench.sent(), ["0@1"]);
  await bench.clock.advance(10_000);
  assert.deepEqual(await bench.sent(), ["0@1"]);
  bench.done[1] = 2;
  await bench.clock.advance(5_000);
  assert.deepEqual(await bench.sent(), ["0@1", "1@2"]);
  bench.committer.stop();
  assert.equal(bench.clock.pending, 0);
});

Deno.test("Committer commits as soon as the commit in flight has ended, if it was time meanwhile", async () => {
  const bench = new CommitBench();
  const gate = Promise.withResolvers<void>();
  bench.caller.answer = () => gate.promise.then(() => bench.answer());
  bench.committer.start();
  bench.done[0] = 1;
  await bench.clock.advance(5_000);
  bench.done[0] = 2;
  await bench.clock.advance(5_001);
  assert.deepEqual(await bench.sent(), ["0@1"]);
  gate.resolve();
  await bench.clock.settle();
  assert.deepEqual(await bench.sent(), ["0@1", "0@2"]);
  bench.done[0] = 3;
  await bench.clock.settle();
  assert.deepEqual(await bench.sent(), ["0@1", "0@2"], "once");
  bench.committer.stop();
});

Deno.test("Committer never commits with ENABLE_AUTO_COMMIT=false", async () => {
  const bench = new CommitBench({ enabled: false, maxMessages: 1 });
  bench.committer.start();
  bench.done[0] = 5;
  bench.committer.onProgress(5);
  await bench.committer.commit();
  await bench.clock.advance(60_000);
  assert.deepEqual([bench.caller.calls, bench.clock.pending], [[], 0]);
});

const CODES: readonly {
  readonly code: number;
  readonly reason: string;
  readonly isDoubted: boolean;
}[] = [
  { code: ERROR_CODE.NOT_COORDINATOR, reason: "NOT_COORDINATOR (16)", isDoubted: true },
  {
    code: ERROR_CODE.COORDINATOR_NOT_AVAILABLE,
    reason: "COORDINATOR_NOT_AVAILABLE (15)",
    isDoubted: true,
  },
  {
    code: ERROR_CODE.COORDINATOR_LOAD_IN_PROGRESS,
    reason: "COORDINATOR_LOAD_IN_PROGRESS (14)",
    isDoubted: false,
  },
  {
    code: ERROR_CODE.REBALANCE_IN_PROGRESS,
    reason: "REBALANCE_IN_PROGRESS (27)",
    isDoubted: false,
  },
  { code: ERROR_CODE.ILLEGAL_GENERATION, reason: "ILLEGAL_GENERATION (22)", isDoubted: false },
  { code: ERROR_CODE.UNKNOWN_MEMBER_ID, reason: "UNKNOWN_MEMBER_ID (25)", isDoubted: false },
];

for (const { code, reason, isDoubted } of CODES) {
  Deno.test(`Committer takes ${reason} for one partition alone, and leaves membership be`, async () => {
    const bench = new CommitBench();
    bench.done.splice(0, 2, 5, 6);
    bench.caller.answer = () => bench.answer(code, 0);
    await bench.committer.commit();
    assert.deepEqual(bench.partitions.map(({ committed }) => committed), [0, 6]);
    assert.deepEqual(bench.committed, [{ partitions: 1, messages: 6, durationMs: 0 }]);
    assert.deepEqual(bench.failed, [{ reason, code }]);
    assert.equal(bench.coordinator.current === null, isDoubted);
    assert.equal(bench.generation.holds, true);
    bench.caller.answer = () => bench.answer();
    await bench.committer.commit();
    assert.deepEqual(await bench.sent(), ["0@5 1@6", "0@5"]);
  });
}

Deno.test("Committer takes a partition that the answer leaves out as not committed", async () => {
  const bench = new CommitBench();
  bench.done.splice(0, 2, 5, 6);
  bench.caller.answer = () => ({
    throttleTimeMs: 0,
    partitions: [{ topic: "t", partition: 0, errorCode: 0 }],
  });
  await bench.committer.commit();
  assert.deepEqual(bench.partitions.map(({ committed }) => committed), [5, 0]);
  assert.deepEqual(bench.failed, [{ reason: "UNKNOWN_SERVER_ERROR (-1)", code: -1 }]);
});

Deno.test("Committer goes on with what goes beside the offset where that must not be lost", async () => {
  for (const needsMetadata of [false, true]) {
    const bench = new CommitBench({ needsMetadata });
    bench.done[0] = 5;
    const code = ERROR_CODE.OFFSET_METADATA_TOO_LARGE;
    bench.caller.answer = () => bench.answer(code);
    await bench.committer.commit();
    assert.equal(bench.failed[0]?.code, code);
    bench.caller.answer = () => bench.answer();
    await bench.committer.commit();
    const [, again] = bench.caller.calls;
    assert.ok(again);
    const { entries: [entry] } = await readCommit(again);
    assert.equal(entry?.metadata, needsMetadata ? "about 0" : null);
  }
});

Deno.test("Committer asks brokers to keep what is committed, and goes on without where they do not know how", async () => {
  const keepMs = 315_360_000_000;
  const bench = new CommitBench({ keepMs });
  bench.done[0] = 5;
  bench.caller.answer = () => Promise.reject(new UnsupportedBrokerError("No version 4"));
  await bench.committer.commit();
  bench.caller.answer = () => bench.answer();
  await bench.committer.commit();
  const [lasting, ordinary] = bench.caller.calls;
  assert.ok(lasting && ordinary);
  assert.deepEqual([lasting.request.minVersion, lasting.request.maxVersion], [4, 4]);
  const decoder = newDecoder((await lasting.request.encode(4).encode()).buffer);
  const head = [decoder.readString(), decoder.readInt32(), decoder.readString()];
  assert.deepEqual(head, ["group", 7, "member"]);
  assert.equal(Number(decoder.readInt64().toString()), keepMs);
  const topics = decoder.readArray(() => [
    decoder.readString(),
    ...decoder.readArray(() => [
      decoder.readInt32(),
      Number(decoder.readInt64().toString()),
      decoder.readString(),
    ]),
  ]);
  assert.deepEqual(topics, [["t", [0, 5, "about 0"]]]);
  assert.equal(ordinary.request.maxVersion, 7);
  assert.equal(bench.partitions[0]?.committed, 5);
});
