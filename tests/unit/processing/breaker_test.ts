import assert from "node:assert/strict";
import { Breaker } from "../../../src/processing/breaker.ts";
import type { Failure } from "../../../src/processing/telemetry.ts";

function failure(code: string, message = code): Failure {
  return { stage: "validate", code, message };
}

/** Feeds outcomes, `x` a dead letter and `.` a good message; answers at which one it opened, or -1. */
function feed(breaker: Breaker, outcomes: string, from = 0): number {
  return [...outcomes].findIndex((outcome, at) => {
    return breaker.record(from + at, outcome === "x" ? failure("bad") : null);
  });
}

Deno.test("Breaker opens with the dead letter that is over the share, and not before", () => {
  const limits = { deadLetters: 5, of: 10 };
  assert.equal(feed(new Breaker(limits), "xxxxx....."), -1);
  assert.equal(feed(new Breaker(limits), "xxxxxx"), 5);
  assert.equal(feed(new Breaker(limits), ".x.x.x.x.x.x.x.x.x.x"), -1);
  assert.equal(feed(new Breaker(limits), "x.x.x.x.xx.x"), 9, "6 of the last 10");
  assert.equal(feed(new Breaker({ deadLetters: 0, of: 1 }), "..x"), 2);
});

Deno.test("Breaker never opens without limits", () => {
  const breaker = new Breaker(null);
  assert.equal(feed(breaker, "x".repeat(5_000)), -1);
  assert.equal(breaker.isOpen, false);
});

Deno.test("Breaker forgets what lies too far back", () => {
  const breaker = new Breaker({ deadLetters: 5, of: 10 });
  assert.equal(feed(breaker, "xxxxx......xxxxx"), -1);
  assert.equal(feed(breaker, "x"), 0);
});

Deno.test("Breaker.reason names the most frequent failure among the last messages, the last of its kind", () => {
  const breaker = new Breaker({ deadLetters: 5, of: 10 });
  for (const code of ["old", "old", "old"]) breaker.record(0, failure(code));
  for (let good = 0; good < 8; good++) breaker.record(0, null);
  for (const [code, text] of [["a", "1"], ["b", "2"], ["a", "3"], ["c", "4"], ["c", "5"]]) {
    breaker.record(0, failure(code ?? "", text));
  }
  assert.equal(breaker.reason, null);
  breaker.record(0, failure("c", "6"));
  assert.equal(breaker.isOpen, true);
  assert.deepEqual(breaker.reason, { deadLetters: 6, of: 10, failure: failure("c", "6") });
});

Deno.test("Breaker.close() puts it on probation: a share of a few messages opens it again", () => {
  const breaker = new Breaker({ deadLetters: 500, of: 1_000 });
  assert.equal(feed(breaker, "x".repeat(600)), 500);
  breaker.close();
  assert.deepEqual([breaker.isOpen, breaker.reason], [false, null]);
  assert.equal(feed(breaker, "x".repeat(20)), 10);
  breaker.close();
  assert.equal(feed(breaker, "...................." + "x".repeat(30)), 40, "21 of 41");
  breaker.close();
  assert.equal(feed(breaker, ".".repeat(1_000) + "x".repeat(501)), 1_500, "as at first");
});

Deno.test("Breaker.close() forgives dead letters before an offset", () => {
  const breaker = new Breaker({ deadLetters: 5, of: 10 });
  feed(breaker, "xxxxxx");
  breaker.close(1_000);
  assert.equal(feed(breaker, "x".repeat(994), 6), -1);
  assert.equal(feed(breaker, "xxxxxx", 1_000), 5);
});
