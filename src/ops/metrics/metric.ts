/** What a metric is. Names follow Prometheus: one prefix, seconds and bytes, counters end in `_total`. */

/** The parts of the table, in the order in which they are shown. */
export const METRIC_GROUPS = [
  "Lag and positions",
  "Messages",
  "Errors and retries",
  "Dead letters",
  "Work in progress",
  "Connection and group",
  "Commits",
  "Workers",
  "Process",
] as const;

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly group: typeof METRIC_GROUPS[number];
  /** One sentence with the unit, without a period. */
  readonly help: string;
  /** Each of its series has exactly these. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, ascending, without the infinite one. */
  readonly buckets?: readonly number[];
}

/** Labels of whatever belongs to one partition. Its series go with the partition. */
export const PARTITION_LABELS = ["group", "topic", "partition"] as const;

/** `{group="g",topic="t",partition="1"}` of names and values; nothing of none. */
export function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  const pairs = names.map((name, i) => `${name}="${escaped(values[i] ?? "")}"`);
  return `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
