/** The texts of docs/metrics.md that follow from the table of metrics. */
import { ALL_METRICS } from "../../src/ops/metrics.ts";
import { METRIC_GROUPS } from "../../src/ops/metrics/metric.ts";

/** One Markdown table for each group, by its name. */
export function metricTables(): ReadonlyMap<string, string> {
  return new Map(METRIC_GROUPS.map((group) => {
    const rows = ALL_METRICS.filter((metric) => metric.group === group).map((metric) => {
      const labels = metric.labels.map((label) => `\`${label}\``).join(", ");
      return `| \`${metric.name}\` | ${metric.type} | ${labels} | ${metric.help} |`;
    });
    return [
      group,
      ["| metric | type | labels | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n"),
    ];
  }));
}
