/** Prometheus's own opinion of what `/metrics` answers. */
import assert from "node:assert/strict";
import { collectMetrics } from "../../src/ops/metrics/collect.ts";
import { metricFacts, partitionSnapshot } from "../support/metric_facts.ts";
import { prometheusProgram, prometheusTest } from "../support/prometheus.ts";

prometheusTest("promtool finds nothing to complain about in the metrics", async () => {
  const partitions = [partitionSnapshot(), partitionSnapshot({ partition: 1, lag: null })];
  const text = collectMetrics(metricFacts(partitions), "text");
  const child = new Deno.Command(await prometheusProgram("promtool"), {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.deepEqual({ code, said }, { code: 0, said: "" });
});
