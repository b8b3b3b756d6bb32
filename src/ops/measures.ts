/**
 * What telemetry measures beside how often things happened: times as histograms, and counts by kind. Plain numbers: on
 * the way of a message that goes well they cost two histograms.
 */
import type { Clock } from "../processing/clock.ts";
import { METRICS } from "./metrics.ts";
import { Histogram } from "./metrics/histogram.ts";
import { LabelledCounter } from "./metrics/labelled_counter.ts";

/** An error's `code` is a handler's to choose: kinds beyond so many count as `other`. */
const ERROR_KINDS_MAX = 100;
/** So many causes of dead letters have a series of their own. */
const FINGERPRINTS_MAX = 50;
const COMMIT_ERRORS_MAX = 50;
/** The wall clock may be set. */
const WALL_OFFSET_AGE_MS = 1_000;
const LOSS_CAUSES = ["retention", "truncation", "topic_recreated"] as const;

const HISTOGRAMS = [
  "processDuration",
  "eventAge",
  "rebalanceDuration",
  "commitDuration",
  "eventLoopDelay",
] as const;
const COUNTERS = ["errors", "deadLetters", "lostOffsets", "commitFailures"] as const;

/** Measures as plain data, which can go from thread to thread. */
export interface MeasuresData {
  readonly histograms: Readonly<
    Record<typeof HISTOGRAMS[number], { readonly counts: readonly number[]; readonly sum: number }>
  >;
  readonly counters: Readonly<
    Record<typeof COUNTERS[number], readonly (readonly [readonly string[], number])[]>
  >;
  readonly consumedMessages: number;
  readonly reconnects: number;
}

export class Measures {
  readonly processDuration = new Histogram(METRICS.processDuration.buckets);
  readonly eventAge = new Histogram(METRICS.eventAge.buckets);
  readonly rebalanceDuration = new Histogram(METRICS.rebalanceDuration.buckets);
  readonly commitDuration = new Histogram(METRICS.commitDuration.buckets);
  readonly eventLoopDelay = new Histogram(METRICS.eventLoopDelay.buckets);
  /** By stage and code. */
  readonly errors = new LabelledCounter(ERROR_KINDS_MAX);
  /** By fingerprint: the first so many, and `other`. */
  readonly deadLetters = new LabelledCounter(FINGERPRINTS_MAX);
  /** By cause. */
  readonly lostOffsets = new LabelledCounter(LOSS_CAUSES.length);
  /** By Kafka's error code, or `no_answer`. */
  readonly commitFailures = new LabelledCounter(COMMIT_ERRORS_MAX);
  /** What monotonic time lacks to wall time, as of then: to ask for the time of day costs more than all else here. */
  #wallOffset = 0;
  #wallOffsetAt = -Infinity;
  consumedMessages = 0;
  reconnects = 0;

  constructor() {
    for (const cause of LOSS_CAUSES) this.lostOffsets.declare([cause]);
  }

  data(): MeasuresData {
    const { consumedMessages, reconnects } = this;
    const histograms = HISTOGRAMS.map((name) => {
      const { counts, sum } = this[name];
      return [name, { counts: [...counts], sum }];
    });
    const counters = COUNTERS.map((name) => [name, [...this[name]]]);
    return {
      histograms: Object.fromEntries(histograms),
      counters: Object.fromEntries(counters),
      consumedMessages,
      reconnects,
    };
  }

  /** What was measured elsewhere, too. */
  add({ histograms, counters, consumedMessages, reconnects }: MeasuresData): void {
    for (const name of HISTOGRAMS) this[name].add(histograms[name]);
    for (const name of COUNTERS) {
      for (const [values, count] of counters[name]) this[name].add(values, count);
    }
    this.consumedMessages += consumedMessages;
    this.reconnects += reconnects;
  }

  /** `timestamp` is Kafka's, -1 where the message has none; `endedAt` monotonic. */
  processed(
    timestamp: number,
    { durationMs, endedAt }: { readonly durationMs: number; readonly endedAt: number },
    clock: Clock,
  ): void {
    this.processDuration.observe(durationMs / 1000);
    if (timestamp < 0) return;
    if (endedAt - this.#wallOffsetAt >= WALL_OFFSET_AGE_MS) {
      this.#wallOffset = clock.wallTime() - clock.now();
      this.#wallOffsetAt = endedAt;
    }
    const ageMs = this.#wallOffset + endedAt - timestamp;
    this.eventAge.observe(ageMs > 0 ? ageMs / 1000 : 0);
  }
}
