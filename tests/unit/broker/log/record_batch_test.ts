import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import { crc32c } from "../../../../src/broker/log/crc32c.ts";
import {
  checkProducedBatch,
  firstRecordSince,
  placeBatch,
  readBatchHead,
} from "../../../../src/broker/log/record_batch.ts";
import { encodeBatch, sealBatch, type TestBatch } from "../../../support/record_batches.ts";

const RECORDS = [{ value: "one" }, { value: "two" }];
const LIMITS = { maxMessageBytes: 1_000_000, produceVersion: 9 };

Deno.test("crc32c() gives the published check values, at any length and offset", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array()), 0);
  assert.equal(crc32c(Buffer.from("xx123456789").subarray(2)), 0xe3069283);
});

Deno.test("checkProducedBatch() takes what a producer writes", async () => {
  for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
    const batch = await encodeBatch({ records: RECORDS, codec });
    assert.equal(checkProducedBatch(batch, LIMITS), ERROR.NONE, codec);
  }
});

Deno.test("checkProducedBatch() names what is wrong with a batch", async () => {
  const wrong: readonly (readonly [TestBatch, number])[] = [
    [{ records: RECORDS, hasWrongCrc: true }, ERROR.CORRUPT_MESSAGE],
    [{ records: RECORDS, count: 3 }, ERROR.INVALID_RECORD],
    [{ records: [], count: 0 }, ERROR.INVALID_RECORD],
    [{ records: RECORDS, isControl: true }, ERROR.INVALID_RECORD],
    [{ records: RECORDS, magic: 1 }, ERROR.INVALID_RECORD],
    [{ records: RECORDS, codecBits: 7 }, ERROR.UNSUPPORTED_COMPRESSION_TYPE],
  ];
  for (const [batch, error] of wrong) {
    assert.equal(
      checkProducedBatch(await encodeBatch(batch), LIMITS),
      error,
      JSON.stringify(batch),
    );
  }
  const good = await encodeBatch({ records: RECORDS });
  assert.equal(checkProducedBatch(null, LIMITS), ERROR.INVALID_RECORD);
  assert.equal(checkProducedBatch(good.subarray(0, 40), LIMITS), ERROR.INVALID_RECORD);
  assert.equal(checkProducedBatch(Buffer.concat([good, good]), LIMITS), ERROR.INVALID_RECORD);
  const small = { ...LIMITS, maxMessageBytes: good.length - 1 };
  assert.equal(checkProducedBatch(good, small), ERROR.MESSAGE_TOO_LARGE);
  const zstd = await encodeBatch({ records: RECORDS, codec: "zstd" });
  const old = { ...LIMITS, produceVersion: 6 };
  assert.equal(checkProducedBatch(zstd, old), ERROR.UNSUPPORTED_COMPRESSION_TYPE);
});

Deno.test("placeBatch() writes base offset and epoch, and the checksum stays valid", async () => {
  const batch = await encodeBatch({ records: RECORDS });
  placeBatch(batch, { baseOffset: 2 ** 40, leaderEpoch: 7 });
  assert.equal(batch.readBigInt64BE(0), 2n ** 40n);
  assert.equal(readBatchHead(batch).leaderEpoch, 7);
  assert.equal(checkProducedBatch(batch, LIMITS), ERROR.NONE);
});

Deno.test("readBatchHead() refuses what is not one whole batch", async () => {
  const batch = await encodeBatch({ records: RECORDS });
  assert.throws(() => readBatchHead(batch.subarray(0, batch.length - 1)), RangeError);
  assert.throws(() => readBatchHead(new Uint8Array(10)), RangeError);
});

Deno.test("firstRecordSince() finds the first record that is not older", async () => {
  const records = [0, 500, 70_000, 2 ** 33].map((timestampDelta) => ({
    value: "v",
    timestampDelta,
  }));
  const batch = await encodeBatch({ records, baseTimestamp: 1_700_000_000_000 });
  sealBatch(batch);
  const find = (delta: number) => firstRecordSince(batch, 1_700_000_000_000 + delta)?.offsetDelta;
  assert.deepEqual([0, 1, 500, 501, 70_001, 2 ** 33].map(find), [0, 1, 1, 2, 3, 3]);
  assert.equal(find(2 ** 33 + 1), undefined);
});
