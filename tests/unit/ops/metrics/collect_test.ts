import assert from "node:assert/strict";
import { ALL_METRICS } from "../../../../src/ops/metrics.ts";
import { collectMetrics } from "../../../../src/ops/metrics/collect.ts";
import { cpuTimeMs } from "../../../../src/ops/system_clock.ts";
import {
  metricFacts,
  partitionSnapshot,
  readMetrics,
  valueOf,
} from "../../../support/metric_facts.ts";

Deno.test("collectMetrics() has every metric of the table, once, with exactly its labels", () => {
  const text = collectMetrics(metricFacts([partitionSnapshot()]), "text");
  const told = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  const byName = (a: readonly unknown[], b: readonly unknown[]) => String(a) < String(b) ? -1 : 1;
  const expected = ALL_METRICS.map(({ name, type }) => [name, type]);
  assert.deepEqual(told.sort(byName), expected.sort(byName));
  const series = readMetrics(text);
  for (const { name, type, labels } of ALL_METRICS) {
    const names = type === "histogram"
      ? [`${name}_bucket`, `${name}_sum`, `${name}_count`]
      : [name];
    for (const each of names) {
      const its = series.filter((one) => one.name === each);
      assert.ok(its.length > 0, `${each} has no series`);
      const wanted = each.endsWith("_bucket") ? [...labels, "le"] : labels;
      for (const one of its) assert.deepEqual(Object.keys(one.labels), [...wanted], each);
    }
  }
});

Deno.test("collectMetrics() says what is true of a partition, and leaves out what is not known", () => {
  const known = partitionSnapshot({
    partition: 7,
    timeToDrainSeconds: "never",
    pausedBy: ["breaker"],
  });
  const unknown = partitionSnapshot({ partition: 8, lag: null, lagSeconds: null, logEnd: null });
  const series = readMetrics(collectMetrics(metricFacts([known, unknown]), "text"));
  const of = (name: string, partition: number, own: Record<string, string> = {}) =>
    valueOf(series, name, {
      group: "group",
      topic: "events",
      partition: String(partition),
      ...own,
    });
  assert.equal(of("processing_consumer_lag_messages", 7), 3);
  assert.equal(of("processing_consumer_lag_seconds", 7), 1.5);
  assert.equal(of("processing_time_to_drain_seconds", 7), Infinity);
  assert.equal(of("processing_partition_last_progress_timestamp_seconds", 7), 1_700_000_099.5);
  assert.equal(of("processing_partition_paused", 7, { by: "breaker" }), 1);
  assert.equal(of("processing_partition_paused", 7, { by: "operator" }), 0);
  assert.equal(of("processing_consumer_lag_messages", 8), undefined);
  assert.equal(of("processing_log_end_offset", 8), undefined);
});

Deno.test("collectMetrics() has no series of a partition that is not ours", () => {
  const before = collectMetrics(
    metricFacts([partitionSnapshot(), partitionSnapshot({ partition: 1 })]),
    "text",
  );
  const after = collectMetrics(metricFacts([partitionSnapshot()]), "text");
  assert.match(before, /partition="1"/);
  assert.doesNotMatch(after, /partition="1"/);
});

Deno.test("collectMetrics() tells one state of the connection, and counts by outcome", () => {
  const series = readMetrics(collectMetrics(metricFacts([]), "text"));
  const on = series.filter(({ name, value }) =>
    name === "processing_connection_state" && value === 1
  );
  assert.deepEqual(on.map(({ labels }) => labels["state"]), ["connected"]);
  assert.equal(valueOf(series, "processing_events_total", { outcome: "processed" }), 7);
  assert.equal(valueOf(series, "processing_events_total", { outcome: "dead_lettered" }), 2);
  assert.equal(valueOf(series, "processing_dlq_oldest_seconds", { topic: "events.dlq" }), 60);
  assert.equal(valueOf(series, "processing_last_heartbeat_timestamp_seconds"), 1_700_000_099);
});

Deno.test("collectMetrics() of 256 partitions takes less than a slice of handlers may", () => {
  const partitions = Array.from(
    { length: 256 },
    (_, partition) => partitionSnapshot({ partition }),
  );
  const facts = metricFacts(partitions);
  const tookMs = Array.from({ length: 10 }, () => {
    const before = cpuTimeMs();
    assert.ok(collectMetrics(facts, "text").length > 100_000);
    return cpuTimeMs() - before;
  });
  assert.ok(Math.min(...tookMs) < 20, `${tookMs} ms`);
});
