/**
 * Feeds the demo: made-up events at a steady rate, in snappy batches over a real socket, each acknowledged before it
 * counts. One batch in flight at a time, so nothing piles up when the broker is slow; and no further ahead of the service
 * than the broker keeps events, so none is dropped when the service is.
 */
import { SILENT_KAFKAJS_LOGGER } from "../kafka/client.ts";
import { Connections } from "../kafka/connections.ts";
import { Metadata } from "../kafka/metadata.ts";
import { produce } from "../kafka/produce_request.ts";
import { type NewRecord, writeRecordBatch } from "../kafka/record_batch_writer.ts";
import { type Clock, sleep } from "../processing/clock.ts";
import type { DemoEvents } from "../demo/events.ts";

export interface DemoProducerOptions {
  readonly broker: { readonly host: string; readonly port: number };
  readonly topic: string;
  readonly events: DemoEvents;
  /** Events a second. */
  readonly rate: number;
  /** Null: without end. */
  readonly limit: number | null;
  readonly clock: Clock;
  /** The event with this id is to fail once. */
  readonly onFlaky: (eventId: string) => void;
}

const TICK_MS = 50;
const REQUEST_TIMEOUT_MS = 5_000;
/** Larger batches than this are split over ticks. */
const BATCH_MAX = 5_000;
/** Events produced that have no outcome yet. */
export const AHEAD_MAX = 10_000;

/** When to stop, for good and for a while. */
export interface DemoRun {
  readonly stopped: AbortSignal;
  /** How many events have their outcome. */
  readonly outcomes: () => number;
}

export class DemoProducer {
  readonly #options: DemoProducerOptions;
  readonly #connections: Connections;
  readonly #metadata: Metadata;
  #made = 0;
  #produced = 0;

  constructor(options: DemoProducerOptions) {
    this.#options = options;
    const { clock, broker } = options;
    this.#connections = new Connections({
      clientId: "demo-producer",
      ssl: null,
      sasl: null,
      connectionTimeoutMs: REQUEST_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      clock,
      kafkajsLogger: SILENT_KAFKAJS_LOGGER,
    });
    this.#metadata = new Metadata({
      caller: this.#connections,
      clock,
      bootstrap: [{ id: -1, ...broker }],
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      maxAgeMs: Infinity,
      onChange: () => {},
      onUnreachable: () => {},
      onReachable: () => {},
    });
  }

  /** Acknowledged by the broker. */
  get produced(): number {
    return this.#produced;
  }

  /** Produces until the limit or `stopped`. @throws Error when the broker refuses a batch */
  async run({ stopped, outcomes }: DemoRun): Promise<void> {
    const { clock, limit, rate, topic } = this.#options;
    this.#metadata.track([topic]);
    await this.#metadata.refresh();
    const startedAt = clock.now();
    while (!stopped.aborted && this.#made < (limit ?? Infinity)) {
      const due = Math.floor((clock.now() - startedAt) / 1000 * rate) + 1;
      const count = Math.min(due, limit ?? Infinity, outcomes() + AHEAD_MAX) - this.#made;
      if (count > 0) await this.#produce(Math.min(count, BATCH_MAX));
      else await sleep(clock, TICK_MS, stopped);
    }
  }

  close(): void {
    this.#connections.close();
  }

  async #produce(count: number): Promise<void> {
    const { clock, events, onFlaky } = this.#options;
    const byPartition = new Map<number, [NewRecord, ...NewRecord[]]>();
    for (let i = 0; i < count; i++) {
      const timestamp = Math.trunc(clock.wallTime());
      const { key, value, kind, eventId } = events.next(timestamp);
      if (kind === "flaky" && eventId !== null) onFlaky(eventId);
      const record = { key, value, headers: [], timestamp };
      const partition = this.#partitionOf(key);
      const batch = byPartition.get(partition);
      if (batch === undefined) byPartition.set(partition, [record]);
      else batch.push(record);
    }
    this.#made += count;
    for (const [partition, records] of byPartition) await this.#send(partition, records);
  }

  async #send(partition: number, records: [NewRecord, ...NewRecord[]]): Promise<void> {
    const { topic } = this.#options;
    const leader = this.#metadata.leader({ topic, partition });
    if (leader === undefined) {
      throw new Error(`The demo's topic has no leader: ${topic}/${partition}`);
    }
    const batch = await writeRecordBatch(records, "snappy");
    const { errorCode } = await this.#connections.call({
      to: leader.broker,
      purpose: "produce",
      request: produce({ topic, partition, batch, timeoutMs: REQUEST_TIMEOUT_MS }),
      deadlineMs: REQUEST_TIMEOUT_MS,
    });
    if (errorCode !== 0) throw new Error(`The demo's broker refused a batch: ${errorCode}`);
    this.#produced += records.length;
  }

  /** Any spread will do, as long as a key stays where it is. */
  #partitionOf(key: Uint8Array): number {
    const count = Math.max(1, this.#metadata.partitionsOf(this.#options.topic).length);
    return key.reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7) % count;
  }
}
