import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { NewestMessages } from "../../../src/kafka/newest_messages.ts";
import { ProcessingBench } from "../../support/processing_bench.ts";
import { controlBatch, encodeBatches, type TestBatch } from "../../support/record_batches.ts";
import { sampleEvent } from "../../support/sample_event.ts";

const GOOD = JSON.stringify(sampleEvent());
const KINDS: Readonly<Record<string, string | null>> = { ".": GOOD, x: "{", "-": null };

/** Looks at a log whose messages are these, in batches of 8: `.` good, `x` bad, `-` without value. */
async function look(
  kinds: string,
  own: { readonly prefix?: number; readonly tail?: readonly TestBatch[]; readonly end?: number } =
    {},
): Promise<number | null> {
  const records = [...kinds].map((kind) => ({ value: KINDS[kind] ?? null }));
  const batches: TestBatch[] = [];
  for (let at = 0; at < records.length; at += 8) {
    batches.push({ baseOffset: at, records: records.slice(at, at + 8) });
  }
  const encoded = await Promise.all(batches.map((batch) => encodeBatches([batch])));
  const tail = await encodeBatches(own.tail ?? []);
  const bench = new ProcessingBench();
  const partition = bench.own(own.prefix ?? 0);
  const lastStable = own.end ?? records.length;
  const newest = new NewestMessages({
    fetches: {
      read: (_partition, { position }) => {
        const from = encoded.slice(Math.floor(position / 8));
        const bounds = { highWatermark: 1_000, lastStable, logStart: 0 };
        const fetched = { topic: "t", partition: 0, errorCode: 0, aborted: [], ...bounds };
        return Promise.resolve({ ...fetched, records: Buffer.concat([...from, tail]) });
      },
    },
    maxPartitionBytes: 1 << 20,
    maxDecompressedBytes: 1 << 20,
  });
  const end = await newest.goodUpTo(partition);
  bench.assignment.close();
  return end;
}

Deno.test("NewestMessages.goodUpTo() answers the end of the log when the last ten messages are good", async () => {
  assert.equal(await look("x".repeat(30) + ".".repeat(10)), 40);
  assert.equal(await look("x".repeat(30) + "." + "x" + ".".repeat(9)), null);
  assert.equal(await look(".".repeat(30) + "x"), null);
  assert.equal(await look("x".repeat(30) + "-..-......"), 40, "no value says nothing");
});

Deno.test("NewestMessages.goodUpTo() looks at nothing that is done", async () => {
  assert.equal(await look("xxxx...", { prefix: 4 }), 7);
  assert.equal(await look("xxxx...", { prefix: 3 }), null);
  assert.equal(await look("....", { prefix: 4 }), null, "nothing is left");
});

Deno.test("NewestMessages.goodUpTo() takes nothing for good that it has not seen", async () => {
  assert.equal(await look("-".repeat(10)), null);
  assert.equal(await look(".".repeat(16), { end: 20 }), null, "less came than there is");
  const tail = [{ baseOffset: 16, ...controlBatch(1n, "commit") }];
  assert.equal(await look(".".repeat(16), { end: 17, tail }), 17, "a control record is none");
  const damaged = [{ baseOffset: 16, records: [{ value: GOOD }], hasWrongCrc: true }];
  assert.equal(await look(".".repeat(16), { end: 17, tail: damaged }), null);
});

Deno.test("NewestMessages.goodUpTo() does not know when nobody answers", async () => {
  const bench = new ProcessingBench();
  const newest = new NewestMessages({
    fetches: { read: () => Promise.resolve(null) },
    maxPartitionBytes: 1,
    maxDecompressedBytes: 1,
  });
  assert.equal(await newest.goodUpTo(bench.own()), null);
  bench.assignment.close();
});
