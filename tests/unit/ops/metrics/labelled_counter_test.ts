import assert from "node:assert/strict";
import { LabelledCounter } from "../../../../src/ops/metrics/labelled_counter.ts";

Deno.test("LabelledCounter counts by all its labels, and shows what was declared at 0", () => {
  const counter = new LabelledCounter(10);
  counter.declare(["decode", "not_json"]);
  counter.add(["handle", "timeout"]);
  counter.add(["handle", "timeout"], 4);
  const expected = [[["decode", "not_json"], 0], [["handle", "timeout"], 5]];
  assert.deepEqual([...counter], expected);
});

Deno.test("LabelledCounter never has more series than its bound, but for `other`", () => {
  const counter = new LabelledCounter(3);
  for (let i = 0; i < 1_000; i++) counter.add(["handle", `E${i}`]);
  const series = [...counter];
  assert.equal(series.length, 4);
  assert.deepEqual(series.at(-1), [["handle", "other"], 997]);
});
