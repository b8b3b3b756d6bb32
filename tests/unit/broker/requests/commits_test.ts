import assert from "node:assert/strict";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import type { CommitRecord } from "../../../../src/broker/group/coordinator.ts";
import {
  OFFSET_COMMIT,
  OFFSET_DELETE,
  OFFSET_FETCH,
} from "../../../../src/broker/requests/commits.ts";
import { BrokerFixture } from "../../../support/broker_fixture.ts";

const TOPIC = "events";
const GROUP = "group";

interface Commit {
  readonly partition?: number;
  readonly offset?: number;
  readonly metadata?: string | null;
  readonly topic?: string;
  readonly generationId?: number;
  readonly memberId?: string;
  readonly groupId?: string;
  readonly nodeId?: number;
}

async function commit(fixture: BrokerFixture, commit: Commit = {}): Promise<number> {
  const answer = await OFFSET_COMMIT.handle({
    groupId: commit.groupId ?? GROUP,
    generationId: commit.generationId ?? -1,
    memberId: commit.memberId ?? "",
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{
      name: commit.topic ?? TOPIC,
      partitions: [{
        partition: commit.partition ?? 0,
        offset: commit.offset ?? 1,
        leaderEpoch: 3,
        metadata: commit.metadata === undefined ? "note" : commit.metadata,
      }],
    }],
  }, fixture.call(8, { nodeId: commit.nodeId ?? 0 }));
  return answer?.topics[0]?.partitions[0]?.errorCode ?? assert.fail();
}

async function fetchOffsets(fixture: BrokerFixture, topics: readonly number[] | null) {
  const answer = await OFFSET_FETCH.handle({
    groupId: GROUP,
    topics: topics === null ? null : [{ name: TOPIC, partitions: topics }],
    requireStable: false,
  }, fixture.call(7));
  return answer?.topics.flatMap(({ partitions }) => partitions) ?? [];
}

Deno.test("OffsetFetch brings what OffsetCommit took, with epoch and metadata", async () => {
  const fixture = new BrokerFixture();
  fixture.createTopic(TOPIC, 2);
  assert.equal(await commit(fixture, { offset: 5 }), ERROR.NONE);
  const found = { partition: 0, offset: 5, leaderEpoch: 3, metadata: "note", errorCode: 0 };
  const nothing = { partition: 1, offset: -1, leaderEpoch: -1, metadata: "", errorCode: 0 };
  assert.deepEqual(await fetchOffsets(fixture, [0, 1]), [found, nothing]);
  assert.deepEqual(await fetchOffsets(fixture, null), [found]);
});

Deno.test("OffsetCommit puts on record what it took and what it refused", async () => {
  const fixture = new BrokerFixture({ offsetMetadataMaxBytes: 10 });
  fixture.createTopic(TOPIC);
  const refusals: readonly (readonly [Commit, number])[] = [
    [{ topic: "other" }, ERROR.UNKNOWN_TOPIC_OR_PARTITION],
    [{ partition: 1 }, ERROR.UNKNOWN_TOPIC_OR_PARTITION],
    [{ metadata: "x".repeat(11) }, ERROR.OFFSET_METADATA_TOO_LARGE],
    [{ generationId: 3, memberId: "stranger" }, ERROR.UNKNOWN_MEMBER_ID],
    [{ groupId: "unknown", generationId: 3, memberId: "stranger" }, ERROR.ILLEGAL_GENERATION],
    [{ groupId: "" }, ERROR.INVALID_GROUP_ID],
  ];
  await commit(fixture, { metadata: "x".repeat(10) });
  await commit(fixture, { metadata: null });
  for (const [refused, errorCode] of refusals) {
    assert.equal(await commit(fixture, refused), errorCode, JSON.stringify(refused));
  }
  const records = fixture.cluster.groups.commits();
  const told = ({ errorCode, metadata }: CommitRecord) => [errorCode, metadata.length];
  assert.deepEqual(records.slice(0, 2).map(told), [[ERROR.NONE, 10], [ERROR.NONE, 0]]);
  assert.deepEqual(
    records.slice(2).map(({ errorCode }) => errorCode),
    refusals.map(([, code]) => code),
  );
  assert.equal(records[4]?.metadata, "", "what is too large is not kept");
  assert.equal((await fetchOffsets(fixture, null)).length, 1);
});

Deno.test("OffsetCommit and OffsetFetch are for the coordinator alone", async () => {
  const fixture = new BrokerFixture({ nodes: 2 });
  fixture.createTopic(TOPIC);
  fixture.cluster.groups.move(GROUP, 1);
  assert.equal(await commit(fixture), ERROR.NOT_COORDINATOR);
  assert.equal(await commit(fixture, { nodeId: 1 }), ERROR.NONE);
  assert.deepEqual(
    (await fetchOffsets(fixture, [0])).map(({ errorCode }) => errorCode),
    [ERROR.NOT_COORDINATOR],
  );
});

Deno.test("OffsetDelete forgets a partition of a group without members", async () => {
  const fixture = new BrokerFixture();
  fixture.createTopic(TOPIC, 2);
  for (const partition of [0, 1]) await commit(fixture, { partition });
  const topics = [{ name: TOPIC, partitions: [{ partition: 0 }] }];
  const answer = await OFFSET_DELETE.handle({ groupId: GROUP, topics }, fixture.call(0));
  assert.equal(answer?.errorCode, ERROR.NONE);
  assert.deepEqual((await fetchOffsets(fixture, null)).map(({ partition }) => partition), [1]);
});
