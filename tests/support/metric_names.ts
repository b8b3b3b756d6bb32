/** Which metrics and labels a text names, and whether they exist: in queries, dashboards, alerts and documents. */
import { ALL_METRICS } from "../../src/ops/metrics.ts";
import type { Metric } from "../../src/ops/metrics/metric.ts";

/** What Prometheus adds to every series. */
const ADDED = ["instance", "job"];
/** Fields of the event that are called like a metric. */
const FIELDS: ReadonlySet<string> = new Set(["processing_info", "processing_ms"]);
const NAME = String.raw`(?:processing|messaging|process)_[a-z0-9_]+`;
const SERIES = new RegExp(String.raw`\b(${NAME})\b(?!\.ts)(?:\{([^}]*)\})?`, "g");
const GROUPING = /\bby \(([a-z_, ]*)\)\s*\(/g;

/** One line for each metric or label that does not exist. */
export function unknownMetrics(text: string): readonly string[] {
  const problems: string[] = [];
  for (const [, name = "", matchers = ""] of text.matchAll(SERIES)) {
    const known = KNOWN.get(name);
    if (known === undefined) {
      if (!ALL_LABELS.has(name) && !FIELDS.has(name)) problems.push(`no metric ${name}`);
      continue;
    }
    for (const [, label = ""] of matchers.matchAll(/([a-z_]+)\s*(?:=|!=|=~|!~)/g)) {
      if (!known.has(label)) problems.push(`no label ${label} of ${name}`);
    }
  }
  return problems;
}

/** The same of one query, with the labels that it groups by: all of its metrics have to have them. */
export function unknownInQuery(query: string): readonly string[] {
  const names = [...query.matchAll(SERIES)].map(([, name = ""]) => name);
  const problems = [...unknownMetrics(query)];
  for (const [, labels = ""] of query.matchAll(GROUPING)) {
    for (const label of labels.split(",").map((each) => each.trim())) {
      for (const name of names) {
        const known = KNOWN.get(name);
        if (known !== undefined && !known.has(label)) problems.push(`no label ${label} of ${name}`);
      }
    }
  }
  return problems;
}

const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map(ALL_METRICS.flatMap(namesOf));
const ALL_LABELS: ReadonlySet<string> = new Set(ALL_METRICS.flatMap(({ labels }) => labels));

function namesOf({ name, type, labels }: Metric): [string, ReadonlySet<string>][] {
  const all = new Set([...labels, ...ADDED]);
  if (type !== "histogram") return [[name, all]];
  return [
    [name, all],
    [`${name}_bucket`, new Set([...all, "le"])],
    [`${name}_sum`, all],
    [`${name}_count`, all],
  ];
}
