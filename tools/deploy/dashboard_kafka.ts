/** The dashboard's panels of Kafka and of the process. */
import { METRICS } from "../../src/ops/metrics.ts";
import { JOB } from "./alerts.ts";
import type { Row } from "./grafana.ts";
import { by, quantile, rate, series } from "./promql.ts";

const M = METRICS;
/** What the variables of the dashboard choose; all by default. */
export const HERE = { group: "=~$group", topic: "=~$topic", instance: "=~$instance" } as const;
/** The same of what has no topic. */
export const ON = { instance: "=~$instance" } as const;

export const KAFKA: Row = {
  title: "Kafka",
  panels: [
    {
      kind: "lines",
      title: "State of the connection",
      description: M.connectionState.help,
      unit: "short",
      queries: [[
        `sum ${by(M.connectionState, "state")} (${series(M.connectionState, ON)})`,
        "{{state}}",
      ]],
    },
    {
      kind: "lines",
      title: "Assigned partitions",
      description: M.assignedPartitions.help,
      unit: "short",
      queries: [[series(M.assignedPartitions, ON), "{{instance}}"]],
    },
    {
      kind: "lines",
      title: "Rebalances",
      description: M.rebalances.help,
      unit: "short",
      queries: [[
        `sum ${by(M.rebalances, "instance")} (increase(${series(M.rebalances, ON)}[5m]))`,
        "{{instance}}",
      ]],
    },
    {
      kind: "lines",
      title: "Commits",
      description: M.commitDuration.help,
      unit: "s",
      queries: [
        [quantile(M.commitDuration, { of: 0.5, matchers: ON }), "p50"],
        [quantile(M.commitDuration, { of: 0.99, matchers: ON }), "p99"],
      ],
    },
    {
      kind: "lines",
      title: "Failures of commits and fetches",
      description: M.commitFailures.help,
      unit: "short",
      queries: [
        [
          `sum ${by(M.commitFailures, "error_type")} (${rate(M.commitFailures, { matchers: ON })})`,
          "commit {{error_type}}",
        ],
        [`sum(${rate(M.fetchFailures, { matchers: ON })})`, "fetch"],
      ],
    },
    {
      kind: "lines",
      title: "Partitions that stand still, and paused",
      description: M.stalls.help,
      unit: "short",
      queries: [
        [`sum ${by(M.stalls, "cause")} (${series(M.stalls, ON)})`, "{{cause}}"],
        [`sum ${by(M.paused, "by")} (${series(M.paused, HERE)})`, "paused by {{by}}"],
      ],
    },
  ],
};

export const PROCESS: Row = {
  title: "Process",
  panels: [
    {
      kind: "lines",
      title: "Processor",
      description: M.cpu.help,
      unit: "short",
      queries: [[rate(M.cpu, { matchers: { ...ON, job: JOB } }), "{{instance}}"]],
    },
    {
      kind: "lines",
      title: "Memory",
      description: "In RAM, of the JavaScript heap, and of messages outside it",
      unit: "bytes",
      queries: [
        [series(M.residentMemory, { ...ON, job: JOB }), "{{instance}} in RAM"],
        [series(M.heapUsed, ON), "{{instance}} heap"],
        [series(M.externalMemory, ON), "{{instance}} outside the heap"],
      ],
    },
    {
      kind: "lines",
      title: "Event loop, delay",
      description: M.eventLoopDelay.help,
      unit: "s",
      queries: [[
        quantile(M.eventLoopDelay, { of: 0.99, matchers: ON, by: ["instance"] }),
        "{{instance}}",
      ]],
    },
    {
      kind: "lines",
      title: "What runs",
      description: M.buildInfo.help,
      unit: "short",
      queries: [[
        `count ${by(M.buildInfo, "version", "deno", "kafkajs")} (${series(M.buildInfo, ON)})`,
        "{{version}} on Deno {{deno}}, kafkajs {{kafkajs}}",
      ]],
    },
  ],
};
