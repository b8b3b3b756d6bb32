/** What real clients and a real broker wrote, and the same bytes damaged at random. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type DecodedBatches, decodeRecordBatches } from "../../../src/kafka/record_batch.ts";
import { sealBatch } from "../../support/record_batches.ts";
import { SeededRandom } from "../../support/seeded_random.ts";
import {
  asText,
  GOLDEN_COUNT,
  GOLDEN_FILES,
  goldenRecord,
  readGolden,
} from "./golden/golden_records.ts";

const OPTIONS = { topic: "t", partition: 0, from: 0, aborted: [], maxDecompressedBytes: 100_000 };

for (const file of GOLDEN_FILES) {
  Deno.test(`decodeRecordBatches() reads ${file}`, async () => {
    const { messages, next, leaderEpoch, unreadable } = await decodeRecordBatches(
      await readGolden(file),
      OPTIONS,
    );
    assert.equal(unreadable, null);
    assert.deepEqual([next, leaderEpoch], [GOLDEN_COUNT, 0]);
    const expected = Array.from({ length: GOLDEN_COUNT }, (_, i) => goldenRecord(i));
    assert.deepEqual(messages.map(asText), expected);
  });
}

function values({ messages }: DecodedBatches): (string | null)[] {
  return messages.map((message) => asText(message).value);
}

Deno.test("decodeRecordBatches() reads the broker's time from java-append-time.batches", async () => {
  const { messages } = await decodeRecordBatches(
    await readGolden("java-append-time.batches"),
    OPTIONS,
  );
  const written = Date.UTC(2026, 10, 24);
  const [first] = messages;
  assert.ok(first !== undefined && first.timestamp > written);
  assert.deepEqual(messages.map(({ timestamp }) => timestamp), Array(3).fill(first.timestamp));
  assert.deepEqual(
    messages.map((message) => asText(message).value),
    [0, 1, 2].map((i) => goldenRecord(i).value),
  );
});

Deno.test("decodeRecordBatches() hides the aborted transaction of java-transactions.batches", async () => {
  const bytes = await readGolden("java-transactions.batches");
  const decoded = await decodeRecordBatches(bytes, {
    ...OPTIONS,
    aborted: [{ producerId: bytes.readBigInt64BE(43), firstOffset: 4 }],
  });
  assert.deepEqual(values(decoded), ["a0", "a1", "b0", "b1", "a3"]);
  assert.equal(decoded.next, 10);
  const uncommitted = await decodeRecordBatches(bytes, OPTIONS);
  assert.deepEqual(values(uncommitted), ["a0", "a1", "b0", "a2", "b1", "a3"]);
});

Deno.test("decodeRecordBatches() moves past what compaction took from java-compacted.batches", async () => {
  const bytes = await readGolden("java-compacted.batches");
  const decoded = await decodeRecordBatches(bytes, OPTIONS);
  assert.deepEqual(decoded.messages.map(({ offset }) => offset), [6, 10, 11, 12]);
  assert.deepEqual(values(decoded), ["r1", "last", "last", "last"]);
  assert.equal(decoded.next, 13);
  const empty = bytes.subarray(89, 150); // the batch of offsets 7 to 9, all overwritten since
  const { messages, next } = await decodeRecordBatches(empty, { ...OPTIONS, from: 7 });
  assert.deepEqual([messages.length, next], [0, 10]);
});

Deno.test("decodeRecordBatches() never throws, hangs or goes back on 20,000 damaged batches", async () => {
  const random = new SeededRandom(20_261_124);
  const names = [...GOLDEN_FILES, "java-transactions.batches", "java-compacted.batches"];
  const files = await Promise.all(names.map(readGolden));
  const codes = new Map<string, number>();
  for (let round = 0; round < 20_000; round++) {
    const bytes = damage(random.pick(files), random);
    const from = random.pick([0, 0, 5, 1_000]);
    const decoded = await decodeRecordBatches(bytes, { ...OPTIONS, from });
    const where = `seed ${random.seed}, round ${round}`;
    checkDecoded(decoded, { from, where });
    const code = decoded.unreadable?.code ?? "readable";
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  // Unless every kind of trouble was met, the damage is not of the right kind.
  assert.deepEqual([...codes.keys()].sort(), [
    "corrupt_compression",
    "crc_mismatch",
    "cut_off",
    "malformed_records",
    "readable",
    "too_large_decompressed",
    "unknown_codec",
    "unsupported_magic",
  ]);
});

/** A copy with some bytes changed or a piece gone, half of the time with the CRC made right again. */
function damage(golden: Buffer, random: SeededRandom): Buffer {
  const bytes = Buffer.from(golden);
  for (let left = random.between(1, 4); left > 0; left--) {
    // Headers are short: without help nearly all of the damage would fall on records.
    const at = random.chance(0.3) ? random.below(70) : random.below(bytes.length);
    bytes[at] = random.pick([random.below(256), 0x00, 0xff, 0x7f, (bytes[at] ?? 0) ^ 1]);
  }
  if (random.chance(0.5)) {
    const end = 12 + bytes.readInt32BE(8);
    if (end > 61 && end <= bytes.length) sealBatch(bytes.subarray(0, end));
  }
  return random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

function checkDecoded(
  { messages, next }: DecodedBatches,
  { from, where }: { readonly from: number; readonly where: string },
): void {
  let previous = from - 1;
  const buffers = new Set<ArrayBufferLike>();
  for (const { offset, value } of messages) {
    assert.ok(Number.isSafeInteger(offset) && offset > previous && offset < next, where);
    previous = offset;
    if (value !== null) buffers.add(value.buffer);
  }
  assert.ok(next >= from && Number.isSafeInteger(next), where);
  const held = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.ok(held <= 4 * OPTIONS.maxDecompressedBytes, `${held} bytes held, ${where}`);
}
