import assert from "node:assert/strict";
import { logSnapshot } from "../../../src/ops/snapshot_log.ts";
import { totalsOf } from "../../../src/ops/snapshot.ts";
import { metricFacts, partitionSnapshot } from "../../support/metric_facts.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

Deno.test("logSnapshot() fits on a screen, what stands still first and then what is furthest behind", () => {
  const partitions = Array.from({ length: 100 }, (_, partition) => {
    return partitionSnapshot({
      partition,
      lag: partition,
      stalled: partition === 7 ? "why" : null,
    });
  });
  const { status, counts, build } = metricFacts(partitions);
  const logger = new RecordingLogger();
  logSnapshot(logger, {
    ...status,
    version: build.version,
    at: 0,
    startedAt: 0,
    build,
    environment: "production",
    readiness: { ok: true, checks: [] },
    totals: totalsOf(partitions),
    workers: [],
    rates: null,
    counts,
    lastRebalance: null,
    recentLines: [],
    recentDeadLetters: [],
    lostRanges: [],
    slowest: [],
    log: { level: "info", configuredLevel: "info" },
    canAct: false,
  });
  assert.ok(logger.shown.length < 40);
  const told = logger.shown.filter(({ text }) => text === "Snapshot of a partition");
  assert.deepEqual(told.slice(0, 3).map(({ fields }) => fields["partition"]), [7, 99, 98]);
  assert.deepEqual(logger.shown.at(-1)?.fields, { partitions: 80 });
});
