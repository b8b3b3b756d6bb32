import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PartitionLog } from "../../../../src/broker/log/partition_log.ts";
import { batchOfSize } from "../../../support/broker_fixture.ts";
import { controlBatch, encodeBatch, type TestBatch } from "../../../support/record_batches.ts";

const MIB = 1024 * 1024;
const BATCH_BYTES = 1000;
const SMALL_BATCH_BYTES = 500;
const ALL = { upTo: Infinity, maxBytes: Infinity, minOneBatch: true };

function newLog(retentionBytes = -1): PartitionLog {
  return new PartitionLog({ retentionBytes: () => retentionBytes });
}

async function logOf(batches: readonly TestBatch[]): Promise<PartitionLog> {
  const log = newLog();
  for (const batch of batches) log.append(await encodeBatch(batch), 0);
  return log;
}

/** A log of `count` batches, each with three records and 1000 bytes. */
async function filledLog(count: number, retentionBytes = -1): Promise<PartitionLog> {
  const log = newLog(retentionBytes);
  const batch = await batchOfSize(BATCH_BYTES, 3);
  for (let i = 0; i < count; i++) log.append(batch, 0);
  return log;
}

function baseOffsets(pieces: readonly Uint8Array[]): number[] {
  return pieces.map((piece) => Number(Buffer.from(piece).readBigInt64BE(0)));
}

Deno.test("PartitionLog.append() gives each batch the offset after the last", async () => {
  const log = await filledLog(3);
  assert.deepEqual(baseOffsets(log.read({ from: 0, ...ALL })), [0, 3, 6]);
  assert.deepEqual([log.startOffset, log.endOffset], [0, 9]);
});

Deno.test("PartitionLog.append() counts by the last offset delta, not by records", async () => {
  const log = await logOf([{ records: [{ value: "kept" }], lastOffsetDelta: 9 }]);
  assert.equal(log.endOffset, 10);
});

Deno.test("PartitionLog.read() starts with the batch that holds the offset", async () => {
  const log = await filledLog(3);
  assert.deepEqual(baseOffsets(log.read({ from: 4, ...ALL })), [3, 6]);
  assert.deepEqual(log.read({ from: 9, ...ALL }), []);
});

Deno.test("PartitionLog.read() cuts the last batch off at the limit", async () => {
  const log = await filledLog(3);
  const read = (maxBytes: number, minOneBatch: boolean) =>
    log.read({ from: 0, upTo: Infinity, maxBytes, minOneBatch }).map((piece) => piece.length);
  assert.deepEqual(read(2 * BATCH_BYTES, true), [1000, 1000]);
  assert.deepEqual(read(2 * BATCH_BYTES + 1, true), [1000, 1000, 1]);
  assert.deepEqual(read(BATCH_BYTES - 1, true), [1000]);
  assert.deepEqual(read(BATCH_BYTES - 1, false), []);
});

Deno.test("PartitionLog drops the oldest batches when they pass the bound", async () => {
  const log = await filledLog(10, 3 * (BATCH_BYTES + 200));
  assert.deepEqual([log.startOffset, log.endOffset], [21, 30]);
  assert.deepEqual(baseOffsets(log.read({ from: 21, ...ALL })), [21, 24, 27]);
  assert.ok(log.sizeBytes <= 3 * (BATCH_BYTES + 200));
});

Deno.test("PartitionLog keeps the newest batch whatever its size", async () => {
  const log = await filledLog(5, 10);
  assert.deepEqual([log.startOffset, log.endOffset], [12, 15]);
  assert.deepEqual(baseOffsets(log.read({ from: 12, ...ALL })), [12]);
});

Deno.test("PartitionLog stays within its bound over many batches", async () => {
  const log = await filledLog(5000, 100 * (BATCH_BYTES + 200));
  assert.equal(log.sizeBytes, 100 * (BATCH_BYTES + 200));
  assert.equal(log.startOffset, 3 * 4900);
  assert.equal(log.read({ from: log.startOffset, ...ALL }).length, 100);
});

Deno.test("PartitionLog holds no more than its bound of 200 MB in small batches", async () => {
  const boundBytes = 8 * MIB;
  const log = newLog(boundBytes);
  const batch = await batchOfSize(SMALL_BATCH_BYTES);
  const before = usedBytes();
  let largest = 0;
  for (let sent = 0; sent < 200_000_000; sent += SMALL_BATCH_BYTES) {
    log.append(batch, 0);
    largest = Math.max(largest, log.sizeBytes);
  }
  assert.ok(largest <= boundBytes, `${largest} counted`);
  const kept = log.read({ from: log.startOffset, ...ALL });
  const buffers = new Set(kept.map(({ buffer }) => buffer));
  const held = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.ok(held <= boundBytes, `${held} bytes held`);
  assert.ok(held >= boundBytes / 2, "and not much less");
  // Far above what is held: garbage that is not collected yet counts, too.
  assert.ok(usedBytes() - before < 100 * MIB, "what was dropped is not freed");
});

