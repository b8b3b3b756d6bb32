import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ERROR } from "../../../src/broker/error_codes.ts";
import { Faults } from "../../../src/broker/faults.ts";
import { OFFSET_COMMIT, OFFSET_FETCH } from "../../../src/broker/requests/commits.ts";
import { FETCH } from "../../../src/broker/requests/fetch.ts";
import { LIST_OFFSETS } from "../../../src/broker/requests/log_offsets.ts";
import { HEARTBEAT } from "../../../src/broker/requests/membership.ts";
import { METADATA } from "../../../src/broker/requests/metadata.ts";
import { BrokerDispatch } from "../../support/broker_dispatch.ts";
import { BrokerFixture } from "../../support/broker_fixture.ts";
import { encodeBatch } from "../../support/record_batches.ts";

const TOPIC = "events";
/** Node 0 coordinates it. */
const GROUP = "h";
const SECOND = { topic: TOPIC, partition: 1 };
/** Heartbeats go without a group: it is unknown, which is how an undisturbed answer looks here. */
const UNDISTURBED = ERROR.UNKNOWN_MEMBER_ID;
const { NOT_COORDINATOR, NOT_LEADER_OR_FOLLOWER, COORDINATOR_LOAD_IN_PROGRESS } = ERROR;

class FaultyBroker {
  readonly fixture = new BrokerFixture({ nodes: 2 });
  readonly connection = new BrokerDispatch(this.fixture.cluster);
  readonly faults: Faults;

  constructor(seed = 1) {
    this.fixture.createTopic(TOPIC, 2);
    const { cluster, clock } = this.fixture;
    const partitions = (topic: string) =>
      (cluster.topics.find(topic)?.partitions ?? []).map(
        ({ leader, leaderEpoch, replicas, log }) => {
          const { startOffset, endOffset } = log;
          return { leader, leaderEpoch, replicas, startOffset, endOffset };
        },
      );
    const intercept = this.connection.intercept.bind(this.connection);
    this.faults = new Faults({ intercept, partitions }, { seed, clock });
  }

  async heartbeat(on: { nodeId?: number; connectionId?: number } = {}): Promise<number> {
    return (await this.connection.ask(heartbeat(), on)).errorCode;
  }

  async heartbeats(count: number): Promise<number[]> {
    const codes: number[] = [];
    for (let left = count; left > 0; left--) codes.push(await this.heartbeat());
    return codes;
  }
}

function heartbeat() {
  const body = { groupId: GROUP, generationId: 1, memberId: "m", groupInstanceId: null };
  return { api: HEARTBEAT, version: 3, body };
}

function commit(offset: number) {
  const partitions = [0, 1].map((partition) => ({
    partition,
    offset,
    leaderEpoch: -1,
    metadata: null,
  }));
  return {
    api: OFFSET_COMMIT,
    version: 7,
    body: {
      groupId: GROUP,
      generationId: -1,
      memberId: "",
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [{ name: TOPIC, partitions }],
    },
  };
}

async function committed({ connection }: FaultyBroker): Promise<number[]> {
  const topics = [{ name: TOPIC, partitions: [0, 1] }];
  const body = { groupId: GROUP, topics, requireStable: false };
  const answer = await connection.ask({ api: OFFSET_FETCH, version: 5, body });
  return answer.topics.flatMap(({ partitions }) => partitions.map(({ offset }) => offset));
}

function fetch() {
  return {
    api: FETCH,
    version: 10,
    body: {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{
        topic: TOPIC,
        partitions: [{
          partition: 0,
          currentLeaderEpoch: -1,
          fetchOffset: 0,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          partitionMaxBytes: 1_000_000,
        }],
      }],
      forgottenTopics: [],
      rackId: "",
    },
  };
}

