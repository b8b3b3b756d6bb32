import assert from "node:assert/strict";
import { PROBE_EVERY_MS } from "../../../src/processing/breakers.ts";
import { PermanentError } from "../../../src/processing/failure.ts";
import type { Partition } from "../../../src/processing/partition.ts";
import { delivery, message, ProcessingBench } from "../../support/processing_bench.ts";

const LIMITS = { breaker: { deadLetters: 5, of: 10 }, windowMessages: 1_000, concurrency: 2 };

/** Delivers so many messages from the position on; `x` cannot be decoded, `-` has no value. */
function deliver(bench: ProcessingBench, partition: Partition, kinds: string): void {
  const messages = [...kinds].map((kind, at) => {
    const value = kind === "x" ? "{" : kind === "-" ? null : undefined;
    const own = value === undefined ? {} : { value };
    return message(partition.position + at, own);
  });
  bench.assignment.deliver(partition, delivery(partition.position, messages));
}

function offsets(bench: ProcessingBench): readonly number[] {
  return bench.sink.stored.map(({ source }) => source.offset);
}

Deno.test("A flood of dead letters stops its partition, by name, and no other", async () => {
  const bench = new ProcessingBench(() => {}, LIMITS);
  const flooded = bench.own();
  const other = bench.assignment.assign({ topic: "t", partition: 1 }, {
    position: 0,
    leaderEpoch: -1,
  });
  deliver(bench, flooded, "." + "x".repeat(100));
  await bench.clock.settle();
  assert.equal(flooded.breaker.isOpen, true);
  assert.ok(bench.sink.stored.length <= 5 + 1 + 2, "what was being sent is sent");
  const [opened, ...more] = bench.telemetry.of("breakerOpened");
  assert.equal(more.length, 0);
  assert.equal(opened?.facts.failure.code, "not_json");
  assert.deepEqual([opened?.facts.deadLetters, opened?.facts.of], [6, 7]);
  const stood = bench.sink.stored.length;
  await bench.clock.advance(PROBE_EVERY_MS - 1);
  assert.equal(bench.sink.stored.length, stood, "nothing is written any more");
  deliver(bench, other, "...");
  await bench.clock.settle();
  assert.equal(other.prefix, 3);
  bench.assignment.close();
  assert.equal(bench.clock.pending, 0);
});

Deno.test("An open breaker lets one message a minute through, the first that is not done, and closes when one goes well", async () => {
  const bench = new ProcessingBench(() => {}, LIMITS);
  const partition = bench.own();
  deliver(bench, partition, "x".repeat(12) + "--" + "....");
  await bench.clock.settle();
  const letters = bench.sink.stored.length;
  assert.ok(letters < 10);
  for (let probe = 1; letters + probe <= 12; probe++) {
    await bench.clock.advance(PROBE_EVERY_MS);
    assert.equal(bench.sink.stored.length, letters + probe);
    assert.equal(bench.probed.length, probe, "and the edge is asked to look");
  }
  assert.deepEqual(offsets(bench), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual([partition.breaker.isOpen, bench.calls], [true, []]);
  await bench.clock.advance(PROBE_EVERY_MS); // two tombstones, which say nothing, and a good one
  assert.equal(partition.breaker.isOpen, false);
  assert.deepEqual([partition.prefix, bench.calls.length], [18, 4]);
  const [closed] = bench.telemetry.of("breakerClosed");
  assert.equal(closed?.facts.because, "probe");
  assert.equal(bench.clock.pending, 0);
  bench.assignment.close();
});

Deno.test("A probe has all its attempts, and its retries may start, too", async () => {
  const script = ({ offset, attempt }: { offset: number; attempt: number }) => {
    if (offset < 8) throw new PermanentError("bad");
    if (attempt < 3) throw new Error("not yet");
  };
  const bench = new ProcessingBench(script, { ...LIMITS, concurrency: 1 });
  const partition = bench.own();
  deliver(bench, partition, ".".repeat(9));
  await bench.clock.advance(1_000);
  assert.equal(partition.prefix, 6);
  await bench.clock.advance(2 * PROBE_EVERY_MS);
  assert.equal(partition.prefix, 8);
  await bench.clock.advance(PROBE_EVERY_MS + 5_000);
  assert.deepEqual([partition.prefix, partition.breaker.isOpen], [9, false]);
  assert.deepEqual(bench.calls.slice(-3), ["8#1", "8#2", "8#3"]);
  bench.assignment.close();
});

Deno.test("Assignment.goodAhead() closes a breaker, and what lies before the good messages does not open it again", async () => {
  const bench = new ProcessingBench(() => {}, LIMITS);
  const partition = bench.own();
  deliver(bench, partition, "x".repeat(50) + ".".repeat(10));
  await bench.clock.advance(1_000);
  bench.assignment.goodAhead(partition, 60);
  await bench.clock.advance(1_000);
  assert.deepEqual([partition.prefix, bench.sink.stored.length], [60, 50]);
  assert.equal(bench.telemetry.of("breakerClosed")[0]?.facts.because, "newest");
  deliver(bench, partition, "x".repeat(50));
  await bench.clock.advance(1_000);
  assert.equal(partition.breaker.isOpen, true);
  bench.assignment.close();
  bench.assignment.goodAhead(partition, 200); // too late
  assert.equal(bench.clock.pending, 0);
});

Deno.test("A partition that is ours again stays paused", async () => {
  const bench = new ProcessingBench(() => {}, LIMITS);
  const partition = bench.own();
  deliver(bench, partition, "x".repeat(50));
  await bench.clock.advance(1_000);
  const letters = bench.sink.stored.length;
  bench.assignment.suspend();
  bench.assignment.readopt(partition, 0);
  await bench.clock.advance(PROBE_EVERY_MS - 10_000);
  assert.deepEqual([partition.breaker.isOpen, bench.sink.stored.length], [true, letters]);
  bench.assignment.close();
});

Deno.test("A drain ends when the last running message of a paused partition begins to wait", async () => {
  const gate = Promise.withResolvers<void>();
  const script = ({ offset }: { offset: number }) => {
    if (offset === 0) return gate.promise;
    throw new PermanentError("bad");
  };
  const bench = new ProcessingBench(script, { ...LIMITS, handlerTimeoutMs: 100_000 });
  const partition = bench.own();
  deliver(bench, partition, ".".repeat(20));
  await bench.clock.advance(1_000);
  assert.equal(partition.breaker.isOpen, true);
  const draining = bench.assignment.drain([partition], 60_000);
  gate.reject(new Error("later"));
  assert.equal(await settledBy(bench, draining), false);
  bench.assignment.close();
});

/** What the drain answered without any time. */
async function settledBy(bench: ProcessingBench, draining: Promise<boolean>): Promise<unknown> {
  let answer: unknown = "nothing yet";
  void draining.then((isDrained) => {
    answer = isDrained;
  });
  await bench.clock.settle();
  return answer;
}
