/** Facts to text: every metric of the table, in its order, with the series that there are now. */
import type { Counts } from "../counts.ts";
import type { Measures } from "../measures.ts";
import { METRICS } from "../metrics.ts";
import {
  CONNECTION_STATES,
  type PartitionSnapshot,
  PAUSERS,
  type ServiceStatus,
  type WorkerSnapshot,
} from "../snapshot.ts";
import { STALL_CAUSES } from "../stall_cause.ts";
import { Exposition, type ExpositionFormat } from "./exposition.ts";
import type { Histogram } from "./histogram.ts";
import type { LabelledCounter } from "./labelled_counter.ts";
import { labelText, type Metric, PARTITION_LABELS } from "./metric.ts";

/** What the metrics are made of, as of one moment. */
export interface MetricFacts {
  readonly status: ServiceStatus;
  readonly workers: readonly WorkerSnapshot[];
  readonly isReady: boolean;
  readonly counts: Counts;
  readonly measures: Measures;
  readonly process: ProcessFacts;
  /** By label of `processing_build_info`. */
  readonly build: { readonly version: string; readonly deno: string; readonly kafkajs: string };
  /** Milliseconds since 1970. */
  readonly wallTime: number;
}

/** What the machine says of this process. */
export interface ProcessFacts {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** Answers `/metrics`. */
export function collectMetrics(facts: MetricFacts, format: ExpositionFormat): string {
  const to = new Exposition(format);
  partitionMetrics(to, facts);
  messageMetrics(to, facts);
  deadLetterMetrics(to, facts);
  groupMetrics(to, facts);
  commitMetrics(to, facts);
  workerMetrics(to, facts);
  processMetrics(to, facts);
  return to.end();
}

function partitionMetrics(to: Exposition, { status, measures, wallTime }: MetricFacts): void {
  const { groupId, partitions } = status;
  const labels = partitions.map(({ topic, partition }) =>
    labelText(PARTITION_LABELS, [groupId, topic, String(partition)])
  );
  const each = (metric: Metric, valueOf: (of: PartitionSnapshot) => number | null) => {
    to.begin(metric);
    for (const [i, partition] of partitions.entries()) {
      const value = valueOf(partition);
      if (value !== null) to.value(metric, labels[i] as string, value);
    }
  };
  each(METRICS.consumerLagMessages, ({ lag }) => lag);
  each(METRICS.consumerLagSeconds, ({ lagSeconds }) => lagSeconds);
  each(
    METRICS.timeToDrainSeconds,
    ({ timeToDrainSeconds: time }) => time === "never" ? Infinity : time,
  );
  const ages = partitions.map(({ logSeenAgeMs }) => logSeenAgeMs).filter((age) => age !== null);
  optional(to, METRICS.consumerLagAgeSeconds, ages.length === 0 ? null : Math.max(...ages) / 1000);
  each(METRICS.committedOffset, ({ committed }) => committed);
  each(METRICS.processedOffset, ({ prefix }) => prefix);
  each(METRICS.logEndOffset, ({ logEnd }) => logEnd);
  each(METRICS.logStartOffset, ({ logStart }) => logStart);
  each(METRICS.lastProgress, ({ progressAgeMs }) => (wallTime - progressAgeMs) / 1000);
  each(METRICS.stalled, ({ stalled }) => stalled === null ? 0 : 1);
  const byCause = Map.groupBy(status.stalls, ({ cause }) => cause);
  const stalls = STALL_CAUSES.map((cause) => [cause, byCause.get(cause)?.length ?? 0]);
  byLabel(to, METRICS.stalls, Object.fromEntries(stalls));
  to.begin(METRICS.paused);
  for (const [i, { pausedBy }] of partitions.entries()) {
    for (const by of PAUSERS) {
      const text = `${(labels[i] as string).slice(0, -1)},by="${by}"}`;
      to.value(METRICS.paused, text, pausedBy.includes(by) ? 1 : 0);
    }
  }
  each(METRICS.inFlight, ({ inFlight }) => inFlight);
  each(METRICS.bufferedMessages, ({ windowMessages }) => windowMessages);
  each(METRICS.bufferedBytes, ({ windowBytes }) => windowBytes);
  labelled(to, METRICS.lostOffsets, measures.lostOffsets);
}

function messageMetrics(to: Exposition, { counts, measures }: MetricFacts): void {
  to.begin(METRICS.consumedMessages);
  const kafka = labelText(METRICS.consumedMessages.labels, ["kafka"]);
  to.value(METRICS.consumedMessages, kafka, measures.consumedMessages);
  byLabel(to, METRICS.events, {
    processed: counts.processed,
    dead_lettered: counts.deadLettered,
    dropped: counts.dropped,
    skipped: counts.skipped,
  });
  to.begin(METRICS.processDuration);
  const process = labelText(METRICS.processDuration.labels, ["kafka", "process"]);
  to.histogram(METRICS.processDuration, process, measures.processDuration);
  histogram(to, METRICS.eventAge, measures.eventAge);
  labelled(to, METRICS.errors, measures.errors);
  single(to, METRICS.retries, counts.retried);
  single(to, METRICS.abandonedHandlers, counts.handlersAbandoned);
  single(to, METRICS.fetchFailures, counts.fetchFailures);
  single(to, METRICS.unreadableBatches, counts.unreadableBatches);
}

function deadLetterMetrics(
  to: Exposition,
  { counts, measures, status, wallTime }: MetricFacts,
): void {
  const { deadLetterTopics: topics } = status;
  byLabel(
    to,
    METRICS.dlqDepth,
    Object.fromEntries(topics.map(({ topic, depth }) => [topic, depth])),
  );
  const ages = topics.map(({ topic, oldestAt }) => {
    return [topic, oldestAt === null ? 0 : Math.max(0, wallTime - oldestAt) / 1000];
  });
  byLabel(to, METRICS.dlqOldest, Object.fromEntries(ages));
  single(to, METRICS.dlqPublished, counts.deadLettered + counts.quarantinedBatches);
  labelled(to, METRICS.dlqFingerprints, measures.deadLetters);
  single(to, METRICS.dlqPublishFailures, counts.deadLettersDelayed);
  single(to, METRICS.dlqWithoutValue, counts.deadLettersWithoutValue);
  single(to, METRICS.breakersOpened, counts.breakersOpened);
}

function groupMetrics(to: Exposition, facts: MetricFacts): void {
  const { status, counts, measures, isReady, wallTime } = facts;
  const { connection, heartbeatAgeMs } = status;
  single(to, METRICS.connected, connection === "connected" ? 1 : 0);
  const states = CONNECTION_STATES.map((state) => [state, state === connection ? 1 : 0]);
  byLabel(to, METRICS.connectionState, Object.fromEntries(states));
  single(to, METRICS.reconnects, measures.reconnects);
  single(to, METRICS.ready, isReady ? 1 : 0);
  single(to, METRICS.assignedPartitions, status.partitions.length);
  single(to, METRICS.rebalances, counts.rebalances);
  histogram(to, METRICS.rebalanceDuration, measures.rebalanceDuration);
  const heartbeatAt = heartbeatAgeMs === null ? null : (wallTime - heartbeatAgeMs) / 1000;
  optional(to, METRICS.lastHeartbeat, heartbeatAt);
}

function commitMetrics(to: Exposition, { measures }: MetricFacts): void {
  histogram(to, METRICS.commitDuration, measures.commitDuration);
  labelled(to, METRICS.commitFailures, measures.commitFailures);
}

function workerMetrics(to: Exposition, { workers }: MetricFacts): void {
  const each = (metric: Metric, valueOf: (of: WorkerSnapshot) => number | null) => {
    to.begin(metric);
    for (const of of workers) {
      const value = valueOf(of);
      if (value !== null) to.value(metric, labelText(metric.labels, [String(of.worker)]), value);
    }
  };
  each(METRICS.workerReady, ({ isReady }) => isReady ? 1 : 0);
  each(METRICS.workerPartitions, ({ partitions }) => partitions.length);
  each(METRICS.workerLag, ({ lag }) => lag);
  each(METRICS.workerInFlight, ({ inFlight }) => inFlight);
  each(METRICS.workerProcessed, ({ processed }) => processed);
  each(METRICS.workerHeapUsed, ({ heapUsedBytes }) => heapUsedBytes);
}

function processMetrics(to: Exposition, { measures, process, build }: MetricFacts): void {
  histogram(to, METRICS.eventLoopDelay, measures.eventLoopDelay);
  single(to, METRICS.cpu, process.cpuSeconds);
  single(to, METRICS.residentMemory, process.residentBytes);
  single(to, METRICS.heapUsed, process.heapUsedBytes);
  single(to, METRICS.externalMemory, process.externalBytes);
  single(to, METRICS.startTime, process.startedAt / 1000);
  to.begin(METRICS.buildInfo);
  const { version, deno, kafkajs } = build;
  to.value(METRICS.buildInfo, labelText(METRICS.buildInfo.labels, [version, deno, kafkajs]), 1);
}

function single(to: Exposition, metric: Metric, value: number): void {
  to.begin(metric);
  to.value(metric, "", value);
}

/** No series while the value is not known. */
function optional(to: Exposition, metric: Metric, value: number | null): void {
  to.begin(metric);
  if (value !== null) to.value(metric, "", value);
}

function histogram(to: Exposition, metric: Metric, measured: Histogram): void {
  to.begin(metric);
  to.histogram(metric, "", measured);
}

function byLabel(
  to: Exposition,
  metric: Metric,
  values: Readonly<Record<string, number>>,
): void {
  to.begin(metric);
  for (const [label, value] of Object.entries(values)) {
    to.value(metric, labelText(metric.labels, [label]), value);
  }
}

function labelled(to: Exposition, metric: Metric, counter: LabelledCounter): void {
  to.begin(metric);
  for (const [values, count] of counter) to.value(metric, labelText(metric.labels, values), count);
}
