/** What a peer tells the bench: see README.md. Those in other languages have their own. */
import { addTo, EMPTY_TALLY, type Tally } from "../../data/tally.ts";
import type { BenchFields } from "../../data/bench_events.ts";

/** The channel on which workers tell what they have handled. */
export const TALLIES = "bench-tallies";

/** What a worker has handled so far. */
export interface WorkerTally {
  readonly worker: string;
  readonly tally: Tally;
}

export class PeerReport {
  readonly #tally = { ...EMPTY_TALLY };
  readonly #ofWorkers = new Map<string, Tally>();
  readonly #messages: number;
  /** Latencies are taken after so many messages; at the end nothing is where none are wanted. */
  readonly #latencyFrom: number;
  readonly #latencies: number[] = [];
  #isOver = false;

  constructor(env: Readonly<Record<string, string>>) {
    this.#messages = Number(env["BENCH_MESSAGES"]);
    this.#latencyFrom = Number(env["BENCH_LATENCY_FROM"] ?? Infinity);
  }

  /** One message was handled; `sentAt` is in milliseconds since 1970. */
  add(fields: BenchFields, sentAt = 0): void {
    addTo(this.#tally, fields);
    const { handled } = this.#tally;
    if (handled === 1) say({ at: "first" });
    if (handled >= this.#latencyFrom) {
      if (handled === this.#latencyFrom) say({ at: "warm" });
      this.#latencies.push(performance.timeOrigin + performance.now() - sentAt);
    }
    this.#endWhenComplete();
  }

  /** What a worker has handled so far; what it told before counts no more. */
  replace(worker: string, tally: Tally): void {
    if (this.#tally.handled === 0) say({ at: "first" });
    const before = this.#ofWorkers.get(worker) ?? EMPTY_TALLY;
    this.#ofWorkers.set(worker, tally);
    this.#tally.handled += tally.handled - before.handled;
    this.#tally.checksum += tally.checksum - before.checksum;
    this.#endWhenComplete();
  }

  /** So many messages were rejected. */
  reject(messages: number): void {
    this.#tally.rejected += messages;
    this.#endWhenComplete();
  }

  #endWhenComplete(): void {
    const { handled, rejected } = this.#tally;
    if (this.#isOver || handled + rejected < this.#messages) return;
    this.#isOver = true;
    const sorted = this.#latencies.sort((a, b) => a - b);
    const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
    say({ at: "done", ...this.#tally, p50: quantile(0.5), p99: quantile(0.99) });
  }
}

function say(fact: object): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`@bench ${JSON.stringify(fact)}\n`));
}
