/** How fast things happen, over the last minute: what was counted now, less what was counted then. */
import type { Counts } from "./counts.ts";
import type { Measures } from "./measures.ts";
import { quantile } from "./metrics/histogram.ts";

/** Per second, over `overSeconds`. */
export interface RatesSnapshot {
  readonly overSeconds: number;
  readonly consumed: number;
  readonly processed: number;
  readonly deadLettered: number;
  /** Attempts that failed. */
  readonly failed: number;
  /** Of all attempts that ended, the share that failed; 0 when none ended. */
  readonly errorShare: number;
  /** Milliseconds that the attempts took that went well; null when there were none. */
  readonly processMs: {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
}

interface Sample {
  readonly at: number;
  readonly consumed: number;
  readonly processed: number;
  readonly deadLettered: number;
  readonly failed: number;
  readonly durations: readonly number[];
}

const EVERY_MS = 5_000;
const OVER_MS = 60_000;
const LEAST_MS = 1_000;

export class Rates {
  readonly #samples: Sample[] = [];
  readonly #take: () => { readonly counts: Counts; readonly measures: Measures };

  constructor(take: () => { readonly counts: Counts; readonly measures: Measures }) {
    this.#take = take;
  }

  /** Takes note of what is counted, when it is time to. Called at least as often as every 5 s. */
  look(now: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && now - last.at < EVERY_MS) return;
    this.#samples.push(this.#sample(now));
    while ((this.#samples[0]?.at ?? now) < now - OVER_MS) this.#samples.shift();
  }

  /** Null until there is something to compare with. */
  rates(now: number): RatesSnapshot | null {
    const then = this.#samples[0];
    if (then === undefined || now - then.at < LEAST_MS) return null;
    const sample = this.#sample(now);
    const overSeconds = (now - then.at) / 1000;
    const perSecond = (of: (sample: Sample) => number) => (of(sample) - of(then)) / overSeconds;
    const failed = perSecond((each) => each.failed);
    const processed = perSecond((each) => each.processed);
    const { bounds } = this.#take().measures.processDuration;
    const counts = sample.durations.map((count, i) => count - (then.durations[i] ?? 0));
    const ms = (share: number) => {
      const seconds = quantile(share, { bounds, counts });
      return seconds === null ? null : seconds * 1000;
    };
    return {
      overSeconds,
      consumed: perSecond((each) => each.consumed),
      processed,
      deadLettered: perSecond((each) => each.deadLettered),
      failed,
      errorShare: failed === 0 ? 0 : failed / (failed + processed),
      processMs: { p50: ms(0.5), p95: ms(0.95), p99: ms(0.99) },
    };
  }

  #sample(now: number): Sample {
    const { counts, measures } = this.#take();
    let failed = 0;
    for (const [, count] of measures.errors) failed += count;
    return {
      at: now,
      consumed: measures.consumedMessages,
      processed: counts.processed,
      deadLettered: counts.deadLettered,
      failed,
      durations: [...measures.processDuration.counts],
    };
  }
}
