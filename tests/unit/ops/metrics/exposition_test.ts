import assert from "node:assert/strict";
import { Exposition, preferredFormat } from "../../../../src/ops/metrics/exposition.ts";
import { Histogram } from "../../../../src/ops/metrics/histogram.ts";
import { labelText, type Metric } from "../../../../src/ops/metrics/metric.ts";

const COUNTER: Metric = {
  name: "processing_things_total",
  type: "counter",
  group: "Process",
  help: "Things",
  labels: ["kind"],
};

Deno.test("Exposition names a counter in OpenMetrics without the suffix of its series, and ends with EOF", () => {
  const written = (["text", "openmetrics"] as const).map((format) => {
    const to = new Exposition(format);
    to.begin(COUNTER);
    to.value(COUNTER, labelText(COUNTER.labels, ["a"]), 2);
    return to.end();
  });
  assert.deepEqual(written, [
    "# HELP processing_things_total Things\n# TYPE processing_things_total counter\n" +
    'processing_things_total{kind="a"} 2\n',
    "# HELP processing_things Things\n# TYPE processing_things counter\n" +
    'processing_things_total{kind="a"} 2\n# EOF\n',
  ]);
});

Deno.test("Exposition.histogram() sums buckets up, and keeps labels beside `le`", () => {
  const metric: Metric = { ...COUNTER, name: "processing_wait_seconds", type: "histogram" };
  const histogram = new Histogram([0.5, 1]);
  for (const value of [0.1, 0.7, 3]) histogram.observe(value);
  const to = new Exposition("text");
  to.histogram(metric, labelText(["kind"], ["a"]), histogram);
  assert.equal(
    to.end(),
    'processing_wait_seconds_bucket{kind="a",le="0.5"} 1\n' +
      'processing_wait_seconds_bucket{kind="a",le="1.0"} 2\n' +
      'processing_wait_seconds_bucket{kind="a",le="+Inf"} 3\n' +
      'processing_wait_seconds_sum{kind="a"} 3.8\n' +
      'processing_wait_seconds_count{kind="a"} 3\n',
  );
});

Deno.test("labelText() escapes what would end a value", () => {
  assert.equal(labelText(["a"], ['\\ " \n']), '{a="\\\\ \\" \\n"}');
  assert.equal(labelText([], []), "");
});

Deno.test("preferredFormat() answers OpenMetrics to those that would rather have it", () => {
  const prometheus = "application/openmetrics-text;version=1.0.0;q=0.5," +
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
  assert.equal(preferredFormat(prometheus), "openmetrics");
  assert.equal(preferredFormat("application/openmetrics-text"), "openmetrics");
  assert.equal(preferredFormat("text/plain, application/openmetrics-text;q=0.5"), "text");
  assert.equal(preferredFormat("*/*"), "text");
  assert.equal(preferredFormat(null), "text");
});
