import assert from "node:assert/strict";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import { INIT_PRODUCER_ID, PRODUCE } from "../../../../src/broker/requests/produce.ts";
import { batchOfSize, BrokerFixture, sequencedBatch } from "../../../support/broker_fixture.ts";

const TOPIC = "events";
const ALL_IN_SYNC = -1;

interface Produced {
  readonly errorCode: number;
  readonly baseOffset: number;
}

interface ProduceOptions {
  readonly acks?: number;
  readonly topic?: string;
  readonly nodeId?: number;
}

async function produce(
  fixture: BrokerFixture,
  records: Uint8Array | null,
  { acks = ALL_IN_SYNC, topic = TOPIC, nodeId = 0 }: ProduceOptions = {},
): Promise<Produced | null> {
  const answer = await PRODUCE.handle({
    transactionalId: null,
    acks,
    timeoutMs: 1_000,
    topics: [{ name: topic, partitions: [{ index: 0, records }] }],
  }, fixture.call(9, { nodeId }));
  return answer?.topics[0]?.partitions[0] ?? null;
}

Deno.test("Produce appends and answers where", async () => {
  const fixture = new BrokerFixture();
  fixture.createTopic(TOPIC);
  const batch = await batchOfSize(500, 3);
  assert.equal((await produce(fixture, batch))?.baseOffset, 0);
  assert.equal((await produce(fixture, batch, { acks: 1 }))?.baseOffset, 3);
  assert.equal(fixture.cluster.topics.partition(TOPIC, 0)?.log.endOffset, 6);
});

Deno.test("Produce appends without an answer when none is wanted", async () => {
  const fixture = new BrokerFixture();
  fixture.createTopic(TOPIC);
  assert.equal(await produce(fixture, await batchOfSize(500), { acks: 0 }), null);
  assert.equal(fixture.cluster.topics.partition(TOPIC, 0)?.log.endOffset, 1);
});

Deno.test("Produce appends a batch that is sent again once, and answers its place", async () => {
  const fixture = new BrokerFixture();
  fixture.createTopic(TOPIC);
  const batch = (sequence: number) => sequencedBatch({ producerId: 7n, epoch: 0, sequence });
  for (const sequence of [0, 1, 1, 0]) {
    const produced = await produce(fixture, await batch(sequence));
    assert.deepEqual([produced?.errorCode, produced?.baseOffset], [ERROR.NONE, sequence]);
  }
  const gap = await produce(fixture, await batch(3));
  assert.equal(gap?.errorCode, ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(fixture.cluster.topics.partition(TOPIC, 0)?.log.endOffset, 2);
});

Deno.test("Produce refuses what it cannot keep, and keeps nothing of it", async () => {
  const fixture = new BrokerFixture({ nodes: 2 });
  fixture.createTopic(TOPIC, 1, { "max.message.bytes": "1000" });
  const batch = await batchOfSize(1_000);
  const codeOf = async (records: Uint8Array | null, options: ProduceOptions = {}) =>
    (await produce(fixture, records, options))?.errorCode;
  assert.equal(await codeOf(await batchOfSize(1_001)), ERROR.MESSAGE_TOO_LARGE);
  assert.equal(await codeOf(null), ERROR.INVALID_RECORD);
  assert.equal(await codeOf(batch, { acks: 2 }), ERROR.INVALID_REQUIRED_ACKS);
  assert.equal(await codeOf(batch, { topic: "other" }), ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await codeOf(batch, { nodeId: 1 }), ERROR.NOT_LEADER_OR_FOLLOWER);
  assert.equal(fixture.cluster.topics.partition(TOPIC, 0)?.log.endOffset, 0);
  assert.equal(await codeOf(batch), ERROR.NONE);
});

Deno.test("Produce waits for no replica that is down: it refuses", async () => {
  const fixture = new BrokerFixture({ nodes: 2 });
  fixture.createTopic(TOPIC, 1, { "min.insync.replicas": "2" });
  const batch = await batchOfSize(500);
  fixture.cluster.nodeDown(1);
  assert.equal((await produce(fixture, batch))?.errorCode, ERROR.NOT_ENOUGH_REPLICAS);
  assert.equal((await produce(fixture, batch, { acks: 1 }))?.errorCode, ERROR.NONE);
});

Deno.test("InitProducerId gives each producer its own id, and none for transactions", async () => {
  const fixture = new BrokerFixture();
  const init = async (transactionalId: string | null) =>
    await INIT_PRODUCER_ID.handle({
      transactionalId,
      transactionTimeoutMs: 1_000,
      producerId: -1,
      producerEpoch: -1,
    }, fixture.call(4));
  const [first, second] = [await init(null), await init(null)];
  assert.notEqual(first?.producerId, second?.producerId);
  assert.equal((await init("transfer"))?.errorCode, ERROR.INVALID_REQUEST);
});
