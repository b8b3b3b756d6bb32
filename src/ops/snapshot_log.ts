/** A snapshot as a screenful of log lines: what everything looks like, and what is furthest behind. */
import type { Logger } from "../processing/message.ts";
import type { PartitionSnapshot, Snapshot } from "./snapshot.ts";

const PARTITIONS_MAX = 20;
const LINES_MAX = 5;

export function logSnapshot(logger: Logger, snapshot: Snapshot): void {
  const { totals, rates, readiness, recentLines, partitions } = snapshot;
  logger.info("Snapshot", {
    phase: snapshot.phase,
    ready: readiness.ok,
    problems: snapshot.problems,
    connection: snapshot.connection,
    generation: snapshot.generation,
    partitions: partitions.length,
    paused: totals.pausedPartitions,
    lag: totals.lag,
    lagSeconds: totals.lagSeconds,
    timeToDrainSeconds: totals.timeToDrainSeconds,
    inFlight: snapshot.inFlight,
    bufferedMessages: totals.windowMessages,
    bufferedBytes: totals.windowBytes,
    heartbeatAgeMs: snapshot.heartbeatAgeMs,
    fetchAgeMs: snapshot.fetchAgeMs,
  });
  if (rates !== null) {
    logger.info("Snapshot of rates, each second", {
      overSeconds: rounded(rates.overSeconds),
      consumed: rounded(rates.consumed),
      processed: rounded(rates.processed),
      deadLettered: rounded(rates.deadLettered),
      failed: rounded(rates.failed),
      p50Ms: rounded(rates.processMs.p50),
      p99Ms: rounded(rates.processMs.p99),
    });
  }
  const furthest = partitions.toSorted(byUrgency).slice(0, PARTITIONS_MAX);
  for (const partition of furthest) logger.info("Snapshot of a partition", gist(partition));
  const untold = partitions.length - furthest.length;
  if (untold > 0) logger.info("Snapshot leaves partitions out", { partitions: untold });
  for (const { level, text, times, at } of recentLines.slice(0, LINES_MAX)) {
    const lastAt = new Date(at).toISOString();
    logger.info("Snapshot of a recent line", { level, line: text, times, lastAt });
  }
}

/** What stands still first, then what is furthest behind. */
function byUrgency(a: PartitionSnapshot, b: PartitionSnapshot): number {
  const standsStill = ({ stalled, pausedBy }: PartitionSnapshot) =>
    stalled !== null || pausedBy.length > 0 ? 1 : 0;
  return standsStill(b) - standsStill(a) || (b.lag ?? 0) - (a.lag ?? 0);
}

function gist(of: PartitionSnapshot): Readonly<Record<string, unknown>> {
  const { topic, partition, state, prefix, committed, logEnd, lag, lagSeconds, inFlight } = of;
  return {
    topic,
    partition,
    state,
    prefix,
    committed,
    logEnd,
    lag,
    lagSeconds,
    inFlight,
    stalled: of.stalled ?? undefined,
    pausedBy: of.pause?.by,
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