Deno.test("PartitionLog.append() changes nothing of what was read before", async () => {
  const log = await filledLog(3, 2 * (BATCH_BYTES + 200));
  const [read] = log.read({ from: log.startOffset, ...ALL });
  assert.ok(read);
  const before = Buffer.from(read).toString("hex");
  const batch = await batchOfSize(BATCH_BYTES);
  for (let i = 0; i < 200; i++) log.append(batch, 1);
  log.truncateTo(log.startOffset);
  log.append(batch, 2);
  assert.equal(Buffer.from(read).toString("hex"), before);
});

Deno.test("PartitionLog.deleteBefore() moves the start, also into a batch", async () => {
  const log = await filledLog(3);
  log.deleteBefore(4);
  assert.equal(log.startOffset, 4);
  assert.deepEqual(baseOffsets(log.read({ from: 4, ...ALL })), [3, 6]);
  log.deleteBefore(2);
  assert.equal(log.startOffset, 4);
  log.deleteBefore(9);
  assert.deepEqual([log.startOffset, log.endOffset, log.sizeBytes], [9, 9, 0]);
});

Deno.test("PartitionLog.truncateTo() takes back whole batches", async () => {
  const log = await filledLog(3);
  log.truncateTo(4);
  assert.deepEqual([log.startOffset, log.endOffset], [0, 3]);
  assert.equal(log.append(await batchOfSize(BATCH_BYTES), 1), 3);
  assert.deepEqual(log.endOfEpoch(0), { epoch: 0, endOffset: 3 });
});

Deno.test("PartitionLog.endOfEpoch() answers as a leader does", async () => {
  const log = newLog();
  const batch = await batchOfSize(BATCH_BYTES, 2);
  for (const epoch of [1, 1, 4]) log.append(batch, epoch);
  log.startEpoch(6);
  assert.deepEqual(log.endOfEpoch(0), { epoch: 0, endOffset: 0 });
  assert.deepEqual(log.endOfEpoch(1), { epoch: 1, endOffset: 4 });
  assert.deepEqual(log.endOfEpoch(3), { epoch: 1, endOffset: 4 });
  assert.deepEqual(log.endOfEpoch(4), { epoch: 4, endOffset: 6 });
  assert.deepEqual(log.endOfEpoch(6), { epoch: 6, endOffset: 6 });
  assert.deepEqual(log.endOfEpoch(7), { epoch: -1, endOffset: -1 });
  assert.deepEqual([0, 3, 4].map((offset) => log.epochAt(offset)), [1, 1, 4]);
});

Deno.test("PartitionLog.startEpoch() keeps no trace of an epoch without a batch", async () => {
  const log = newLog();
  for (let epoch = 0; epoch < 100; epoch++) log.startEpoch(epoch);
  log.append(await batchOfSize(BATCH_BYTES), 100);
  assert.deepEqual(log.endOfEpoch(50), { epoch: 50, endOffset: 0 });
});

Deno.test("PartitionLog.offsetAt() finds a record of a plain batch and the start of a packed one", async () => {
  const records = [{ value: "a" }, { value: "b", timestampDelta: 100 }];
  const times = { records, baseTimestamp: 1000, maxTimestamp: 1100 };
  const later = { ...times, baseTimestamp: 2000, maxTimestamp: 2100 };
  const log = await logOf([times, { ...later, codec: "gzip" }]);
  assert.equal(log.offsetAt(0)?.offset, 0);
  assert.deepEqual(log.offsetAt(1001), { offset: 1, timestamp: 1100, leaderEpoch: 0 });
  assert.equal(log.offsetAt(2050)?.offset, 2);
  assert.equal(log.offsetAt(2101), null);
});

Deno.test("PartitionLog tells what a reader of committed records may see", async () => {
  const records = [{ value: "v" }];
  const open = { records, isTransactional: true };
  const log = await logOf([
    { records },
    { ...open, producerId: 1n },
    { ...open, producerId: 2n },
  ]);
  assert.equal(log.lastStableOffset, 1);
  log.append(await encodeBatch(controlBatch(1n, "abort")), 0);
  assert.equal(log.lastStableOffset, 2);
  log.append(await encodeBatch(controlBatch(2n, "commit")), 0);
  assert.equal(log.lastStableOffset, 5);
  assert.deepEqual(log.abortedIn(0, 5), [{ producerId: 1, firstOffset: 1 }]);
  assert.deepEqual(log.abortedIn(4, 5), []);
});

/** Of this process. */
function usedBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
