import assert from "node:assert/strict";
import { DeadlineError, withDeadline } from "../../../src/kafka/connections.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("withDeadline() ends a request that gets no answer, and its connection with it", async () => {
  const clock = new ManualClock();
  let hasClosed = false;
  const options = { clock, deadlineMs: 500, missed: "No answer", onMissed: () => hasClosed = true };
  const outcome: unknown[] = [];
  withDeadline(new Promise(() => {}), options).catch((error) => outcome.push(error));
  await clock.advance(499);
  assert.deepEqual([outcome.length, hasClosed], [0, false]);
  await clock.advance(1);
  assert.ok(outcome[0] instanceof DeadlineError);
  assert.equal(hasClosed, true);
});

Deno.test("withDeadline() leaves no timer behind an answer", async () => {
  const clock = new ManualClock();
  const options = { clock, deadlineMs: 500, missed: "No answer" };
  assert.equal(await withDeadline(Promise.resolve(7), options), 7);
  assert.equal(clock.pending, 0);
});
