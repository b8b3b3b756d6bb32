/** Snapshots as a service with many partitions would send them, another one each time. */
import type { PartitionSnapshot, Snapshot } from "../../src/ops/snapshot.ts";
import { totalsOf } from "../../src/ops/snapshot.ts";
import { noCounts } from "../../src/ops/counts.ts";
import { madeUpWorker } from "./metric_facts.ts";

const STARTED_AT = Date.UTC(2024, 0, 15, 10, 30);

/** The `second`th snapshot of a service that owns so many partitions. */
export function madeUpSnapshot(
  second: number,
  { partitions: count = 4, canAct = true, workers = 1 } = {},
): Snapshot {
  const partitions = Array.from({ length: count }, (_, index) => partitionAt(second, index));
  const totals = totalsOf(partitions);
  return {
    version: "1.2.3",
    at: STARTED_AT + second * 1_000,
    startedAt: STARTED_AT,
    build: { version: "1.2.3", deno: "2.9.6", kafkajs: "2.2.4" },
    environment: "production",
    phase: "running",
    problems: {},
    connection: "connected",
    offsetsAreCommitted: true,
    groupId: "processing-service-group",
    generation: 3,
    lag: totals.lag,
    heartbeatAgeMs: 300,
    fetchAgeMs: 20,
    inFlight: 8,
    stalls: [],
    pauseOfAll: null,
    partitions,
    readiness: { ok: true, checks: [{ name: "phase", ok: true, text: "running", isNote: false }] },
    totals,
    workers: Array.from({ length: workers }, (_, worker) => madeUpWorker({ worker })),
    rates: {
      overSeconds: 60,
      consumed: 5_000,
      processed: 4_950,
      deadLettered: 50,
      failed: 60,
      errorShare: 0.012,
      processMs: { p50: 0.4, p95: 3.1, p99: 20 + second % 7 },
    },
    counts: {
      ...noCounts(),
      processed: second * 4_950,
      deadLettered: second * 50,
      retried: second * 10,
    },
    slowest: slowestAt(second),
    lastRebalance: {
      at: STARTED_AT,
      generation: 3,
      protocol: "cooperative-sticky",
      members: 2,
      durationMs: 120,
    },
    recentLines: linesAt(second),
    recentDeadLetters: lettersAt(second),
    deadLetterTopics: [{
      topic: "user-activity-events.dlq",
      depth: 12,
      oldestAt: STARTED_AT - 3_600_000,
    }],
    lostRanges: [],
    log: { level: "info", configuredLevel: "info" },
    canAct,
  };
}

function partitionAt(second: number, index: number): PartitionSnapshot {
  const prefix = second * 20 + index;
  const lag = (second * 7 + index * 13) % 500;
  return {
    topic: "user-activity-events",
    partition: index,
    state: "active",
    position: prefix + 10,
    prefix,
    committed: prefix,
    logStart: 0,
    logEnd: prefix + lag,
    logSeenAgeMs: 100,
    lag,
    lagSeconds: lag / 20,
    timeToDrainSeconds: lag / 30,
    processedPerSecond: 20,
    windowMessages: 10,
    windowBytes: 7_500,
    inFlight: index % 2,
    progressAgeMs: 40,
    pausedBy: [],
    pause: null,
    stalled: null,
  };
}

function slowestAt(second: number): Snapshot["slowest"] {
  return Array.from({ length: 10 }, (_, index) => ({
    topic: "user-activity-events",
    partition: index,
    offset: second * 100 + index,
    doing: "handling" as const,
    attempt: 1,
    ageMs: 1_000 - index * 90,
    failure: null,
    key: `#0000000${index}`,
    value: null,
    waitingBehind: index,
  }));
}

function linesAt(second: number): Snapshot["recentLines"] {
  return Array.from({ length: 50 }, (_, index) => ({
    at: STARTED_AT + second * 1_000 - index,
    level: "warning" as const,
    text: `Something of kind ${index} happened`,
    fields: { attempt: second },
    times: second,
  }));
}

function lettersAt(second: number): Snapshot["recentDeadLetters"] {
  return Array.from({ length: 50 }, (_, index) => ({
    at: STARTED_AT + second * 1_000 - index,
    topic: "user-activity-events",
    partition: index,
    offset: second * 50 + index,
    stage: "validate",
    code: "schema_mismatch",
    fingerprint: "0123456789",
    reason: "user_id: expected string, received nothing",
    attempts: 1,
    stored: { topic: "user-activity-events.dlq", partition: index, offset: second },
    key: "#00000000",
    value: null,
  }));
}
