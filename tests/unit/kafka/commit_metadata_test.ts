import assert from "node:assert/strict";
import {
  DONE_RANGES_MAX,
  encodeCommitMetadata,
  NO_COMMIT_METADATA,
  parseCommitMetadata,
} from "../../../src/kafka/commit_metadata.ts";

const TOPIC_ID = "0123456789abcdef0123456789abcdef";

Deno.test("parseCommitMetadata() knows nothing from foreign or damaged text", () => {
  const texts = [null, "", "foreign partitions=4", "processing-service/2 partitions=4"];
  for (const text of texts) assert.deepEqual(parseCommitMetadata(text, 0), NO_COMMIT_METADATA);
  const damaged = parseCommitMetadata("processing-service/1 partitions=x topic=y done=1.1,zz", 0);
  assert.deepEqual(damaged, NO_COMMIT_METADATA);
});

Deno.test("parseCommitMetadata() reads what encodeCommitMetadata() wrote", () => {
  const metadata = {
    firstPartitions: 12,
    topicId: TOPIC_ID,
    done: [{ first: 1_000_002, last: 1_000_002 }, { first: 1_000_040, last: 1_000_099 }],
  };
  const text = encodeCommitMetadata(metadata, 1_000_000);
  assert.deepEqual(parseCommitMetadata(text, 1_000_000), metadata);
});

Deno.test("parseCommitMetadata() skips words that it does not know", () => {
  const read = parseCommitMetadata("processing-service/1 later=1 partitions=3", 0);
  assert.equal(read.firstPartitions, 3);
});

Deno.test("encodeCommitMetadata() stays below what brokers take, and keeps the lowest ranges", () => {
  const done = Array.from({ length: DONE_RANGES_MAX * 2 }, (_, i) => {
    return { first: 10 + i * 1_000, last: 10 + i * 1_000 };
  });
  const text = encodeCommitMetadata({ firstPartitions: 12, topicId: TOPIC_ID, done }, 0);
  assert.ok(text.length <= 4_096, `${text.length}`);
  const read = parseCommitMetadata(text, 0).done;
  assert.ok(read.length > 500, `${read.length}`);
  assert.deepEqual(read, done.slice(0, read.length));
});
