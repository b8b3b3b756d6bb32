/**
 * What telemetry measures beside how often things happened: times as histograms, and counts by kind. Plain numbers: on
 * the way of a message that goes well they cost two histograms and the time of day.
 */
import { METRICS } from "./metrics.ts";
import { Histogram } from "./metrics/histogram.ts";
import { LabelledCounter } from "./metrics/labelled_counter.ts";

/** An error's `code` is a handler's to choose: kinds beyond so many count as `other`. */
const ERROR_KINDS_MAX = 100;
const COMMIT_ERRORS_MAX = 50;
const LOSS_CAUSES = ["retention", "truncation", "topic_recreated"] as const;

export class Measures {
  readonly processDuration = new Histogram(METRICS.processDuration.buckets);
  readonly eventAge = new Histogram(METRICS.eventAge.buckets);
  readonly rebalanceDuration = new Histogram(METRICS.rebalanceDuration.buckets);
  readonly commitDuration = new Histogram(METRICS.commitDuration.buckets);
  readonly eventLoopDelay = new Histogram(METRICS.eventLoopDelay.buckets);
  /** By stage and code. */
  readonly errors = new LabelledCounter(ERROR_KINDS_MAX);
  /** By cause. */
  readonly lostOffsets = new LabelledCounter(LOSS_CAUSES.length);
  /** By Kafka's error code, or `no_answer`. */
  readonly commitFailures = new LabelledCounter(COMMIT_ERRORS_MAX);
  consumedMessages = 0;
  reconnects = 0;

  constructor() {
    for (const cause of LOSS_CAUSES) this.lostOffsets.declare([cause]);
  }
}
