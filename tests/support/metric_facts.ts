/** Facts as `/metrics` is made of, and its answer read back. */
import { noCounts } from "../../src/ops/counts.ts";
import { Measures } from "../../src/ops/measures.ts";
import type { MetricFacts } from "../../src/ops/metrics/collect.ts";
import type { PartitionSnapshot, WorkerSnapshot } from "../../src/ops/snapshot.ts";

/** A partition that is 3 messages behind. */
export function partitionSnapshot(own: Partial<PartitionSnapshot> = {}): PartitionSnapshot {
  return {
    topic: "events",
    partition: 0,
    state: "active",
    position: 12,
    prefix: 9,
    committed: 8,
    logStart: 1,
    logEnd: 12,
    logSeenAgeMs: 250,
    lag: 3,
    lagSeconds: 1.5,
    timeToDrainSeconds: 4,
    windowMessages: 3,
    windowBytes: 300,
    inFlight: 1,
    processedPerSecond: 2,
    progressAgeMs: 500,
    pausedBy: [],
    pause: null,
    stalled: null,
    ...own,
  };
}

/** A worker that is 3 messages behind. */
export function madeUpWorker(own: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  return {
    worker: 0,
    clientId: "processing-service",
    phase: "running",
    isReady: true,
    connection: "connected",
    generation: 1,
    partitions: [{ topic: "events", partition: 0 }],
    lag: 3,
    inFlight: 1,
    processed: 7,
    heapUsedBytes: 500_000,
    ...own,
  };
}

/** A service that does well; every metric has a series. */
export function metricFacts(partitions: readonly PartitionSnapshot[]): MetricFacts {
  const measures = new Measures();
  measures.processDuration.observe(0.02);
  measures.errors.add(["validate", "schema_mismatch"]);
  measures.deadLetters.add(["0123456789"]);
  measures.commitFailures.add(["NOT_COORDINATOR"]);
  return {
    status: {
      phase: "running",
      problems: {},
      connection: "connected",
      offsetsAreCommitted: true,
      groupId: "group",
      generation: 1,
      lag: 3,
      heartbeatAgeMs: 1_000,
      fetchAgeMs: 100,
      inFlight: 1,
      stalls: [],
      pauseOfAll: null,
      deadLetterTopics: [{ topic: "events.dlq", depth: 4, oldestAt: 1_700_000_040_000 }],
      partitions,
    },
    workers: [madeUpWorker()],
    isReady: true,
    counts: { ...noCounts(), processed: 7, deadLettered: 2 },
    measures,
    process: {
      cpuSeconds: 1.25,
      residentBytes: 1_000_000,
      heapUsedBytes: 500_000,
      externalBytes: 2_000,
      startedAt: 1_700_000_000_000,
    },
    build: { version: "1.2.3", deno: "2.9.6", kafkajs: "2.2.4" },
    wallTime: 1_700_000_100_000,
  };
}

/** One series of an answer. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus's text format. */
export function readMetrics(text: string): readonly Series[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    return {
      name,
      labels: Object.fromEntries(pairs.map(([, label = "", content = ""]) => [label, content])),
      value: value === "+Inf" ? Infinity : Number(value),
    };
  });
}

/** The value of the only series with that name and these labels; undefined when there is none. */
export function valueOf(
  series: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  return series.find((each) =>
    each.name === name && wanted.every(([label, value]) => each.labels[label] === value)
  )?.value;
}
