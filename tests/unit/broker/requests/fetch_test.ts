import assert from "node:assert/strict";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import { FETCH } from "../../../../src/broker/requests/fetch.ts";
import { Asked } from "../../../support/broker_group.ts";
import { batchOfSize, BrokerFixture } from "../../../support/broker_fixture.ts";
import { controlBatch, encodeBatch } from "../../../support/record_batches.ts";

type FetchRequest = Parameters<typeof FETCH.handle>[0];
type FetchAnswer = NonNullable<Awaited<ReturnType<typeof FETCH.handle>>>;
type AskedPartition = FetchRequest["topics"][number]["partitions"][number];

const TOPIC = "events";
const BATCH_BYTES = 1_000;
const VERSION = 11;

function askFor(
  partitions: readonly Partial<AskedPartition>[],
  limits: Partial<Omit<FetchRequest, "topics">> = {},
): FetchRequest {
  return {
    replicaId: -1,
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    forgottenTopics: [],
    rackId: "",
    ...limits,
    topics: [{
      topic: TOPIC,
      partitions: partitions.map((asked) => ({
        partition: 0,
        currentLeaderEpoch: -1,
        fetchOffset: 0,
        lastFetchedEpoch: -1,
        logStartOffset: -1,
        partitionMaxBytes: 1_000_000,
        ...asked,
      })),
    }],
  };
}

/** A topic of three partitions; the numbers say how many batches of one message of 1000 bytes each has. */
async function brokerWith(...counts: readonly number[]): Promise<BrokerFixture> {
  const fixture = new BrokerFixture({ nodes: 2 });
  fixture.cluster.topics.create({ name: TOPIC, assignments: [[0], [0], [0]], ...DEFAULTS });
  for (const [index, count] of counts.entries()) {
    for (let i = 0; i < count; i++) await append(fixture, index);
  }
  return fixture;
}

const DEFAULTS = { partitions: null, replicationFactor: null };

async function append(fixture: BrokerFixture, index = 0): Promise<void> {
  const partition = fixture.cluster.topics.partition(TOPIC, index);
  partition?.append(await batchOfSize(BATCH_BYTES));
}

async function fetch(fixture: BrokerFixture, request: FetchRequest): Promise<Asked<FetchAnswer>> {
  const answer = Promise.resolve(FETCH.handle(request, fixture.call(VERSION)));
  const asked = new Asked(answer.then((fetched) => fetched ?? assert.fail()));
  await fixture.clock.settle();
  return asked;
}

async function fetched(fixture: BrokerFixture, request: FetchRequest): Promise<FetchAnswer> {
  return (await fetch(fixture, request)).answer;
}

/** Bytes of the batches of each partition. */
function sizes({ topics }: FetchAnswer): readonly (readonly number[])[] {
  const partitions = topics.flatMap((topic) => topic.partitions);
  return partitions.map(({ records }) => records.map(({ length }) => length));
}

function errors({ topics }: FetchAnswer): readonly number[] {
  return topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
}

Deno.test("Fetch brings the first batch whole, however small the limits are", async () => {
  const fixture = await brokerWith(2, 2);
  const both = [{ partition: 0 }, { partition: 1 }];
  const tight = both.map((asked) => ({ ...asked, partitionMaxBytes: 10 }));
  assert.deepEqual(sizes(await fetched(fixture, askFor(tight))), [[BATCH_BYTES], []]);
  assert.deepEqual(sizes(await fetched(fixture, askFor(both, { maxBytes: 10 }))), [
    [BATCH_BYTES],
    [],
  ]);
});

Deno.test("Fetch brings the first batch whole of the first partition that has one", async () => {
  const fixture = await brokerWith(0, 2);
  const tight = [0, 1].map((partition) => ({ partition, partitionMaxBytes: 10 }));
  assert.deepEqual(sizes(await fetched(fixture, askFor(tight))), [[], [BATCH_BYTES]]);
});

Deno.test("Fetch stays within the limits for a partition and for all", async () => {
  const fixture = await brokerWith(3, 3, 3);
  const all = [0, 1, 2].map((partition) => ({ partition, partitionMaxBytes: 2_500 }));
  assert.deepEqual(sizes(await fetched(fixture, askFor(all))), [
    [1000, 1000, 500],
    [1000, 1000, 500],
    [1000, 1000, 500],
  ]);
  assert.deepEqual(sizes(await fetched(fixture, askFor(all, { maxBytes: 4_000 }))), [
    [1000, 1000, 500],
    [1000, 500],
    [],
  ]);
});

