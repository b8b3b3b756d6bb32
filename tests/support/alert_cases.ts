/** For each alert, series that make it fire and series that do not, for promtool's `test rules`. */

/** Series by name and labels, with their values minute by minute in promtool's notation: `0+60x20`. */
export type Series = Readonly<Record<string, string>>;

export interface AlertCase {
  readonly alert: string;
  /** After so long. */
  readonly at: string;
  readonly fires: Series;
  /** What the alert says then: the labels beside its severity, and its summary. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Near it, and well. */
  readonly quiet: Series;
}

const UP = 'up{job="processing-service",instance="a"}';
const AT = 'group="g",topic="t",partition="0",instance="a"';
const LAG = `processing_consumer_lag_seconds{${AT}}`;
const DRAIN = `processing_time_to_drain_seconds{${AT}}`;
const PAUSED = `processing_partition_paused{${AT},by=`;
const INSTANCE = { instance: "a" };
const TOPIC = { group: "g", topic: "t" };
const PARTITION = { ...TOPIC, partition: "0" };

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: "ProcessingServiceDown",
    at: "3m",
    fires: { [UP]: "1 0x9" },
    labels: { ...INSTANCE, job: "processing-service" },
    summary: "a does not answer",
    quiet: { [UP]: "1 0 1x9" },
  },
  {
    alert: "ProcessingServiceAbsent",
    at: "6m",
    fires: { 'up{job="other",instance="a"}': "1x9" },
    labels: { job: "processing-service" },
    summary: "No instance is scraped",
    quiet: { [UP]: "0x9" },
  },
  {
    alert: "ProcessingServiceRestarts",
    at: "20m",
    fires: { [start()]: "100x3 400x3 700x3 1000x20" },
    labels: { ...INSTANCE, job: "processing-service" },
    summary: "a was started 3 times in 30 minutes",
    quiet: { [start()]: "100x3 400x20" },
  },
  {
    alert: "ProcessingNotConnected",
    at: "4m",
    fires: { 'processing_connected{instance="a"}': "1 0x9" },
    labels: INSTANCE,
    summary: "a has no connection to Kafka",
    quiet: { 'processing_connected{instance="a"}': "1 0 0 1x9" },
  },
  {
    alert: "ProcessingNotReady",
    at: "6m",
    fires: {
      'processing_ready{instance="a"}': "0x9",
      'processing_connected{instance="a"}': "1x9",
    },
    labels: INSTANCE,
    summary: "a is connected and not ready",
    quiet: {
      'processing_ready{instance="a"}': "0x9",
      'processing_connected{instance="a"}': "0x9",
    },
  },
  {
    alert: "ProcessingPartitionsStalled",
    at: "3m",
    fires: { 'processing_stalled_partitions{instance="a",cause="handler_stuck"}': "0 2x9" },
    labels: { ...INSTANCE, cause: "handler_stuck" },
    summary: "2 partitions of a stand still: handler_stuck",
    quiet: {
      'processing_stalled_partitions{instance="a",cause="handler_stuck"}': "0x9",
      'processing_stalled_partitions{instance="a",cause="paused"}': "1x9",
    },
  },
  {
    alert: "ProcessingLagHigh",
    at: "7m",
    fires: { [LAG]: "0 400x9" },
    labels: TOPIC,
    summary: "g is 6m 40s behind on t",
    quiet: { [LAG]: "0 400x3 290x9" },
  },
  {
    alert: "ProcessingLagNotShrinking",
    at: "17m",
    fires: { [LAG]: "100+60x20", [DRAIN]: "7200x20" },
    labels: TOPIC,
    summary: "g does not catch up on t",
    quiet: { [LAG]: "1000-10x20", [DRAIN]: "3000x20" },
  },
  {
    alert: "ProcessingLagUnknown",
    at: "5m",
    fires: { 'processing_consumer_lag_age_seconds{instance="a"}': "0 90x9" },
    labels: INSTANCE,
    summary: "a has not seen the end of a log for 90 s",
    quiet: { 'processing_consumer_lag_age_seconds{instance="a"}': "0 50x9" },
  },
  {
    alert: "ProcessingMessagesLost",
    at: "5m",
    fires: { 'processing_lost_offsets_total{instance="a",cause="retention"}': "0 0 5x20" },
    labels: { ...INSTANCE, cause: "retention" },
    summary: "5 messages were gone before they were read: retention",
    quiet: { 'processing_lost_offsets_total{instance="a",cause="retention"}': "5x20" },
  },
  {
    alert: "ProcessingErrorsMany",
    at: "20m",
    fires: {
      'processing_errors_total{instance="a",stage="handle",error_type="E"}': "0+60x20",
      'processing_events_total{instance="a",outcome="processed"}': "0+540x20",
      'processing_events_total{instance="a",outcome="skipped"}': "0+5400x20",
      'processing_retries_total{instance="a"}': "0+60x20",
    },
    labels: {},
    summary: "10% of all attempts fail",
    quiet: {
      'processing_errors_total{instance="a",stage="handle",error_type="E"}': "0+6x20",
      'processing_events_total{instance="a",outcome="processed"}': "0+540x20",
      'processing_retries_total{instance="a"}': "0+6x20",
    },
  },
  {
    alert: "ProcessingDeadLetters",
    at: "12m",
    fires: { 'processing_dlq_published_total{instance="a"}': "0+20x20" },
    labels: {},
    summary: "20 dead letters a minute",
    quiet: { 'processing_dlq_published_total{instance="a"}': "0+9x20" },
  },
  {
    alert: "ProcessingDeadLetterCauseNew",
    at: "25m",
    fires: {
      'processing_dlq_fingerprints_total{instance="a",fingerprint="old"}': "1x40",
      'processing_dlq_fingerprints_total{instance="b",fingerprint="new"}': "_x19 3x20",
    },
    labels: { fingerprint: "new" },
    summary: "Dead letters of a cause not seen for a week: new",
    quiet: {
      'processing_dlq_fingerprints_total{instance="a",fingerprint="old"}': "1x10 _x30",
      'processing_dlq_fingerprints_total{instance="b",fingerprint="old"}': "_x19 3x20",
    },
  },
  {
    alert: "ProcessingDeadLettersNotWritten",
    at: "12m",
    fires: { 'processing_dlq_publish_failures_total{instance="a"}': "0+6x20" },
    labels: INSTANCE,
    summary: "a cannot write dead letters",
    quiet: { 'processing_dlq_publish_failures_total{instance="a"}': "3x20" },
  },
  {
    alert: "ProcessingBreakerOpen",
    at: "3m",
    fires: { [`${PAUSED}"breaker"}`]: "0 1x9", [`${PAUSED}"operator"}`]: "0x9" },
    labels: PARTITION,
    summary: "t/0 of g is paused: too many dead letters",
    quiet: { [`${PAUSED}"breaker"}`]: "0x9", [`${PAUSED}"operator"}`]: "1x9" },
  },
  {
    alert: "ProcessingPausedByOperator",
    at: "70m",
    fires: { [`${PAUSED}"operator"}`]: "0 1x80" },
    labels: PARTITION,
    summary: "t/0 of g has been paused by an operator for an hour",
    quiet: { [`${PAUSED}"operator"}`]: "0 1x30 0x80" },
  },
  {
    alert: "ProcessingBatchesUnreadable",
    at: "5m",
    fires: { 'processing_unreadable_batches_total{instance="a"}': "0 0 1x20" },
    labels: INSTANCE,
    summary: "a met a record batch that it cannot read",
    quiet: { 'processing_unreadable_batches_total{instance="a"}': "1x20" },
  },
  {
    alert: "ProcessingCommitsFail",
    at: "20m",
    fires: { 'processing_commit_failures_total{instance="a",error_type="16"}': "0+60x30" },
    labels: { ...INSTANCE, error_type: "16" },
    summary: "a cannot commit: 16",
    quiet: { 'processing_commit_failures_total{instance="a",error_type="16"}': "0 5x30" },
  },
  {
    alert: "ProcessingRebalancesMany",
    at: "20m",
    fires: { 'processing_rebalances_total{instance="a"}': "0+1x30" },
    labels: INSTANCE,
    summary: "a joined 15 generations in 15 minutes",
    quiet: { 'processing_rebalances_total{instance="a"}': "0 3x30" },
  },
  {
    alert: "ProcessingEventLoopBlocked",
    at: "12m",
    fires: loopDelays({ "0.05": "0x20", "5": "0+60x20", "+Inf": "0+60x20" }),
    labels: INSTANCE,
    summary: "a is late by 4.95s",
    quiet: loopDelays({ "0.05": "0+60x20", "5": "0+60x20", "+Inf": "0+60x20" }),
  },
  {
    alert: "ProcessingHandlersAbandoned",
    at: "5m",
    fires: { 'processing_handlers_abandoned_total{instance="a"}': "0 0 1x20" },
    labels: INSTANCE,
    summary: "a: handlers ignore their deadline",
    quiet: { 'processing_handlers_abandoned_total{instance="a"}': "1x20" },
  },
];

function start(): string {
  return 'process_start_time_seconds{job="processing-service",instance="a"}';
}

function loopDelays(counts: Readonly<Record<string, string>>): Series {
  return Object.fromEntries(
    Object.entries(counts).map(([le, values]) => [
      `processing_event_loop_delay_seconds_bucket{instance="a",le="${le}"}`,
      values,
    ]),
  );
}
