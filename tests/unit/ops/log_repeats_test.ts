import assert from "node:assert/strict";
import { type LeftOut, LogRepeats } from "../../../src/ops/log_repeats.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function start(max: number) {
  const clock = new ManualClock();
  const told: LeftOut[] = [];
  const repeats = new LogRepeats({ clock, max, onLeftOut: (leftOut) => told.push(leftOut) });
  const admitted = (text: string, times: number) =>
    Array.from({ length: times }, () => repeats.admits("warning", text)).filter(Boolean).length;
  return { clock, repeats, told, admitted };
}

Deno.test("LogRepeats.admits() counts each text and each period for itself", async () => {
  const { clock, told, admitted } = start(3);
  assert.deepEqual([admitted("a", 5), admitted("b", 2)], [3, 2]);
  await clock.advance(9_999);
  assert.deepEqual([admitted("a", 1), admitted("b", 2)], [0, 1]);
  await clock.advance(1);
  assert.deepEqual(told, [
    { level: "warning", text: "a", lines: 3, fields: {}, seconds: 10 },
    { level: "warning", text: "b", lines: 1, fields: {}, seconds: 10 },
  ]);
  assert.equal(admitted("a", 5), 3);
});

Deno.test("LogRepeats.admits() counts each key of a text for itself, and keeps the last fields", () => {
  const { repeats, told } = start(1);
  const admitted = ["a", "b", "a", "a"].map((key, at) =>
    repeats.admits("error", "text", { key, fields: { at } })
  );
  assert.deepEqual(admitted, [true, true, false, false]);
  repeats.tell();
  assert.deepEqual(told, [
    { level: "error", text: "text", lines: 2, fields: { at: 3 }, seconds: 10 },
  ]);
});

Deno.test("LogRepeats needs no timer while nothing is left out", async () => {
  const { clock, told, admitted } = start(3);
  assert.equal(admitted("a", 3), 3);
  assert.equal(clock.pending, 0);
  await clock.advance(10_000);
  assert.equal(admitted("a", 3), 3);
  assert.deepEqual(told, []);
});

Deno.test("LogRepeats tells a text that it can no longer remember", () => {
  const { clock, repeats, told, admitted } = start(1);
  admitted("first", 3);
  for (let i = 0; i < 1_000; i++) admitted(`other ${i}`, 1);
  assert.deepEqual(told, [{ level: "warning", text: "first", lines: 2, fields: {}, seconds: 10 }]);
  assert.equal(clock.pending, 0);
  repeats.tell();
  assert.equal(told.length, 1);
});
