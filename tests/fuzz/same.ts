/** Equality for what is compared millions of times: by JSON text first, the slow and telling way only for what differs. */
import assert from "node:assert/strict";

/** @throws AssertionError that shows where they differ */
export function assertSame(actual: unknown, expected: unknown, message?: string): void {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  assert.deepEqual(actual, expected, message);
}
