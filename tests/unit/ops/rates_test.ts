import assert from "node:assert/strict";
import { noCounts } from "../../../src/ops/counts.ts";
import { Measures } from "../../../src/ops/measures.ts";
import { Rates } from "../../../src/ops/rates.ts";

Deno.test("Rates tells what happened in the last minute, not before", () => {
  const counts = noCounts();
  const measures = new Measures();
  const rates = new Rates(() => ({ counts, measures }));
  rates.look(0);
  assert.equal(rates.rates(0), null);
  for (let i = 0; i < 5_000; i++) measures.processDuration.observe(5);
  counts.processed = 5_000;
  for (let second = 100; second <= 200; second++) {
    rates.look(second * 1_000);
    counts.processed += 30;
    measures.consumedMessages += 50;
    for (let i = 0; i < 30; i++) measures.processDuration.observe(0.002);
    for (let i = 0; i < 10; i++) measures.errors.add(["handle", "x"]);
  }
  const told = rates.rates(201_000);
  assert.ok(told !== null);
  assert.equal(Math.round(told.processed), 30);
  assert.equal(Math.round(told.consumed), 50);
  assert.equal(told.errorShare, 0.25);
  assert.ok((told.processMs.p99 ?? Infinity) <= 5);
});
