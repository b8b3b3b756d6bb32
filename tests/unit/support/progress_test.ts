import assert from "node:assert/strict";
import type { Handled } from "../../support/oracle.ts";
import { judgeProgress, longestStalls, type ProgressHistory } from "../../support/progress.ts";

const TOPIC = "events";

function sent(offset: number, at: number, partition = 0) {
  return { topic: TOPIC, partition, offset, at };
}

function done(offset: number, at: number, partition = 0): Handled {
  const eventId = `e${offset}`;
  return { topic: TOPIC, partition, offset, at, eventId, kind: "done", process: "p1" };
}

function history(change: Partial<ProgressHistory>): ProgressHistory {
  return { sent: [], handled: [], deadLettered: [], endedAt: 1_000, ...change };
}

Deno.test("longestStalls() counts from when something waits to the next first outcome", () => {
  const run = history({ sent: [sent(0, 10), sent(1, 500)], handled: [done(0, 30), done(1, 620)] });
  assert.deepEqual(longestStalls(run), [{ topic: TOPIC, partition: 0, from: 500, to: 620 }]);
});

Deno.test("longestStalls() counts from the last outcome while more waits", () => {
  const run = history({ sent: [sent(0, 10), sent(1, 11)], handled: [done(0, 30), done(1, 90)] });
  assert.deepEqual(longestStalls(run), [{ topic: TOPIC, partition: 0, from: 30, to: 90 }]);
});

Deno.test("longestStalls() does not take a repeat for progress, but a dead letter", () => {
  const sends = [sent(0, 10), sent(1, 11), sent(2, 11)];
  const handled = [done(0, 30), done(0, 60), done(2, 95)];
  const run = history({ sent: sends, handled, deadLettered: [sent(1, 90)] });
  assert.deepEqual(longestStalls(run), [{ topic: TOPIC, partition: 0, from: 30, to: 90 }]);
});

Deno.test("longestStalls() lasts to the end of the run where nothing moves any more", () => {
  const run = history({ sent: [sent(0, 10), sent(1, 11)], handled: [done(0, 30)] });
  assert.deepEqual(longestStalls(run), [{ topic: TOPIC, partition: 0, from: 30, to: 1_000 }]);
});

Deno.test("longestStalls() finds no stall where nothing waits, also when the producer hears late", () => {
  const run = history({ sent: [sent(0, 40), sent(1, 900)], handled: [done(0, 30), done(1, 900)] });
  assert.deepEqual(longestStalls(run), []);
});

Deno.test("longestStalls() keeps partitions apart, the longest first, and cuts to the window", () => {
  const run = history({
    sent: [sent(0, 0), sent(0, 0, 1)],
    handled: [done(0, 100), done(0, 300, 1)],
  });
  const found = longestStalls(run, { from: 50, to: 200 });
  assert.deepEqual(found.map(({ partition, from, to }) => [partition, from, to]), [
    [1, 50, 200],
    [0, 50, 100],
  ]);
});

Deno.test("judgeProgress() names what stood still for longer than the limit", () => {
  const run = history({ sent: [sent(0, 10), sent(1, 11)], handled: [done(0, 30), done(1, 600)] });
  assert.deepEqual(judgeProgress(run, { limitMs: 570 }), []);
  assert.deepEqual(judgeProgress(run, { limitMs: 569 }), [
    "events-0 stood still for 570 ms from 30",
  ]);
});
