import assert from "node:assert/strict";
import { firstHeld, slowestHandled, slowestHeld } from "../../../src/processing/standstill.ts";
import { PermanentError } from "../../../src/processing/failure.ts";
import { ProcessingBench } from "../../support/processing_bench.ts";

/** What is said of the first message after a second. */
async function firstAfterASecond(bench: ProcessingBench) {
  const partition = bench.own(5);
  bench.deliver(partition, ["a"]);
  await bench.clock.advance(1_000);
  return firstHeld(partition, bench.clock.now());
}

Deno.test("firstHeld() is null where nothing is held", () => {
  const bench = new ProcessingBench();
  assert.equal(firstHeld(bench.own(), bench.clock.now()), null);
});

Deno.test("firstHeld() tells a handler that runs, with the message's place and age", async () => {
  const bench = new ProcessingBench(() => new Promise(() => {}), { handlerTimeoutMs: 10_000 });
  assert.deepEqual(await firstAfterASecond(bench), {
    topic: "t",
    partition: 0,
    offset: 5,
    doing: "handling",
    attempt: 1,
    ageMs: 1_000,
    failure: null,
  });
});

Deno.test("firstHeld() tells a message that waits for its retry, and why", async () => {
  const fail = () => {
    throw new Error("no database");
  };
  const bench = new ProcessingBench(fail, { maxAttempts: 1_000, backoffMs: 60_000 });
  const held = await firstAfterASecond(bench);
  assert.deepEqual([held?.doing, held?.ageMs], ["retrying", 1_000]);
  assert.match(held?.failure?.message ?? "", /no database/);
});

Deno.test("firstHeld() tells a dead letter that cannot be written, and why", async () => {
  const bench = new ProcessingBench(() => {
    throw new PermanentError("bad");
  });
  bench.sink.answer = () => "fail";
  const held = await firstAfterASecond(bench);
  assert.deepEqual([held?.doing, held?.ageMs], ["dead_lettering", 1_000]);
  assert.equal(held?.failure?.message, "The topic is away");
  assert.ok((held?.attempt ?? 0) > 0);
});

Deno.test("firstHeld() tells a message that nothing has started", async () => {
  const bench = new ProcessingBench();
  bench.hasLease = false;
  const held = await firstAfterASecond(bench);
  assert.deepEqual([held?.doing, held?.attempt, held?.ageMs], ["queued", 0, null]);
});

Deno.test("slowestHandled() is what has been at work longest, in whichever partition", async () => {
  const bench = new ProcessingBench(() => new Promise(() => {}), { handlerTimeoutMs: 60_000 });
  const partition = bench.own(5);
  assert.equal(slowestHandled([partition], bench.clock.now()), null);
  bench.deliver(partition, ["a"]);
  await bench.clock.advance(1_000);
  bench.deliver(partition, ["b"]);
  await bench.clock.advance(1_000);
  const slowest = slowestHandled(bench.assignment.all(), bench.clock.now());
  assert.deepEqual([slowest?.offset, slowest?.ageMs], [5, 2_000]);
});

Deno.test("slowestHeld() lists what was begun and is not done, the slowest first, with what waits behind", async () => {
  const bench = new ProcessingBench(() => new Promise(() => {}), { handlerTimeoutMs: 60_000 });
  const [first, second] = [bench.own(0), bench.own(0, 1)];
  bench.deliver(first, ["a", "a", "a"]);
  await bench.clock.advance(1_000);
  bench.deliver(second, ["b"]);
  const nowMs = bench.clock.now() + 500;
  const slowest = slowestHeld(bench.assignment.all(), { nowMs, max: 5 });
  const told = slowest.map(({ held, message, waitingBehind }) => [
    held.ageMs,
    String.fromCharCode(...(message.key ?? [])),
    waitingBehind,
  ]);
  assert.deepEqual(told, [[1_500, "a", 2], [500, "b", 0]]);
  assert.equal(slowestHeld(bench.assignment.all(), { nowMs, max: 1 }).length, 1);
});
