import assert from "node:assert/strict";
import { Settled } from "../../../src/dead_letters/settled.ts";
import { encodeCommitMetadata } from "../../../src/kafka/commit_metadata.ts";

const ID = "0123456789abcdef0123456789abcdef";

function settled(
  own: {
    readonly offset: number;
    readonly topicId?: string | null;
    readonly idNow?: string | null;
  },
) {
  const { offset, topicId = null, idNow = ID } = own;
  const done = [{ first: offset + 2, last: offset + 3 }];
  const metadata = encodeCommitMetadata({ firstPartitions: null, topicId, done }, offset);
  const committed = { topic: "t", partition: 1, offset, leaderEpoch: 0, metadata, errorCode: 0 };
  return new Settled([committed], { topicId: () => idNow });
}

function those(found: Settled, partition = 1): readonly number[] {
  const offsets = Array.from({ length: 12 }, (_, offset) => offset);
  return offsets.filter((offset) => found.has({ topic: "t", partition, offset }));
}

Deno.test("Settled holds what lies below the commit, and what is done above it", () => {
  const found = settled({ offset: 5 });
  assert.deepEqual(those(found), [0, 1, 2, 3, 4, 7, 8]);
  assert.equal(found.below({ topic: "t", partition: 1 }), 5);
  assert.deepEqual(those(found, 0), [], "of another partition nobody said anything");
  assert.equal(found.below({ topic: "t", partition: 0 }), 0);
});

Deno.test("Settled holds nothing of a topic that was created anew", () => {
  assert.deepEqual(those(settled({ offset: 5, topicId: "f".repeat(32) })), []);
  assert.deepEqual(those(settled({ offset: 5, topicId: ID })), [0, 1, 2, 3, 4, 7, 8]);
  assert.deepEqual(those(settled({ offset: 5, topicId: ID, idNow: null })), [0, 1, 2, 3, 4, 7, 8]);
});
