/** What `/metrics` says of a running service is what others measure. */
import assert from "node:assert/strict";
import { ALL_METRICS } from "../../src/ops/metrics.ts";
import { badMessages, events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { readMetrics, type Series, valueOf } from "../support/metric_facts.ts";
import { scrape } from "../support/operator.ts";
import { startService, untilAllCommitted, untilServing } from "../support/service.ts";

const WITHIN = { withinMs: 20_000 };
/** What nothing has happened to yet has no series. */
const ONLY_WHEN_IT_HAPPENS = new Set(["processing_commit_failures_total"]);

kafkaTest(
  "metrics agree with the group's offsets, the outcomes, the errors and the dead letters",
  { topics: { events: 3, letters: 2 } },
  async (kafka) => {
    const { events: topic, letters } = kafka.topics;
    const group = kafka.unique("group");
    const old = [0, 1, 1].map((partition) => ({ value: "left over", partition }));
    await kafka.produce(letters, old);
    const good = events({ seed: 1, count: 60 });
    const bad = badMessages(1);
    await kafka.produce(
      topic,
      [...good, ...bad].map(({ value }, i) => ({ value, partition: i % 3 })),
    );
    const settings = { HTTP_PORT: "0", DLQ_TOPIC: letters };
    await using service = await startService(kafka, { topic, group, settings });
    const url = await untilServing(service);
    await untilAllCommitted(kafka, { group, topic });
    const noLag = async () => {
      const seen = await scrape(url);
      // Partitions that nobody has looked at yet have no lag either.
      const areSeen = [0, 1, 2].every((partition) => {
        const labels = { group, topic, partition: String(partition) };
        return valueOf(seen, "processing_consumer_lag_seconds", labels) === 0;
      });
      const depth = valueOf(seen, "processing_dlq_depth_messages", { topic: letters });
      return areSeen && sum(seen, "lag_messages") === 0 && depth !== undefined;
    };
    await eventually("all has been looked at and there is no lag", noLag, WITHIN);

    const series = await scrape(url);
    const of = (name: string, labels = {}) => valueOf(series, name, labels);
    const [ends, committed] = [await kafka.endOffsets(topic), await kafka.committed(group, topic)];
    for (const partition of [0, 1, 2]) {
      const labels = { group, topic, partition: String(partition) };
      assert.equal(of("processing_log_end_offset", labels), ends[partition]);
      assert.equal(of("processing_committed_offset", labels), committed[partition]);
      assert.equal(of("processing_log_start_offset", labels), 0);
      assert.equal(of("processing_consumer_lag_seconds", labels), 0);
      assert.equal(of("processing_time_to_drain_seconds", labels), 0);
    }
    assert.equal(of("processing_events_total", { outcome: "processed" }), good.length);
    assert.equal(of("processing_events_total", { outcome: "dead_lettered" }), bad.length);
    assert.equal(of("messaging_client_consumed_messages_total"), good.length + bad.length);
    assert.equal(of("messaging_process_duration_seconds_count"), good.length);
    assert.equal(of("processing_event_age_seconds_count"), good.length);
    for (const { code } of bad) {
      const expected = bad.filter((each) => each.code === code).length;
      assert.equal(of("processing_errors_total", { error_type: code }), expected, code);
    }
    assert.equal(of("processing_dlq_published_total"), bad.length);
    assert.ok((of("processing_dlq_depth_messages", { topic: letters }) ?? 0) >= old.length);
    assert.ok((of("processing_dlq_oldest_seconds", { topic: letters }) ?? 0) > 0);
    assert.equal(of("processing_connected"), 1);
    assert.equal(of("processing_connection_state", { state: "connected" }), 1);
    assert.equal(of("processing_assigned_partitions"), 3);
    assert.equal(of("processing_ready"), 1);
    assertLabels(series);
    assert.equal((await service.stop()).code, 0);
  },
);

Deno.test("metrics say that there is no connection while there is none", async () => {
  const settings = { HTTP_PORT: "0", MAX_RETRIES: "100", RETRY_DELAY: "60" };
  const where = { topic: "events", group: "group", settings };
  await using service = await startService({ bootstrap: "127.0.0.1:1" }, where);
  const url = await untilServing(service);
  const answer = await fetch(`${url}/metrics`, {
    headers: { accept: "application/openmetrics-text" },
  });
  const text = await answer.text();
  assert.match(text, /# EOF\n$/);
  const series = readMetrics(text);
  assert.equal(valueOf(series, "processing_connected"), 0);
  assert.equal(valueOf(series, "processing_connection_state", { state: "connecting" }), 1);
  assert.equal((await service.stop()).code, 0);
});

/** Every metric that docs name is there, with exactly the labels that they name. */
function assertLabels(series: readonly Series[]): void {
  for (const { name, type, labels } of ALL_METRICS) {
    const its = series.filter((each) =>
      each.name === (type === "histogram" ? `${name}_sum` : name)
    );
    if (!ONLY_WHEN_IT_HAPPENS.has(name)) assert.ok(its.length > 0, `${name} has no series`);
    for (const each of its) assert.deepEqual(Object.keys(each.labels), [...labels], name);
  }
}

function sum(series: readonly Series[], ending: string): number {
  return series.filter(({ name }) => name.endsWith(ending))
    .reduce((total, { value }) => total + value, 0);
}
