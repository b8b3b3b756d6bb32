/**
 * Queries made from the table of metrics, so that none can name a metric or a label that does not exist: the type
 * checker sees to it, and a metric that is renamed takes its queries with it.
 */
import type { Metric } from "../../src/ops/metrics/metric.ts";

/** What Prometheus itself adds to every series. */
type TargetLabel = "instance" | "job";

/** The labels that a metric has. */
export type LabelOf<M extends Metric> = M["labels"][number] | TargetLabel;

/** `"processed"` for one value; `!=` or `=~` in front for others. */
export type Matchers<M extends Metric> = { readonly [Label in LabelOf<M>]?: string };

/** The series of a metric: `processing_events_total{outcome="processed"}`. */
export function series<const M extends Metric>(metric: M, matchers: Matchers<M> = {}): string {
  const texts = Object.entries(matchers).map(([label, text]) => {
    const [, operator = "=", value = ""] = /^(!=|=~|!~)?(.*)$/s.exec(String(text)) ?? [];
    return `${label}${operator}"${value}"`;
  });
  return texts.length === 0 ? metric.name : `${metric.name}{${texts.join(",")}}`;
}

/** Changes a second of a counter, over a range. */
export function rate<const M extends Metric>(
  metric: M,
  { matchers = {}, range = "5m" }: { readonly matchers?: Matchers<M>; readonly range?: string } =
    {},
): string {
  return `rate(${series(metric, matchers)}[${range}])`;
}

/** How much a counter grew over a range. */
export function increase<const M extends Metric>(
  metric: M,
  { matchers = {}, range = "5m" }: { readonly matchers?: Matchers<M>; readonly range?: string } =
    {},
): string {
  return `increase(${series(metric, matchers)}[${range}])`;
}

/** `by (group, topic)`, of labels that the metric has. */
export function by<const M extends Metric>(_metric: M, ...labels: readonly LabelOf<M>[]): string {
  return `by (${labels.join(", ")})`;
}

/** A quantile of a histogram, over all that answer. */
export function quantile<const M extends Metric & { readonly type: "histogram" }>(
  metric: M,
  { of, matchers, range = "5m", by = [] }: {
    /** 0.95 for the 95th percentile. */
    readonly of: number;
    readonly matchers?: Matchers<M>;
    readonly range?: string;
    readonly by?: readonly LabelOf<M>[];
  },
): string {
  const buckets = `${metric.name}_bucket${
    series(metric, matchers ?? {}).slice(metric.name.length)
  }`;
  const labels = ["le", ...by].join(", ");
  return `histogram_quantile(${of}, sum by (${labels}) (rate(${buckets}[${range}])))`;
}
