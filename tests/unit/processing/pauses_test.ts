import assert from "node:assert/strict";
import { Pauses } from "../../../src/processing/pauses.ts";
import { ProcessingBench } from "../../support/processing_bench.ts";

const PAUSE = { by: "ops", reason: "a look at the sink", since: 0 };
const [A, B] = [{ topic: "t", partition: 0 }, { topic: "t", partition: 1 }];

Deno.test("Pauses holds everything, but for what was let go", () => {
  const pauses = new Pauses();
  pauses.pause("all", PAUSE);
  pauses.end([A]);
  assert.deepEqual([pauses.of(A), pauses.of(B)], [null, PAUSE]);
  pauses.pause([A], { ...PAUSE, reason: "again" });
  assert.equal(pauses.of(A)?.reason, "again");
  pauses.end("all");
  assert.deepEqual([pauses.of(A), pauses.of(B)], [null, null]);
});

Deno.test("Pauses keeps the first pause of a partition, and forgets what was let go", () => {
  const pauses = new Pauses();
  pauses.pause([A], PAUSE);
  pauses.pause([A, B], { ...PAUSE, by: "somebody else" });
  assert.deepEqual([pauses.of(A)?.by, pauses.of(B)?.by], ["ops", "somebody else"]);
  pauses.end([A]);
  assert.equal(pauses.of(A), null);
});

Deno.test("Assignment.pause() starts and asks for nothing more, lets what runs end, and keeps the partition", async () => {
  const first = Promise.withResolvers<void>();
  const bench = new ProcessingBench(({ offset }) => offset === 0 ? first.promise : undefined, {
    concurrency: 1,
  });
  const partition = bench.own();
  bench.deliver(partition, ["a", "b", "c"]);
  bench.assignment.pause([A], PAUSE);
  assert.equal(partition.wants(), false);
  first.resolve();
  await bench.clock.advance(10_000);
  assert.deepEqual([bench.calls, partition.prefix, partition.state], [["0#1"], 1, "active"]);
  assert.equal(bench.assignment.snapshot()[0]?.offset, 1);
  bench.assignment.endPause([A]);
  await bench.clock.advance(1);
  assert.deepEqual([bench.calls, partition.prefix], [["0#1", "1#1", "2#1"], 3]);
  assert.equal(partition.wants(), true);
  bench.assignment.close();
});

Deno.test("Assignment.pause() holds back retries and dead letters, too", async () => {
  const bench = new ProcessingBench(() => {
    throw new Error("not now");
  }, { maxAttempts: 2 });
  const partition = bench.own();
  bench.deliver(partition, ["a"]);
  bench.assignment.pause("all", PAUSE);
  await bench.clock.advance(60_000);
  assert.deepEqual([bench.calls, bench.sink.stored.length], [["0#1"], 0]);
  bench.assignment.endPause("all");
  await bench.clock.advance(1);
  assert.deepEqual([bench.calls, bench.sink.stored.length], [["0#1", "0#2"], 1]);
  assert.equal(partition.prefix, 1);
  bench.assignment.close();
});

Deno.test("Assignment.pause() survives a rebalance, and holds a partition that comes later", () => {
  const bench = new ProcessingBench();
  bench.own();
  bench.assignment.pause("all", PAUSE);
  bench.assignment.revoke(bench.assignment.all());
  const again = bench.own(5);
  assert.deepEqual([again.pause, again.wants()], [PAUSE, false]);
  assert.equal(bench.assignment.pauseOfAll, PAUSE);
  bench.assignment.close();
});

Deno.test("Assignment.drain() does not wait for a partition that is paused", async () => {
  const bench = new ProcessingBench(() => {
    throw new Error("not now");
  });
  const partition = bench.own();
  bench.deliver(partition, ["a"]);
  bench.assignment.pause([A], PAUSE);
  const drained = bench.assignment.drain([partition], 1_000);
  assert.equal(await Promise.race([drained, bench.clock.advance(10).then(() => "waits")]), false);
  bench.assignment.close();
});

Deno.test("Assignment.endPause() wakes whoever fetches, also a partition that came while paused", () => {
  const bench = new ProcessingBench();
  const partition = bench.own();
  bench.assignment.pause([A], PAUSE);
  bench.assignment.endPause([A]);
  assert.deepEqual(bench.rooms, [partition]);
  bench.assignment.pause([A], PAUSE);
  const again = bench.own();
  bench.assignment.endPause([A]);
  assert.deepEqual(bench.rooms, [partition, again]);
  bench.assignment.close();
});
