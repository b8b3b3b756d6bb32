import assert from "node:assert/strict";
import { requestDelayMs, retryDelayMs } from "../../../src/processing/retry.ts";

const BACKOFF = { backoffMs: 100, backoffMaxMs: 1_000 };
const ALMOST_1 = 1 - Number.EPSILON;

const BOUNDS: readonly { readonly attempt: number; readonly boundMs: number }[] = [
  { attempt: 1, boundMs: 100 },
  { attempt: 2, boundMs: 200 },
  { attempt: 3, boundMs: 400 },
  { attempt: 4, boundMs: 800 },
  { attempt: 5, boundMs: 1_000 },
  { attempt: 6, boundMs: 1_000 },
  { attempt: 5_000, boundMs: 1_000 },
];

for (const { attempt, boundMs } of BOUNDS) {
  Deno.test(`retryDelayMs() after attempt ${attempt} is anything from 0 to ${boundMs} ms`, () => {
    assert.equal(retryDelayMs(attempt, BACKOFF, 0), 0);
    assert.equal(retryDelayMs(attempt, BACKOFF, 0.5), Math.floor((boundMs + 1) / 2));
    assert.equal(retryDelayMs(attempt, BACKOFF, ALMOST_1), boundMs);
  });
}

for (const { attempt, boundMs } of BOUNDS) {
  Deno.test(`requestDelayMs() after attempt ${attempt} is from ${boundMs / 2} to ${boundMs} ms`, () => {
    assert.equal(requestDelayMs(attempt, BACKOFF, 0), boundMs / 2);
    assert.equal(requestDelayMs(attempt, BACKOFF, 0.5), boundMs * 0.75);
    assert.equal(requestDelayMs(attempt, BACKOFF, ALMOST_1), boundMs);
  });
}

Deno.test("retryDelayMs() can be turned off", () => {
  assert.equal(retryDelayMs(3, { backoffMs: 0, backoffMaxMs: 0 }, ALMOST_1), 0);
});
