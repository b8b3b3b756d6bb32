/**
 * The one table of metrics: what `/metrics` answers, docs/metrics.md, dashboards and alerts all follow from it. Renaming
 * one breaks whoever looks at it, so it is a change for the CHANGELOG.
 */
import { KAFKA_METRICS } from "./metrics/kafka_metrics.ts";
import type { Metric } from "./metrics/metric.ts";
import { PROCESSING_METRICS } from "./metrics/processing_metrics.ts";
import { WORKER_METRICS } from "./metrics/worker_metrics.ts";

export const METRICS = { ...KAFKA_METRICS, ...PROCESSING_METRICS, ...WORKER_METRICS } as const;

/** All metrics; METRIC_GROUPS has their order. */
export const ALL_METRICS: readonly Metric[] = Object.values(METRICS);
