import assert from "node:assert/strict";
import { delivery, message, ProcessingBench } from "../../support/processing_bench.ts";

/** Handlers that never end. */
function stuck(): Promise<void> {
  return new Promise(() => {});
}

function assign(bench: ProcessingBench, partition: number) {
  return bench.assignment.assign({ topic: "t", partition }, { position: 0, leaderEpoch: -1 });
}

/** Delivers messages of 1,000 bytes and more. */
function deliver(bench: ProcessingBench, to: ReturnType<typeof assign>, count: number): boolean {
  const from = to.position;
  const messages = Array.from({ length: count }, (_, at) => {
    return message(from + at, { value: new Uint8Array(1_000) });
  });
  return bench.assignment.deliver(to, delivery(from, messages));
}

Deno.test("Partitions share MAX_BUFFER_BYTES evenly: a stuck one cannot take what another needs", () => {
  const bench = new ProcessingBench(stuck, { bufferBytes: 40_000 });
  bench.hasLease = false; // nothing starts, nothing ends
  const [full, other] = [assign(bench, 0), assign(bench, 1)];
  assert.equal(bench.assignment.deliveryBytes, 10_000);
  while (full.wants()) deliver(bench, full, 4);
  assert.ok(full.windowBytes > 10_000 && full.windowBytes < 15_000, `${full.windowBytes} bytes`);
  assert.equal(other.wants(), true);
  while (other.wants()) deliver(bench, other, 1);
  assert.ok(other.windowBytes >= 10_000 && other.windowBytes < 12_000);
  bench.assignment.close();
});

Deno.test("A partition that holds nothing is asked for, however small its share and large the delivery", async () => {
  const bench = new ProcessingBench(() => {}, { bufferBytes: 1 });
  const partitions = [assign(bench, 0), assign(bench, 1), assign(bench, 2)];
  for (let round = 0; round < 3; round++) {
    for (const partition of partitions) {
      assert.equal(partition.wants(), true);
      deliver(bench, partition, 50);
    }
    await bench.clock.advance(1_000);
  }
  assert.deepEqual(partitions.map(({ prefix }) => prefix), [150, 150, 150]);
  bench.assignment.close();
});

Deno.test("What a partition leaves goes to the others, and PARTITION_WINDOW_BYTES bounds each", () => {
  const bench = new ProcessingBench(stuck, { bufferBytes: 40_000, windowBytes: 15_000 });
  bench.hasLease = false;
  const [one, two] = [assign(bench, 0), assign(bench, 1)];
  while (one.wants()) deliver(bench, one, 1);
  assert.equal(one.wants(), false);
  bench.assignment.revoke([two]);
  assert.equal(one.wants(), true);
  while (one.wants()) deliver(bench, one, 1);
  assert.ok(one.windowBytes >= 15_000 && one.windowBytes < 17_000);
  bench.assignment.close();
});

Deno.test("A window is full by its messages or by its bytes, whichever comes first", () => {
  const limits = { windowMessages: 3, windowBytes: 5_000 };
  const bench = new ProcessingBench(stuck, limits);
  bench.hasLease = false;
  const [small, large] = [assign(bench, 0), assign(bench, 1)];
  const empty = Array.from({ length: 3 }, (_, offset) => message(offset, { value: null }));
  bench.assignment.deliver(small, delivery(0, empty.slice(0, 2)));
  assert.equal(small.wants(), true);
  bench.assignment.deliver(small, delivery(2, empty.slice(2)));
  assert.ok(small.windowMessages === 3 && small.windowBytes < 5_000);
  assert.equal(small.wants(), false, "by messages");
  const heavy = message(0, { value: new Uint8Array(5_000) });
  bench.assignment.deliver(large, delivery(0, [heavy]));
  assert.ok(large.windowMessages === 1);
  assert.equal(large.wants(), false, "by bytes");
  bench.assignment.close();
});
