import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { beginsWith, frontBatch } from "../../../src/kafka/batch_end.ts";
import { encodeBatch, type TestBatch } from "../../support/record_batches.ts";

const THREE = [{ value: "one" }, { value: "two" }, { value: "three" }];
const NOWHERE: readonly number[] = [];

/** A damaged batch of offsets 10 to 12. */
async function damaged(own: TestBatch = {}): Promise<Buffer> {
  return await encodeBatch({ baseOffset: 10, records: THREE, hasWrongCrc: true, ...own });
}

async function after(baseOffset: number, own: TestBatch = {}): Promise<Buffer> {
  return await encodeBatch({ baseOffset, records: THREE, ...own });
}

Deno.test("frontBatch() finds the end where the next batch begins, even if that is cut off", async () => {
  const first = await damaged();
  const bytes = Buffer.concat([first, await after(13)]);
  for (const length of [bytes.length, first.length + 17]) {
    const front = frontBatch(bytes.subarray(0, length), NOWHERE);
    assert.ok(front !== null);
    const { raw, ...rest } = front;
    assert.deepEqual(Buffer.from(raw), first);
    assert.deepEqual(rest, { baseOffset: 10, claimed: 13, next: 13, isLast: false });
  }
});

Deno.test("frontBatch() finds the end at the end of the log", async () => {
  assert.equal(frontBatch(await damaged(), [20, 13])?.next, 13);
});

Deno.test("frontBatch() knows no end when nothing says the same as the batch", async () => {
  const first = await damaged();
  const cases: readonly (readonly [what: string, bytes: Buffer, logEnds: readonly number[]])[] = [
    ["nothing follows, and the log goes on", first, [40]],
    ["too little follows", Buffer.concat([first, (await after(13)).subarray(0, 16)]), []],
    ["a damaged batch that is not the next", Buffer.concat([first, await damaged()]), []],
    ["an older format", Buffer.concat([first, await after(13, { magic: 1 })]), []],
    [
      "its last offset is wrong, and the next is cut off",
      Buffer.concat([await damaged({ lastOffsetDelta: 6 }), (await after(13)).subarray(0, 40)]),
      [],
    ],
  ];
  for (const [what, bytes, logEnds] of cases) {
    assert.equal(frontBatch(bytes, logEnds)?.next, null, what);
  }
});

Deno.test("frontBatch() believes a sound batch behind it: after compaction, or with a damaged last offset", async () => {
  const gap = Buffer.concat([await damaged(), await after(20)]);
  const lie = Buffer.concat([await damaged({ lastOffsetDelta: 6 }), await after(13)]);
  assert.deepEqual([frontBatch(gap, NOWHERE)?.next, frontBatch(lie, NOWHERE)?.next], [20, 13]);
});

Deno.test("frontBatch() does not jump to where a damaged length leads", async () => {
  const first = await damaged();
  first.writeInt32BE(first.readInt32BE(8) + 5, 8);
  assert.equal(frontBatch(Buffer.concat([first, await after(13)]), [16])?.next, null);
  first.writeInt32BE(1 << 30, 8);
  assert.equal(frontBatch(Buffer.concat([first, await after(13)]), [16]), null);
});

Deno.test("beginsWith() takes a whole batch with a right CRC alone", async () => {
  const batch = await after(13);
  assert.equal(beginsWith(batch, 13), true);
  assert.equal(beginsWith(batch, 12), false);
  assert.equal(beginsWith(batch.subarray(0, -1), 13), false);
  assert.equal(beginsWith(await damaged(), 10), false);
  assert.equal(beginsWith(Buffer.alloc(0), 0), false);
});
