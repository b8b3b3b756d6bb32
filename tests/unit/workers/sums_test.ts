import assert from "node:assert/strict";
import { noCounts } from "../../../src/ops/counts.ts";
import { Health, readyz } from "../../../src/ops/health.ts";
import { Measures } from "../../../src/ops/measures.ts";
import type { ServiceStatus } from "../../../src/ops/snapshot.ts";
import type { WorkerReport } from "../../../src/workers/protocol.ts";
import {
  isReady,
  mergeHappened,
  mergeHealth,
  mergeSlowest,
  mergeStatus,
  sumCounts,
  sumMeasures,
} from "../../../src/workers/sums.ts";
import { metricFacts, partitionSnapshot } from "../../support/metric_facts.ts";

const RUNNING = { phase: "running", problems: new Map(), groupId: "group" } as const;

Deno.test("sumCounts() and sumMeasures() add up what each worker counted", () => {
  const reports = [report({ measured: 0.02 }), report({ measured: 0.2 })];
  assert.equal(sumCounts(reports).processed, 14);
  const sum = sumMeasures(structuredClone(reports));
  assert.equal(sum.processDuration.counts.reduce((all, each) => all + each, 0), 2);
  assert.ok(Math.abs(sum.processDuration.sum - 0.22) < 1e-9);
  assert.deepEqual([...sum.errors], [[["handle", "x"], 2]]);
  assert.equal(sum.consumedMessages, 10);
  assert.deepEqual([...sumMeasures([]).lostOffsets].length, 3, "series are there from the start");
});

Deno.test("mergeStatus() adds up, takes the worst connection, the oldest ages and every partition", () => {
  const status = mergeStatus([
    report({ partitions: [2, 0], own: { heartbeatAgeMs: 5, lag: 4, connection: "joining" } }),
    report({ partitions: [1], own: { heartbeatAgeMs: 900, lag: null } }),
  ], RUNNING);
  assert.deepEqual(status.partitions.map(({ partition }) => partition), [0, 1, 2]);
  const { heartbeatAgeMs, lag, connection, inFlight, deadLetterTopics } = status;
  assert.deepEqual({ heartbeatAgeMs, lag, connection, inFlight }, {
    heartbeatAgeMs: 900,
    lag: 4,
    connection: "joining",
    inFlight: 2,
  });
  assert.equal(deadLetterTopics.length, 1);
  assert.equal(mergeStatus([], RUNNING).connection, "connecting");
});

Deno.test("mergeStatus() shows a partition once that moves between workers, as its new owner does", () => {
  const before = report({ partitions: [0], own: { generation: 4 } });
  const after = report({ partitions: [0], own: { generation: 5 }, prefix: 20 });
  for (const reports of [[before, after], [after, before]]) {
    const { partitions } = mergeStatus(reports, RUNNING);
    assert.deepEqual(partitions.map(({ prefix }) => prefix), [20]);
  }
});

Deno.test("mergeHealth() is well when all are, and says whose problem it is", () => {
  const well = { worker: 0, facts: facts({}), silence: null };
  const ill = { worker: 1, facts: facts({ lease: "no heartbeat" }), silence: null };
  assert.ok(readyz(mergeHealth([well, { ...well, worker: 1 }])).ok);
  const some = mergeHealth([well, ill]);
  assert.equal(readyz(some).ok, false);
  assert.equal(some.problems.get("lease"), "worker 1: no heartbeat");
  const all = mergeHealth([{ ...ill, worker: 0 }, ill]);
  assert.equal(all.problems.get("lease"), "no heartbeat");
  assert.deepEqual([well, ill].map(isReady), [true, false]);
});

Deno.test("mergeHealth() is not well before each has reported, nor while one is silent", () => {
  const well = { worker: 0, facts: facts({}), silence: null };
  const unknown = mergeHealth([well, { worker: 1, facts: null, silence: null }]);
  assert.deepEqual([unknown.phase, unknown.hasRun], ["starting", false]);
  assert.equal(readyz(unknown).ok, false);
  const silent = mergeHealth([well, { ...well, worker: 1, silence: "computes" }]);
  assert.equal(readyz(silent).ok, false);
  assert.equal(silent.problems.get("worker-1"), "computes");
});

Deno.test("mergeSlowest() and mergeHappened() keep the slowest and the newest, so many at most", () => {
  const slow = (ageMs: number) => ({
    ...{ topic: "t", partition: 0, offset: ageMs, doing: "handling", attempt: 1, ageMs } as const,
    ...{ failure: null, key: null, value: null, waitingBehind: 0 },
  });
  const loss = (at: number) => ({ at, topic: "t", partition: 0, from: 0, to: 1, cause: "c" });
  const rebalance = (generation: number, members: number | null) => ({
    ...{ at: 1, generation, protocol: "range", durationMs: 1, members },
  });
  const reports = [0, 1].map((worker) => ({
    ...report({}),
    slowest: Array.from({ length: 10 }, (_, i) => slow(2 * i + worker)),
    happened: {
      deadLetters: [],
      losses: Array.from({ length: 100 }, (_, i) => loss(2 * i + worker)),
      rebalance: rebalance(3, worker === 0 ? null : 2),
    },
  }));
  assert.deepEqual(mergeSlowest(reports).map(({ ageMs }) => ageMs).slice(0, 3), [19, 18, 17]);
  assert.equal(mergeSlowest(reports).length, 10);
  const { losses, rebalance: last } = mergeHappened(reports);
  assert.deepEqual([losses.length, losses[0]?.at], [100, 199]);
  assert.equal(last?.members, 2);
});

function facts(problems: Readonly<Record<string, string>>): ReturnType<Health["facts"]> {
  const health = new Health();
  health.setPhase("running");
  for (const [name, text] of Object.entries(problems)) health.setProblem(name, text);
  return health.facts();
}

function report({ partitions = [0], own = {}, measured = 0.02, prefix = 9 }: {
  readonly partitions?: readonly number[];
  readonly own?: Partial<ServiceStatus>;
  readonly measured?: number;
  readonly prefix?: number;
}): WorkerReport {
  const { status } = metricFacts(
    partitions.map((partition) => partitionSnapshot({ partition, prefix })),
  );
  const measures = new Measures();
  measures.processDuration.observe(measured);
  measures.errors.add(["handle", "x"]);
  measures.consumedMessages = 5;
  return {
    status: { ...status, ...own },
    health: facts({}),
    counts: { ...noCounts(), processed: 7 },
    measures: measures.data(),
    slowest: [],
    happened: { deadLetters: [], losses: [], rebalance: null },
    heapUsedBytes: 1,
    externalBytes: 1,
  };
}
