import assert from "node:assert/strict";
import { Histogram, quantile } from "../../../../src/ops/metrics/histogram.ts";

Deno.test("Histogram.observe() counts a value at a bound below it, and what is above all in the last bucket", () => {
  const histogram = new Histogram([1, 5]);
  for (const value of [0, 1, 1.1, 5, 6, Infinity]) histogram.observe(value);
  assert.deepEqual(histogram.counts, [2, 2, 2]);
  assert.equal(histogram.sum, Infinity);
});

Deno.test("quantile() lies between the bounds by proportion", () => {
  const counted = { bounds: [1, 2, 4], counts: [2, 4, 4, 0] };
  assert.equal(quantile(0.2, counted), 1);
  assert.equal(quantile(0.4, counted), 1.5);
  assert.equal(quantile(1, counted), 4);
  assert.equal(quantile(0.5, { bounds: [1], counts: [0, 3] }), 1);
  assert.equal(quantile(0.5, { bounds: [1], counts: [0, 0] }), null);
});
