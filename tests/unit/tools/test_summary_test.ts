import assert from "node:assert/strict";
import type { TestCase } from "../../../tools/junit.ts";
import {
  closingLine,
  hasFailed,
  type SuiteResult,
  summarize,
} from "../../../tools/test_summary.ts";

function suite(tests: Readonly<Record<string, TestCase["outcome"]>>, problems: string[] = []) {
  const cases = Object.entries(tests).map(([name, outcome]) => ({
    file: "./x_test.ts",
    name,
    outcome,
    seconds: 0,
    failure: outcome === "failed" ? "Error: it is 1\n\n    at x_test.ts:1\n" : "",
  }));
  return { suite: "unit", tests: cases, durationMs: 1234, problems } satisfies SuiteResult;
}

Deno.test("closingLine() counts over all suites and names skipped only when there are any", () => {
  const clean = suite({ a: "passed", b: "passed" });
  const mixed = suite({ c: "failed", d: "skipped" });
  assert.equal(closingLine([clean]), "2 passed, 0 failed");
  assert.equal(closingLine([clean, mixed]), "2 passed, 1 failed, 1 skipped");
});

Deno.test("closingLine() counts what went wrong beside the tests as failed", () => {
  assert.equal(closingLine([suite({ a: "passed" }, ["no file"])]), "1 passed, 1 failed");
});

Deno.test("hasFailed() holds for a failed test, a problem, and for nothing at all", () => {
  assert.equal(hasFailed([suite({ a: "passed", b: "skipped" })]), false);
  assert.equal(hasFailed([suite({ a: "passed", b: "failed" })]), true);
  assert.equal(hasFailed([suite({ a: "passed" }, ["no file"])]), true);
  assert.equal(hasFailed([suite({ a: "skipped" })]), true);
  assert.equal(hasFailed([]), true);
});

Deno.test("summarize() shows the reason of what was ignored, and ends with the closing line", () => {
  const lines = summarize([
    suite({
      "is kept [Apache Kafka] (ignored: no Java 17 (yet))": "skipped",
      "is fast": "passed",
    }),
  ]);
  assert.deepEqual(lines.slice(1), [
    "unit                  1        0        1    1.2 s",
    "",
    "Ignored, 1 x: no Java 17 (yet)",
    "  is kept [Apache Kafka]",
    "",
    "1 passed, 0 failed, 1 skipped",
  ]);
});

Deno.test("summarize() names a few tests of a reason and counts the rest", () => {
  const names = Array.from({ length: 7 }, (_, at) => `t${at} (ignored: why)`);
  const outcomes = Object.fromEntries(names.map((name) => [name, "skipped" as const]));
  const lines = summarize([suite({ ...outcomes, a: "passed" })]);
  assert.ok(lines.includes("Ignored, 7 x: why"));
  assert.ok(lines.includes("  … 2 more"));
});

Deno.test("summarize() names what failed, and with what", () => {
  const lines = summarize([suite({ a: "failed" }, ["deno test ended with exit code 1"])]);
  const at = lines.indexOf("Failed: ./x_test.ts => a");
  assert.deepEqual(lines.slice(at + 1, at + 3), ["  Error: it is 1", "      at x_test.ts:1"]);
  assert.ok(lines.includes("Failed: unit: deno test ended with exit code 1"));
  assert.ok(summarize([]).includes("Failed: no test ran"));
});
