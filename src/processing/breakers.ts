/**
 * What an open breaker does to its partition: nothing new starts and no dead letter is written, but for one message a
 * minute, the first that is not done. When that one goes well the partition goes on; so it does when the newest
 * messages of its log are found to be good, which is for the edge to see.
 */
import type { Clock } from "./clock.ts";
import type { Lanes } from "./lanes.ts";
import type { Partition } from "./partition.ts";
import type { ProcessingTelemetry } from "./telemetry.ts";
import type { Work } from "./work.ts";

export interface BreakersOptions {
  readonly clock: Clock;
  readonly lanes: Pick<Lanes, "unpark">;
  readonly telemetry: Pick<
    ProcessingTelemetry,
    "breakerOpened" | "breakerProbed" | "breakerClosed"
  >;
  /** A probe is due: are the newest messages of the log good? */
  readonly onProbe: (partition: Partition) => void;
}

export const PROBE_EVERY_MS = 60_000;

export class Breakers {
  readonly #options: BreakersOptions;
  readonly #open = new Map<Partition, { readonly openedAt: number; cancel: () => void }>();

  constructor(options: BreakersOptions) {
    this.#options = options;
  }

  /** A message has its outcome. */
  count(work: Work): void {
    const { partition, message, trouble } = work;
    const wasProbe = partition.endProbe(work);
    if (message.value === null) {
      if (wasProbe) this.#probe(partition); // a tombstone says nothing
      return;
    }
    const failure = trouble?.isFinal === true ? trouble.failure : null;
    if (partition.breaker.record(message.offset, failure)) this.#opened(partition);
    else if (wasProbe && failure === null) this.#close(partition, { because: "probe" });
    else if (wasProbe && failure !== null) {
      this.#options.telemetry.breakerProbed(message, { failure });
    }
  }

  /** The newest messages before `end` are good: what lies between goes the usual way, dead letters or not. */
  goodAhead(partition: Partition, end: number): void {
    this.#close(partition, { because: "newest", forgivenBefore: end });
  }

  /** The partition was dropped. */
  forget(partition: Partition): void {
    this.#open.get(partition)?.cancel();
    this.#open.delete(partition);
  }

  #opened(partition: Partition): void {
    const { clock, telemetry } = this.#options;
    const { reason } = partition.breaker;
    if (reason === null) return;
    telemetry.breakerOpened(partition, reason);
    this.#open.set(partition, { openedAt: clock.now(), cancel: () => {} });
    this.#schedule(partition);
  }

  #schedule(partition: Partition): void {
    const open = this.#open.get(partition);
    if (open === undefined) return;
    open.cancel = this.#options.clock.schedule(PROBE_EVERY_MS, () => {
      this.#schedule(partition);
      this.#probe(partition);
      this.#options.onProbe(partition);
    });
  }

  #probe(partition: Partition): void {
    if (partition.probe()) this.#options.lanes.unpark(partition);
  }

  #close(
    partition: Partition,
    { because, forgivenBefore }: { because: "probe" | "newest"; forgivenBefore?: number },
  ): void {
    const open = this.#open.get(partition);
    if (open === undefined) return;
    this.forget(partition);
    partition.breaker.close(forgivenBefore);
    const openMs = this.#options.clock.now() - open.openedAt;
    this.#options.telemetry.breakerClosed(partition, { openMs, because });
    this.#options.lanes.unpark(partition);
  }
}
