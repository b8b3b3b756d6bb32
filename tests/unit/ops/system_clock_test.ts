import assert from "node:assert/strict";
import { systemClock } from "../../../src/ops/system_clock.ts";
import { within } from "../../support/eventually.ts";

Deno.test("systemClock.schedule() wakes once, and not at all when it is cancelled", async () => {
  let cancelled = 0;
  const cancel = systemClock.schedule(0, () => cancelled += 1);
  cancel();
  cancel();
  const woken = new Promise<void>((resolve) => systemClock.schedule(1, resolve));
  await within("the timer", woken, 5_000);
  assert.equal(cancelled, 0);
});

Deno.test("systemClock.schedule() does not fire at once for delays longer than a timer can have", async () => {
  let fired = false;
  const cancel = systemClock.schedule(3_000_000_000, () => fired = true);
  await new Promise<void>((resolve) => systemClock.schedule(5, resolve));
  cancel();
  assert.equal(fired, false);
});
