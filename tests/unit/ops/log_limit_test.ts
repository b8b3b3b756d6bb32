import assert from "node:assert/strict";
import { LogLimit } from "../../../src/ops/log_limit.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("LogLimit.limited() passes once a period and key, and counts what it held back", () => {
  const clock = new ManualClock();
  const limit = new LogLimit(clock);
  assert.equal(limit.limited("a", 1_000), 0);
  assert.equal(limit.limited("a", 1_000), null);
  assert.equal(limit.limited("b", 1_000), 0);
  clock.pass(999);
  assert.equal(limit.limited("a", 1_000), null);
  clock.pass(1);
  assert.equal(limit.limited("a", 1_000), 2);
  clock.pass(1_000);
  assert.equal(limit.limited("a", 1_000), 0);
});

Deno.test("LogLimit.limited() forgets the oldest keys instead of growing", () => {
  const limit = new LogLimit(new ManualClock());
  for (let i = 0; i <= 1_000; i++) limit.limited(`key ${i}`, 1_000);
  assert.equal(limit.limited("key 1000", 1_000), null);
  assert.equal(limit.limited("key 0", 1_000), 0);
});
