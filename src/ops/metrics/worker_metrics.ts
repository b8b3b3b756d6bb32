/** Metrics of each worker alone: all others are sums over them. */
import type { Metric } from "./metric.ts";

const LABELS = ["worker"] as const;

export const WORKER_METRICS = {
  workerReady: {
    name: "processing_worker_ready",
    type: "gauge",
    group: "Workers",
    help: "1 while the worker consumes, else 0",
    labels: LABELS,
  },
  workerPartitions: {
    name: "processing_worker_assigned_partitions",
    type: "gauge",
    group: "Workers",
    help: "Partitions that the worker consumes",
    labels: LABELS,
  },
  workerLag: {
    name: "processing_worker_lag_messages",
    type: "gauge",
    group: "Workers",
    help: "Lag of the worker's partitions, in messages; missing while it is not known",
    labels: LABELS,
  },
  workerInFlight: {
    name: "processing_worker_in_flight_messages",
    type: "gauge",
    group: "Workers",
    help: "Messages that the worker has started and that have no outcome",
    labels: LABELS,
  },
  workerProcessed: {
    name: "processing_worker_processed_total",
    type: "counter",
    group: "Workers",
    help: "Messages that the worker processed",
    labels: LABELS,
  },
  workerHeapUsed: {
    name: "processing_worker_heap_used_bytes",
    type: "gauge",
    group: "Workers",
    help: "JavaScript heap that the worker uses",
    labels: LABELS,
  },
} as const satisfies Readonly<Record<string, Metric>>;
