import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decompress, selfTestCodecs } from "../../../src/kafka/codecs.ts";
import { crc32c } from "../../../src/kafka/crc32c.ts";
import { decodeRecordBatches } from "../../../src/kafka/record_batch.ts";
import { type WriteCodec, writeRecordBatch } from "../../../src/kafka/record_batch_writer.ts";

const OPTIONS = {
  topic: "t",
  partition: 0,
  from: 0,
  aborted: [],
  maxDecompressedBytes: 1_000_000,
};

function record(value: string) {
  return {
    key: Buffer.from("k"),
    value: Buffer.from(value),
    headers: [["same", Buffer.from("1")], ["same", null]] as const,
    timestamp: 1_700_000_000_000,
  };
}

Deno.test("crc32c() gives the published check value", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
});

Deno.test("selfTestCodecs() finds every codec working", async () => {
  await selfTestCodecs();
});

Deno.test("decompress() refuses what unpacks to more than the cap", async () => {
  const packed = await writeRecordBatch([record("x".repeat(10_000))], "snappy");
  await assert.rejects(decompress(2, packed.subarray(61), 100), { code: "too_large_decompressed" });
});

Deno.test("decompress() names an unknown codec", async () => {
  await assert.rejects(decompress(7, Buffer.alloc(1), 100), { code: "unknown_codec" });
});

for (const codec of ["none", "gzip", "snappy"] satisfies WriteCodec[]) {
  Deno.test(`decodeRecordBatches() reads back what was written with ${codec}`, async () => {
    const batch = await writeRecordBatch([record("one"), record("two")], codec);
    const { messages, next, unreadable } = await decodeRecordBatches(batch, OPTIONS);
    assert.equal(unreadable, null);
    assert.equal(next, 2);
    assert.deepEqual(messages.map(({ value }) => Buffer.from(value ?? []).toString()), [
      "one",
      "two",
    ]);
    assert.deepEqual(messages[0]?.headers.map(([name, value]) => [name, value?.length ?? null]), [
      ["same", 1],
      ["same", null],
    ]);
  });
}

Deno.test("decodeRecordBatches() stops at a damaged batch and keeps what came before it", async () => {
  const good = await writeRecordBatch([record("good")], "none");
  const bad = await writeRecordBatch([record("bad")], "none");
  bad.writeBigInt64BE(1n, 0);
  bad.writeUInt8(bad.readUInt8(bad.length - 4) ^ 1, bad.length - 4);
  const decoded = await decodeRecordBatches(Buffer.concat([good, bad]), OPTIONS);
  assert.equal(decoded.messages.length, 1);
  assert.equal(decoded.next, 1);
  assert.equal(decoded.unreadable?.code, "crc_mismatch");
  assert.equal(decoded.unreadable?.baseOffset, 1);
});

Deno.test("decodeRecordBatches() leaves a cut-off batch at the end for the next fetch", async () => {
  const batch = await writeRecordBatch([record("one")], "none");
  const decoded = await decodeRecordBatches(batch.subarray(0, batch.length - 1), OPTIONS);
  assert.deepEqual([decoded.messages.length, decoded.next, decoded.unreadable], [0, 0, null]);
});

Deno.test("decodeRecordBatches() leaves out records below the position, and moves past them", async () => {
  const batch = await writeRecordBatch([record("one"), record("two")], "none");
  const decoded = await decodeRecordBatches(batch, { ...OPTIONS, from: 1 });
  assert.deepEqual(decoded.messages.map(({ offset }) => offset), [1]);
  assert.equal(decoded.next, 2);
});