function codesOf(answer: {
  readonly topics: readonly {
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}): Record<number, number> {
  const parts = answer.topics.flatMap(({ partitions }) => partitions);
  return Object.fromEntries(parts.map(({ partition, errorCode }) => [partition, errorCode]));
}

Deno.test("Faults.fail() refuses the next n of a kind, after so many went well", async () => {
  const broker = new FaultyBroker();
  const target = { api: "Heartbeat", after: 1, times: 2 } as const;
  const fault = broker.faults.fail(target, NOT_COORDINATOR);
  const expected = [UNDISTURBED, NOT_COORDINATOR, NOT_COORDINATOR, UNDISTURBED];
  assert.deepEqual(await broker.heartbeats(4), expected);
  assert.equal(fault.hits, 2);
});

Deno.test("Faults hit one node, one connection or one client, until they are lifted", async () => {
  const broker = new FaultyBroker();
  const onNode = broker.faults.fail({ node: 1 }, NOT_COORDINATOR);
  broker.faults.fail({ connection: 7 }, COORDINATOR_LOAD_IN_PROGRESS);
  broker.faults.fail({ clientId: "somebody else" }, ERROR.UNKNOWN_SERVER_ERROR);
  assert.equal(await broker.heartbeat(), UNDISTURBED);
  // A node that does not coordinate the group says so by itself: the fault tells by its hits.
  assert.equal(await broker.heartbeat({ nodeId: 1 }), NOT_COORDINATOR);
  assert.equal(onNode.hits, 1);
  assert.equal(await broker.heartbeat({ connectionId: 7 }), COORDINATOR_LOAD_IN_PROGRESS);
  broker.faults.liftAll();
  assert.equal(await broker.heartbeat({ connectionId: 7 }), UNDISTURBED);
});

Deno.test("Faults.fail() with a partition refuses that one alone, and serves the others", async () => {
  const broker = new FaultyBroker();
  broker.faults.fail({ api: "OffsetCommit", partition: SECOND }, NOT_COORDINATOR);
  const answer = await broker.connection.ask(commit(5));
  assert.deepEqual(codesOf(answer), { 0: ERROR.NONE, 1: NOT_COORDINATOR });
  assert.deepEqual(await committed(broker), [5, -1]);
});

Deno.test("Faults.fail() with a partition refuses the whole request when it has no other", async () => {
  const broker = new FaultyBroker();
  broker.faults.fail({ partition: SECOND }, NOT_LEADER_OR_FOLLOWER);
  const partitions = [{ partition: 1, currentLeaderEpoch: -1, timestamp: -1, maxNumOffsets: 1 }];
  const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: TOPIC, partitions }] };
  const answer = await broker.connection.ask({ api: LIST_OFFSETS, version: 3, body });
  assert.deepEqual(codesOf(answer), { 1: NOT_LEADER_OR_FOLLOWER });
});

Deno.test("Faults.failAfterwards() refuses what it has done", async () => {
  const broker = new FaultyBroker();
  broker.faults.failAfterwards({ api: "OffsetCommit" }, NOT_COORDINATOR);
  const answer = await broker.connection.ask(commit(5));
  assert.deepEqual(codesOf(answer), { 0: NOT_COORDINATOR, 1: NOT_COORDINATOR });
  assert.deepEqual(await committed(broker), [5, 5]);
});

Deno.test("Faults.cut() closes before or after the request is served", async () => {
  const broker = new FaultyBroker();
  const before = broker.faults.cut({ api: "OffsetCommit" });
  assert.deepEqual(await broker.connection.send(commit(5)), { kind: "cut" });
  assert.deepEqual(await committed(broker), [-1, -1]);
  before.lift();
  broker.faults.cut({ api: "OffsetCommit" }, "after");
  assert.deepEqual(await broker.connection.send(commit(5)), { kind: "cut" });
  assert.deepEqual(await committed(broker), [5, 5]);
});

Deno.test("Faults.truncate() sends the first bytes and nothing more", async () => {
  const broker = new FaultyBroker();
  const whole = await broker.connection.send(heartbeat());
  if (whole.kind !== "answer") assert.fail(whole.kind);
  broker.faults.truncate({}, 9);
  const part = await broker.connection.send(heartbeat());
  if (part.kind !== "last_words") assert.fail(part.kind);
  const bytes = Buffer.concat(whole.chunks).subarray(0, 9);
  assert.deepEqual(Buffer.concat(part.chunks), bytes);
});

Deno.test("Faults.delay() holds the request or the answer back for its time", async () => {
  for (const what of ["request", "answer"] as const) {
    const broker = new FaultyBroker();
    const { clock } = broker.fixture;
    broker.faults.delay({ api: "OffsetCommit" }, [200, 300], what);
    let answered = false;
    const answer = broker.connection.ask(commit(5)).then(() => answered = true);
    await clock.advance(199);
    assert.equal(answered, false);
    assert.deepEqual(await committed(broker), what === "request" ? [-1, -1] : [5, 5]);
    await clock.advance(101);
    await answer;
    assert.deepEqual(await committed(broker), [5, 5]);
    assert.equal(clock.pending, 0);
  }
});

Deno.test("Faults.freeze() takes requests and answers none until it is lifted", async () => {
  const broker = new FaultyBroker();
  const frozen = broker.faults.freeze({ node: 0 });
  let answered = false;
  const sent = broker.connection.send(commit(5)).then(() => answered = true);
  await broker.fixture.clock.advance(60_000);
  assert.equal(answered, false);
  frozen.lift();
  await sent;
  assert.deepEqual(await committed(broker), [5, 5]);
});

