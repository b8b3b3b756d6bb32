/** The dashboard for Grafana: what its panels show, from how far behind the service is to the process it runs in. */
import { METRICS } from "../../src/ops/metrics.ts";
import { ERROR_RATIO } from "./alerts.ts";
import { HERE, KAFKA, ON, PROCESS } from "./dashboard_kafka.ts";
import { grafanaDashboard, type Row } from "./grafana.ts";
import { by, quantile, rate, series } from "./promql.ts";

const M = METRICS;
const PARTITION = "{{topic}}/{{partition}}";

const OVERVIEW: Row = {
  title: "Is it well?",
  panels: [
    {
      kind: "stat",
      title: "Behind by",
      description: "Age of the oldest message that is not done",
      unit: "s",
      queries: [[`max(${series(M.consumerLagSeconds, HERE)})`, "lag"]],
      thresholds: { warning: 60, critical: 300 },
    },
    {
      kind: "stat",
      title: "Messages to do",
      description: M.consumerLagMessages.help,
      unit: "short",
      queries: [[`sum(${series(M.consumerLagMessages, HERE)})`, "lag"]],
    },
    {
      kind: "stat",
      title: "Caught up in",
      description: M.timeToDrainSeconds.help,
      unit: "s",
      queries: [[`max(${series(M.timeToDrainSeconds, HERE)})`, "time to drain"]],
      thresholds: { warning: 600, critical: 3600 },
    },
    {
      kind: "stat",
      title: "Messages a second",
      description: "Messages that had their outcome, each once",
      unit: "short",
      queries: [[`sum(${rate(M.events, { matchers: ON })})`, "messages"]],
    },
    {
      kind: "stat",
      title: "Attempts that fail",
      description: "Of all attempts in the last five minutes",
      unit: "percentunit",
      queries: [[ERROR_RATIO, "errors"]],
      thresholds: { warning: 0.01, critical: 0.05 },
    },
    {
      kind: "stat",
      title: "Connected instances",
      description: M.connected.help,
      unit: "short",
      queries: [[`sum(${series(M.connected, ON)})`, "connected"]],
    },
    {
      kind: "stat",
      title: "Partitions that stand still",
      description: M.stalls.help,
      unit: "short",
      queries: [[`sum(${series(M.stalls, ON)})`, "stalled"]],
      thresholds: { warning: 1, critical: 1 },
    },
    {
      kind: "stat",
      title: "Messages lost",
      description: `${M.lostOffsets.help}, in a day`,
      unit: "short",
      queries: [[`sum(increase(${series(M.lostOffsets, ON)}[1d]))`, "lost"]],
      thresholds: { warning: 1, critical: 1 },
    },
  ],
};

const LAG: Row = {
  title: "Lag",
  panels: [
    {
      kind: "lines",
      title: "Lag in seconds",
      description: M.consumerLagSeconds.help,
      unit: "s",
      queries: [[
        `max ${by(M.consumerLagSeconds, "topic", "partition")} (${
          series(M.consumerLagSeconds, HERE)
        })`,
        PARTITION,
      ]],
    },
    {
      kind: "lines",
      title: "Lag in messages",
      description: M.consumerLagMessages.help,
      unit: "short",
      queries: [[
        `max ${by(M.consumerLagMessages, "topic", "partition")} (${
          series(M.consumerLagMessages, HERE)
        })`,
        PARTITION,
      ]],
    },
    {
      kind: "lines",
      title: "Done and not committed",
      description: "Messages that come again after a kill",
      unit: "short",
      queries: [[
        `sum ${by(M.processedOffset, "topic")} (${series(M.processedOffset, HERE)}) - sum ${
          by(M.committedOffset, "topic")
        } (${series(M.committedOffset, HERE)})`,
        "{{topic}}",
      ]],
    },
    {
      kind: "lines",
      title: "Produced and done",
      description: "Growth of the logs, and of what is done of them, in messages a second",
      unit: "short",
      queries: [
        [`sum(deriv(${series(M.logEndOffset, HERE)}[2m]))`, "produced"],
        [`sum(deriv(${series(M.processedOffset, HERE)}[2m]))`, "done"],
      ],
    },
  ],
};

const PROCESSING: Row = {
  title: "Processing",
  panels: [
    {
      kind: "lines",
      title: "Outcomes",
      description: M.events.help,
      unit: "short",
      queries: [[
        `sum ${by(M.events, "outcome")} (${rate(M.events, { matchers: ON })})`,
        "{{outcome}}",
      ]],
    },
    {
      kind: "lines",
      title: "Errors and retries",
      description: M.errors.help,
      unit: "short",
      queries: [
        [
          `sum ${by(M.errors, "stage", "error_type")} (${rate(M.errors, { matchers: ON })})`,
          "{{stage}} {{error_type}}",
        ],
        [`sum(${rate(M.retries, { matchers: ON })})`, "retries"],
      ],
    },
    {
      kind: "lines",
      title: "Processing time",
      description: M.processDuration.help,
      unit: "s",
      queries: [0.5, 0.95, 0.99].map((of) => [
        quantile(M.processDuration, { of, matchers: ON }),
        `p${of * 100}`,
      ]),
    },
    {
      kind: "lines",
      title: "Age of events when done",
      description: M.eventAge.help,
      unit: "s",
      queries: [0.5, 0.95, 0.99].map((of) => [
        quantile(M.eventAge, { of, matchers: ON }),
        `p${of * 100}`,
      ]),
    },
    {
      kind: "lines",
      title: "Dead letters",
      description: M.dlqPublished.help,
      unit: "short",
      queries: [
        [`sum(${rate(M.dlqPublished, { matchers: ON })})`, "written"],
        [`sum(${rate(M.dlqPublishFailures, { matchers: ON })})`, "not written, tried again"],
        [`sum(${rate(M.dlqWithoutValue, { matchers: ON })})`, "without their value"],
      ],
    },
    {
      kind: "lines",
      title: "Dead letters in their topic",
      description: "All that it holds, whoever has read them",
      unit: "short",
      queries: [[
        `max ${by(M.dlqDepth, "topic")} (${series(M.dlqDepth, ON)})`,
        "{{topic}}",
      ]],
    },
    {
      kind: "lines",
      title: "Age of the oldest dead letter",
      description: M.dlqOldest.help,
      unit: "s",
      queries: [[
        `max ${by(M.dlqOldest, "topic")} (${series(M.dlqOldest, ON)})`,
        "{{topic}}",
      ]],
    },
    {
      kind: "lines",
      title: "In flight and in memory",
      description: M.bufferedMessages.help,
      unit: "short",
      queries: [
        [`sum(${series(M.inFlight, HERE)})`, "in flight"],
        [`sum(${series(M.bufferedMessages, HERE)})`, "in memory"],
      ],
    },
  ],
};

/** What is imported into Grafana. */
export function dashboard(): unknown {
  return grafanaDashboard({
    title: "Processing Service",
    uid: "processing-service",
    variables: [
      ["group", series(M.consumerLagMessages), "group"],
      ["topic", series(M.consumerLagMessages, { group: "=~$group" }), "topic"],
      ["instance", series(M.ready), "instance"],
    ],
    rows: [OVERVIEW, LAG, PROCESSING, KAFKA, PROCESS],
  });
}
