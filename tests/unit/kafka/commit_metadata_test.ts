import assert from "node:assert/strict";
import { encodeCommitMetadata, parseCommitMetadata } from "../../../src/kafka/commit_metadata.ts";

Deno.test("parseCommitMetadata() knows nothing from foreign text", () => {
  assert.deepEqual(parseCommitMetadata("foreign partitions=4"), { firstPartitions: null });
  assert.deepEqual(parseCommitMetadata(encodeCommitMetadata({ firstPartitions: 4 })), {
    firstPartitions: 4,
  });
});