Deno.test("Fetch waits for enough bytes, no longer than it was told", async () => {
  const fixture = await brokerWith(1);
  const asked = await fetch(fixture, askFor([{}], { minBytes: 2_500 }));
  await append(fixture);
  await fixture.clock.advance(499);
  assert.ok(asked.isWaiting);
  await fixture.clock.advance(1);
  assert.deepEqual(sizes(asked.answer), [[1000, 1000]]);

  const lucky = await fetch(fixture, askFor([{}], { minBytes: 2_500 }));
  await append(fixture);
  await fixture.clock.settle();
  assert.deepEqual(sizes(lucky.answer), [[1000, 1000, 1000]]);
  assert.equal(fixture.clock.pending, 0);
});

Deno.test("Fetch waits on one timer and on no loop, and on nothing once its connection is closed", async () => {
  const fixture = await brokerWith(0, 0, 0);
  const all = [0, 1, 2].map((partition) => ({ partition }));
  const asked = await fetch(fixture, askFor(all, { maxWaitMs: 3_600_000 }));
  assert.equal(fixture.clock.pending, 1);
  assert.equal(fixture.clock.nextInMs, 3_600_000);
  await fixture.clock.advance(60_000);
  assert.equal(fixture.clock.nextInMs, 3_540_000);
  fixture.closeConnection();
  await fixture.clock.settle();
  assert.equal(asked.isWaiting, false);
  assert.equal(fixture.clock.pending, 0);
});

Deno.test("Fetch that waits ends when a leader moves or the topic is deleted", async () => {
  const fixture = await brokerWith(0, 0);
  const moved = await fetch(fixture, askFor([{ partition: 0 }, { partition: 1 }]));
  fixture.cluster.topics.partition(TOPIC, 1)?.lead(1);
  await fixture.clock.settle();
  assert.deepEqual(errors(moved.answer), [ERROR.NONE, ERROR.NOT_LEADER_OR_FOLLOWER]);
  const deleted = await fetch(fixture, askFor([{ partition: 0 }]));
  fixture.cluster.deleteTopic(TOPIC);
  await fixture.clock.settle();
  assert.deepEqual(errors(deleted.answer), [ERROR.UNKNOWN_TOPIC_OR_PARTITION]);
});

Deno.test("Fetch answers at once what it cannot do", async () => {
  const fixture = await brokerWith(1);
  const partition = fixture.cluster.topics.partition(TOPIC, 0);
  partition?.lead(1);
  partition?.lead(0);
  await append(fixture);
  partition?.log.deleteBefore(1);
  const codeOf = async (asked: Partial<AskedPartition>) =>
    errors(await fetched(fixture, askFor([{ fetchOffset: 1, ...asked }])))[0];
  assert.equal(await codeOf({}), ERROR.NONE);
  assert.equal(await codeOf({ fetchOffset: 0 }), ERROR.OFFSET_OUT_OF_RANGE);
  assert.equal(await codeOf({ fetchOffset: 3 }), ERROR.OFFSET_OUT_OF_RANGE);
  assert.equal(await codeOf({ currentLeaderEpoch: 1 }), ERROR.FENCED_LEADER_EPOCH);
  assert.equal(await codeOf({ currentLeaderEpoch: 2 }), ERROR.NONE);
  assert.equal(await codeOf({ currentLeaderEpoch: 3 }), ERROR.UNKNOWN_LEADER_EPOCH);
  assert.equal(await codeOf({ partition: 9 }), ERROR.UNKNOWN_TOPIC_OR_PARTITION);
});

Deno.test("Fetch hides from a reader of committed records what is not decided", async () => {
  const fixture = new BrokerFixture();
  fixture.createTopic(TOPIC);
  const open = { records: [{ value: "v" }], isTransactional: true, producerId: 1n };
  for (const batch of [open, controlBatch(1n, "abort"), { ...open, producerId: 2n }]) {
    fixture.append(TOPIC, await encodeBatch(batch));
  }
  const partitionOf = ({ topics }: FetchAnswer) => topics[0]?.partitions[0] ?? assert.fail();
  const isolated = partitionOf(await fetched(fixture, askFor([{}], { isolationLevel: 1 })));
  assert.deepEqual([isolated.highWatermark, isolated.lastStableOffset], [3, 2]);
  assert.equal(isolated.records.length, 2);
  assert.deepEqual(isolated.abortedTransactions, [{ producerId: 1, firstOffset: 0 }]);
  const everything = partitionOf(await fetched(fixture, askFor([{}])));
  assert.deepEqual([everything.records.length, everything.abortedTransactions], [3, null]);
});

Deno.test("Fetch gives out no session and knows none", async () => {
  const fixture = await brokerWith(1);
  const answer = await fetched(fixture, askFor([{}], { sessionId: 5, sessionEpoch: 1 }));
  assert.deepEqual([answer.errorCode, answer.topics], [ERROR.FETCH_SESSION_ID_NOT_FOUND, []]);
  assert.equal((await fetched(fixture, askFor([{}], { sessionEpoch: 0 }))).sessionId, 0);
});