Deno.test("Faults.freeze() lets go of a client that went away, and does not serve it later", async () => {
  const broker = new FaultyBroker();
  const frozen = broker.faults.freeze({ api: "OffsetCommit" });
  const sent = broker.connection.send(commit(5));
  broker.connection.close();
  assert.deepEqual(await sent, { kind: "cut" });
  frozen.lift();
  assert.deepEqual(await committed(broker), [-1, -1]);
});

Deno.test("Faults.loseAnswer() does what it is asked and never says so", async () => {
  const broker = new FaultyBroker();
  const lost = broker.faults.loseAnswer({ api: "OffsetCommit" });
  let answered = false;
  const sent = broker.connection.send(commit(5)).then(() => answered = true);
  await broker.fixture.clock.advance(60_000);
  assert.equal(answered, false);
  assert.deepEqual(await committed(broker), [5, 5]);
  lost.lift();
  await sent;
});

Deno.test("Faults.throttle() tells clients to hold back", async () => {
  const broker = new FaultyBroker();
  broker.faults.throttle({ api: "Heartbeat", times: 1 }, 250);
  const times = [];
  for (let i = 0; i < 2; i++) times.push((await broker.connection.ask(heartbeat())).throttleTimeMs);
  assert.deepEqual(times, [250, 0]);
});

Deno.test("Faults.corrupt() flips one bit on the way and leaves the log as it is", async () => {
  const broker = new FaultyBroker();
  broker.fixture.append(TOPIC, await encodeBatch({ records: [{ value: "v" }] }));
  const records = async () => {
    const { topics } = await broker.connection.ask(fetch());
    return Buffer.concat(topics[0]?.partitions[0]?.records ?? []);
  };
  const right = await records();
  broker.faults.corrupt({ partition: { topic: TOPIC, partition: 0 }, times: 1 });
  const wrong = await records();
  const flipped = wrong.map((byte, at) => byte ^ (right[at] ?? 0)).filter((bits) => bits !== 0);
  assert.equal(flipped.length, 1);
  assert.ok(Number.isInteger(Math.log2(flipped[0] ?? 0)));
  assert.deepEqual(wrong.subarray(0, 21), right.subarray(0, 21));
  assert.deepEqual(await records(), right);
});

Deno.test("Faults.staleMetadata() keeps to the leaders of its time", async () => {
  const broker = new FaultyBroker();
  const leaders = async () => {
    const body = {
      topics: [{ name: TOPIC, id: "0".repeat(32) }],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    const { topics } = await broker.connection.ask({ api: METADATA, version: 7, body });
    return topics[0]?.partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch]);
  };
  const before = await leaders();
  const stale = broker.faults.staleMetadata([TOPIC]);
  broker.fixture.cluster.topics.partition(TOPIC, 0)?.lead(1);
  broker.fixture.cluster.topics.partition(TOPIC, 1)?.lead(0);
  assert.deepEqual(await leaders(), before);
  stale.lift();
  assert.notDeepEqual(await leaders(), before);
});

Deno.test("Faults.before() and after() let something happen around a request", async () => {
  const broker = new FaultyBroker();
  const seen: string[] = [];
  broker.faults.before({ api: "Heartbeat", times: 1 }, () => void seen.push("before"));
  broker.faults.after({ api: "Heartbeat", times: 1 }, () => void seen.push("after"));
  broker.connection.intercept(async (_request, serve) => {
    const reply = await serve();
    seen.push(reply.kind);
    return reply;
  });
  await broker.heartbeats(2);
  assert.deepEqual(seen, ["before", "after", "answer", "answer"]);
});

Deno.test("Faults by chance do the same again from the same seed", async () => {
  const run = async (seed: number) => {
    const broker = new FaultyBroker(seed);
    broker.faults.fail({ api: "Heartbeat", chance: 0.3 }, NOT_COORDINATOR);
    broker.faults.delay({ api: "Heartbeat", chance: 0.3 }, [0, 0]);
    const codes = [];
    for (let left = 50; left > 0; left--) {
      const asked = broker.heartbeat();
      await broker.fixture.clock.advance(0);
      codes.push(await asked);
    }
    return { codes, hits: broker.faults.hits };
  };
  const one = await run(5);
  assert.ok(one.hits.length > 10 && one.hits.length < 60, `${one.hits.length} hits`);
  assert.deepEqual(await run(5), one);
  assert.notDeepEqual(await run(6), one);
});
