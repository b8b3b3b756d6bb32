import assert from "node:assert/strict";
import {
  DONE_RANGES_MAX,
  encodeCommitMetadata,
  fitsCommit,
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

/** Every other offset. */
function everyOther(from: number, count: number) {
  return Array.from({ length: count }, (_, i) => ({ first: from + 2 * i, last: from + 2 * i }));
}

Deno.test("encodeCommitMetadata() writes many ranges that are close together as bits", () => {
  const done = everyOther(1_000_001, 10_000);
  const text = encodeCommitMetadata({ firstPartitions: 12, topicId: TOPIC_ID, done }, 1_000_000);
  assert.ok(text.length <= 4_096, `${text.length}`);
  assert.deepEqual(parseCommitMetadata(text, 1_000_000).done, done);
  const longer = everyOther(1, 20_000);
  const cut = encodeCommitMetadata({ ...NO_COMMIT_METADATA, done: longer }, 0);
  assert.ok(cut.length <= 4_096, `${cut.length}`);
  const read = parseCommitMetadata(cut, 0).done;
  assert.ok(read.length > 11_000, `${read.length}`);
  assert.deepEqual(read, longer.slice(0, read.length));
});

Deno.test("parseCommitMetadata() knows nothing from damaged bits, and reads whole bytes of them", () => {
  const bits = (text: string) => parseCommitMetadata(`processing-service/1 bits=${text}`, 100).done;
  assert.deepEqual(bits("!!"), []);
  assert.deepEqual(bits("oQ"), [{ first: 100, last: 100 }, { first: 102, last: 102 }, {
    first: 107,
    last: 107,
  }]);
});

Deno.test("fitsCommit() says whether encodeCommitMetadata() will hold all, with room to spare", () => {
  const fits = (count: number, step: number, spare = 0) => {
    const done = Array.from({ length: count }, (_, i) => ({ first: i * step, last: i * step }));
    const isHeld = parseCommitMetadata(
      encodeCommitMetadata({ firstPartitions: 1_234_567, topicId: TOPIC_ID, done }, 0),
      0,
    ).done.length === count;
    const isSaid = fitsCommit(done, { offset: 0, spare });
    if (isSaid) assert.ok(isHeld, `${count} x ${step}`);
    return isSaid;
  };
  assert.equal(fits(0, 1), true);
  assert.equal(fits(11_500, 2), true);
  assert.equal(fits(11_800, 2), false);
  assert.equal(fits(650, 1_000), true);
  assert.equal(fits(650, 1_000, 1_000), false);
  assert.equal(fits(900, 1_000), false);
  for (let count = 100; count < 1_500; count += 7) fits(count, 37);
});
