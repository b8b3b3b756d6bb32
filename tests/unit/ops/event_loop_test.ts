import assert from "node:assert/strict";
import { watchEventLoop } from "../../../src/ops/event_loop.ts";
import { Histogram } from "../../../src/ops/metrics/histogram.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("watchEventLoop() looks four times a second, until it is stopped", async () => {
  const clock = new ManualClock();
  const delay = new Histogram([0.001]);
  const stop = watchEventLoop(clock, delay);
  await clock.advance(1_000);
  assert.deepEqual(delay.counts, [4, 0]);
  stop();
  assert.equal(clock.pending, 0);
});
