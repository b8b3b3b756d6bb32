import assert from "node:assert/strict";
import { assign, type GroupMember } from "../../../src/kafka/assignor.ts";
import { encodeCommitMetadata, parseCommitMetadata } from "../../../src/kafka/commit_metadata.ts";
import {
  encodeAssignment,
  encodeSubscription,
  parseAssignment,
  parseSubscription,
} from "../../../src/kafka/subscription.ts";

const TWELVE = new Map([["t", Array.from({ length: 12 }, (_, i) => i)]]);

function member(id: string, owned: readonly number[] = []): GroupMember {
  return {
    id,
    topics: ["t"],
    owned: owned.map((partition) => ({ topic: "t", partition })),
    ownedGeneration: 1,
  };
}

function sizes(members: readonly GroupMember[], cooperative: boolean): number[] {
  return [...assign(members, TWELVE, { cooperative }).values()].map((list) => list.length);
}

Deno.test("assign() shares partitions out evenly", () => {
  assert.deepEqual(sizes([member("a"), member("b"), member("c")], false), [4, 4, 4]);
});

Deno.test("assign() gives a partition that must change hands to nobody in a cooperative round", () => {
  const all = Array.from({ length: 12 }, (_, i) => i);
  assert.deepEqual(sizes([member("a", all), member("b")], true), [6, 0]);
  const [, second] = [
    ...assign([member("a", all.slice(0, 6)), member("b")], TWELVE, {
      cooperative: true,
    }).values(),
  ];
  assert.deepEqual(second?.map(({ partition }) => partition), [6, 7, 8, 9, 10, 11]);
});

Deno.test("assign() believes the later generation when two members claim a partition", () => {
  const stale = { ...member("a", [0]), ownedGeneration: 1 };
  const current = { ...member("b", [0]), ownedGeneration: 2 };
  const plan = assign([stale, current], new Map([["t", [0, 1]]]), { cooperative: true });
  assert.deepEqual(plan.get("b"), [{ topic: "t", partition: 0 }]);
});

Deno.test("parseSubscription() reads what encodeSubscription() wrote", () => {
  const owned = [{ topic: "t", partition: 3 }];
  const bytes = encodeSubscription(["t", "u"], owned, 7);
  assert.deepEqual(parseSubscription(bytes), { topics: ["t", "u"], owned, ownedGeneration: 7 });
});

Deno.test("parseAssignment() reads what encodeAssignment() wrote, and nothing as empty", () => {
  const partitions = [{ topic: "t", partition: 0 }, { topic: "t", partition: 2 }];
  assert.deepEqual(parseAssignment(encodeAssignment(partitions)), partitions);
  assert.deepEqual(parseAssignment(null), []);
});

Deno.test("parseSubscription() refuses damaged bytes with a clear error", () => {
  assert.throws(
    () => parseSubscription(new Uint8Array([0, 1, 127, 127, 127, 127])),
    /subscription/,
  );
});

Deno.test("parseCommitMetadata() knows nothing from foreign text", () => {
  assert.deepEqual(parseCommitMetadata("foreign partitions=4"), { firstPartitions: null });
  assert.deepEqual(parseCommitMetadata(encodeCommitMetadata({ firstPartitions: 4 })), {
    firstPartitions: 4,
  });
});
