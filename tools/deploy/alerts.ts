/**
 * When somebody has to look, what it means and what to do first: deploy/prometheus/alerts.yml and the table of alerts in
 * docs/operations.md. An alert is for something to be done; what is only worth knowing is on the dashboard.
 */
import { METRICS } from "../../src/ops/metrics.ts";
import { by, increase, quantile, rate, series } from "./promql.ts";

export interface Alert {
  readonly name: string;
  /** PromQL: it fires for each series that this gives. */
  readonly when: string;
  /** How long that has to hold. */
  readonly for: string;
  /** `critical`: now; `warning`: today. */
  readonly severity: "critical" | "warning";
  /** One line, with the labels of the series: `{{ $labels.topic }}`. */
  readonly summary: string;
  readonly meaning: string;
  readonly action: string;
}

/** The job of deploy/prometheus/prometheus.yml. */
export const JOB = "processing-service";

const M = METRICS;
const PARTITION_OF = "{{ $labels.topic }}/{{ $labels.partition }} of {{ $labels.group }}";

/** Failed attempts as a share of all. */
export const ERROR_RATIO = `sum(${rate(M.errors)}) / (sum(${
  rate(M.events, { matchers: { outcome: "!=skipped" } })
}) + sum(${rate(M.retries)}))`;

export const ALERTS: readonly Alert[] = [
  {
    name: "ProcessingServiceDown",
    when: `up{job="${JOB}"} == 0`,
    for: "2m",
    severity: "critical",
    summary: "{{ $labels.instance }} does not answer",
    meaning: "The process is gone, or so busy that it does not answer within the scrape timeout",
    action: "Look at the end of its log: the last ERROR and the exit code say why",
  },
  {
    name: "ProcessingServiceAbsent",
    when: `absent(up{job="${JOB}"})`,
    for: "5m",
    severity: "critical",
    summary: "No instance is scraped",
    meaning: "Nothing consumes, or Prometheus no longer finds what does",
    action: "See whether instances run; if so, look at Prometheus's targets",
  },
  {
    name: "ProcessingServiceRestarts",
    when: `changes(${series(M.startTime, { job: JOB })}[30m]) > 2`,
    for: "0m",
    severity: "critical",
    summary: "{{ $labels.instance }} was started {{ $value }} times in 30 minutes",
    meaning: "It ends again and again, and some messages are processed again after each time",
    action: "Look the exit code up under Exit codes; 70 comes with an ERROR that says what broke",
  },
  {
    name: "ProcessingNotConnected",
    when: `${series(M.connected)} == 0`,
    for: "2m",
    severity: "critical",
    summary: "{{ $labels.instance }} has no connection to Kafka",
    meaning: "No broker answers, or the group does not take it in. Nothing is lost, nothing moves",
    action: "`/readyz` says what is the matter: the network, the brokers, credentials or rights",
  },
  {
    name: "ProcessingNotReady",
    when: `${series(M.ready)} == 0 and ${series(M.connected)} == 1`,
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.instance }} is connected and not ready",
    meaning: "Something holds it up, a partition or all of it",
    action: "`/readyz?verbose` has a line for each check",
  },
  {
    name: "ProcessingPartitionsStalled",
    when: `max ${by(M.stalls, "instance", "cause")} (${
      series(M.stalls, { cause: "!=paused" })
    }) > 0`,
    for: "1m",
    severity: "critical",
    summary: "{{ $value }} partitions of {{ $labels.instance }} stand still: {{ $labels.cause }}",
    meaning: "There is something to do, and nothing has moved for `STALL_SOFT_MS`",
    action: 'Look `cause` up in the table under "Partitions that stand still"',
  },
  {
    name: "ProcessingLagHigh",
    when: `max ${by(M.consumerLagSeconds, "group", "topic")} (${
      series(M.consumerLagSeconds)
    }) > 300`,
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.group }} is {{ $value | humanizeDuration }} behind on {{ $labels.topic }}",
    meaning: "Events are processed later than five minutes after they were produced",
    action: 'See "Lag that grows"',
  },
  {
    name: "ProcessingLagNotShrinking",
    when: `max ${by(M.timeToDrainSeconds, "group", "topic")} (${
      series(M.timeToDrainSeconds)
    }) > 3600 and max ${by(M.consumerLagSeconds, "group", "topic")} (${
      series(M.consumerLagSeconds)
    }) > 60`,
    for: "15m",
    severity: "warning",
    summary: "{{ $labels.group }} does not catch up on {{ $labels.topic }}",
    meaning: "At the present pace the lag lasts for an hour or longer, or grows",
    action: 'See "Lag that grows": more instances, more partitions, or a faster handler',
  },
  {
    name: "ProcessingLagUnknown",
    when: `${series(M.consumerLagAgeSeconds)} > 60`,
    for: "2m",
    severity: "warning",
    summary: "{{ $labels.instance }} has not seen the end of a log for {{ $value }} s",
    meaning: "The lag that is shown is old: a leader does not answer",
    action: "Look at the brokers, and whether the partition has a leader",
  },
  {
    name: "ProcessingMessagesLost",
    when: `sum ${by(M.lostOffsets, "instance", "cause")} (${
      increase(M.lostOffsets, { range: "15m" })
    }) > 0`,
    for: "0m",
    severity: "critical",
    summary:
      "{{ $value | humanize }} messages were gone before they were read: {{ $labels.cause }}",
    meaning: "Retention deleted them, the topic was created again, or the log was truncated",
    action:
      "ERROR `Messages lost` has partition and offsets. Raise the retention, remove the lag, get them from their source",
  },
  {
    name: "ProcessingErrorsMany",
    when: `${ERROR_RATIO} > 0.05`,
    for: "10m",
    severity: "warning",
    summary: "{{ $value | humanizePercentage }} of all attempts fail",
    meaning: "More than one attempt in twenty fails",
    action:
      "The dashboard has them by `stage` and `error_type`: `handle` is what handlers need, `decode` and `validate` are the producer",
  },
  {
    name: "ProcessingDeadLetters",
    when: `sum(${rate(M.dlqPublished)}) * 60 > 10`,
    for: "5m",
    severity: "warning",
    summary: "{{ $value | humanize }} dead letters a minute",
    meaning: "Messages cannot be processed, and pile up in the dead-letter topic",
    action: 'See "Dead letters that pile up"',
  },
  {
    name: "ProcessingDeadLetterCauseNew",
    when: `sum ${by(M.dlqFingerprints, "fingerprint")} (${
      series(M.dlqFingerprints)
    }) > 0 unless sum ${by(M.dlqFingerprints, "fingerprint")} (max_over_time(${
      series(M.dlqFingerprints)
    }[7d] offset 10m)) > 0`,
    for: "0m",
    severity: "warning",
    summary: "Dead letters of a cause not seen for a week: {{ $labels.fingerprint }}",
    meaning:
      "Messages fail in a way that is new: a change of the producer, the schema or a handler",
    action:
      "`dead-letters list` has the reason and where some lie; then step by step: docs/dead-letters.md",
  },
  {
    name: "ProcessingDeadLettersNotWritten",
    when: `sum ${by(M.dlqPublishFailures, "instance")} (${rate(M.dlqPublishFailures)}) > 0`,
    for: "5m",
    severity: "critical",
    summary: "{{ $labels.instance }} cannot write dead letters",
    meaning: "Their messages wait, and hold up their partitions. Nothing is lost",
    action:
      "WARNING `Dead letter not written` says why: topic missing, no right to write, too few replicas in sync",
  },
  {
    name: "ProcessingBreakerOpen",
    when: `max ${by(M.paused, "group", "topic", "partition")} (${
      series(M.paused, { by: "breaker" })
    }) == 1`,
    for: "1m",
    severity: "critical",
    summary: `${PARTITION_OF} is paused: too many dead letters`,
    meaning: "Over half of its last messages became dead letters (`DLQ_BREAKER`)",
    action:
      "ERROR `Partition paused` has the most frequent reason. Mend producer or handler; it goes on by itself",
  },
  {
    name: "ProcessingPausedByOperator",
    when: `max ${by(M.paused, "group", "topic", "partition")} (${
      series(M.paused, { by: "operator" })
    }) == 1`,
    for: "1h",
    severity: "warning",
    summary: `${PARTITION_OF} has been paused by an operator for an hour`,
    meaning: "Somebody paused it, and may have forgotten it",
    action: "Ask; then resume it, by the console or `POST /actions/resume`",
  },
  {
    name: "ProcessingBatchesUnreadable",
    when: `sum ${by(M.unreadableBatches, "instance")} (${
      increase(M.unreadableBatches, { range: "15m" })
    }) > 0`,
    for: "0m",
    severity: "critical",
    summary: "{{ $labels.instance }} met a record batch that it cannot read",
    meaning: "It is damaged, or needs a newer version or another setting",
    action:
      "ERROR `Record batch unreadable` has the offsets and the reason: decisions/0011-unreadable-batches.md",
  },
  {
    name: "ProcessingCommitsFail",
    when: `sum ${by(M.commitFailures, "instance", "error_type")} (${rate(M.commitFailures)}) > 0.1`,
    for: "10m",
    severity: "warning",
    summary: "{{ $labels.instance }} cannot commit: {{ $labels.error_type }}",
    meaning: "What is done since the last commit is done again after a restart",
    action: "Look at the coordinator of the group, and at the rights on it",
  },
  {
    name: "ProcessingRebalancesMany",
    when: `max ${by(M.rebalances, "instance")} (${increase(M.rebalances, { range: "15m" })}) > 5`,
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.instance }} joined {{ $value | humanize }} generations in 15 minutes",
    meaning: "Members come and go: one is restarted again and again, or too slow for its session",
    action:
      "See which instance restarts; then whether the event loop is blocked, or `SESSION_TIMEOUT_MS` too short",
  },
  {
    name: "ProcessingEventLoopBlocked",
    when: `${quantile(M.eventLoopDelay, { of: 0.99, by: ["instance"] })} > 1`,
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.instance }} is late by {{ $value | humanizeDuration }}",
    meaning: "A handler computes without giving way, or the processor is not enough",
    action:
      "WARNING `Event loop was blocked` says for how long; look at its processor limit and at the handlers",
  },
  {
    name: "ProcessingHandlersAbandoned",
    when: `sum ${by(M.abandonedHandlers, "instance")} (${
      increase(M.abandonedHandlers, { range: "15m" })
    }) > 0`,
    for: "0m",
    severity: "warning",
    summary: "{{ $labels.instance }}: handlers ignore their deadline",
    meaning:
      "A handler went on after `HANDLER_TIMEOUT_MS`; what it does then nobody waits for, while the message is tried again",
    action: "Give its calls the `signal` of its context",
  },
];
