/**
 * Feeds `demo`, and a real Kafka for `produce`: made-up events at a steady rate, in snappy batches over a real socket,
 * each acknowledged before it counts. One batch in flight at a time, so nothing piles up when the broker is slow; and no
 * further ahead of the demo's service than its broker keeps events, so none is dropped when the service is slow.
 */
import type { Buffer } from "node:buffer";
import { type Security, SILENT_KAFKAJS_LOGGER } from "../kafka/client.ts";
import { TopicError } from "../kafka/connect.ts";
import { Connections } from "../kafka/connections.ts";
import { ERROR_CODE, errorCodeText } from "../kafka/error_codes.ts";
import { Metadata } from "../kafka/metadata.ts";
import { produce } from "../kafka/produce_request.ts";
import { type NewRecord, writeRecordBatch } from "../kafka/record_batch_writer.ts";
import { type Clock, sleep } from "../processing/clock.ts";
import type { DemoEvents } from "../demo/events.ts";

export interface DemoProducerOptions {
  /** To start from. */
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  /** Plaintext without. */
  readonly security?: Pick<Security, "ssl" | "sasl">;
  readonly topic: string;
  readonly events: DemoEvents;
  /** Events a second. */
  readonly rate: number;
  /** Null: without end. */
  readonly limit: number | null;
  readonly clock: Clock;
  /** How long what fails is tried again; 0 for not at all. A batch whose answer was lost is stored twice then. */
  readonly patienceMs?: number;
  /** Something failed, and is tried again. */
  readonly onTrouble?: (error: unknown) => void;
  /** The event with this id is to fail once. */
  readonly onFlaky?: (eventId: string) => void;
}

const TICK_MS = 50;
const REQUEST_TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;
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
    const { clock, brokers, security } = options;
    this.#connections = new Connections({
      clientId: "demo-producer",
      ssl: security?.ssl ?? null,
      sasl: security?.sasl ?? null,
      connectionTimeoutMs: REQUEST_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      clock,
      kafkajsLogger: SILENT_KAFKAJS_LOGGER,
    });
    this.#metadata = new Metadata({
      caller: this.#connections,
      clock,
      bootstrap: brokers.map(({ host, port }, index) => ({ id: -1 - index, host, port })),
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

  /**
   * Produces until the limit or `stopped`.
   *
   * @throws what a connection, the topic or a refused batch came to, after `patienceMs` or once `stopped`
   */
  async run({ stopped, outcomes }: DemoRun): Promise<void> {
    const { clock, limit, rate } = this.#options;
    await this.#patiently(() => this.#look(), stopped);
    const startedAt = clock.now();
    while (!stopped.aborted && this.#made < (limit ?? Infinity)) {
      const due = Math.floor((clock.now() - startedAt) / 1000 * rate) + 1;
      const count = Math.min(due, limit ?? Infinity, outcomes() + AHEAD_MAX) - this.#made;
      if (count > 0) await this.#produce(Math.min(count, BATCH_MAX), stopped);
      else await sleep(clock, TICK_MS, stopped);
    }
  }

  close(): void {
    this.#connections.close();
  }

  /** Where the topic's partitions are. */
  async #look(): Promise<void> {
    const { topic } = this.#options;
    this.#metadata.track([topic]);
    await this.#metadata.refresh();
    if (this.#metadata.partitionsOf(topic).length > 0) return;
    const code = this.#metadata.topic(topic)?.errorCode ?? ERROR_CODE.UNKNOWN_TOPIC_OR_PARTITION;
    throw new TopicError(topic, code);
  }

  async #produce(count: number, stopped: AbortSignal): Promise<void> {
    const { clock, events, onFlaky } = this.#options;
    const byPartition = new Map<number, [NewRecord, ...NewRecord[]]>();
    for (let i = 0; i < count; i++) {
      const timestamp = Math.trunc(clock.wallTime());
      const { key, value, kind, eventId } = events.next(timestamp);
      if (kind === "flaky" && eventId !== null) onFlaky?.(eventId);
      const record = { key, value, headers: [], timestamp };
      const partition = this.#partitionOf(key);
      const batch = byPartition.get(partition);
      if (batch === undefined) byPartition.set(partition, [record]);
      else batch.push(record);
    }
    this.#made += count;
    for (const [partition, records] of byPartition) {
      const batch = await writeRecordBatch(records, "snappy");
      await this.#patiently(async (attempt) => {
        if (attempt > 1) await this.#look();
        await this.#send(partition, batch);
      }, stopped);
      this.#produced += records.length;
    }
  }

  async #send(partition: number, batch: Buffer): Promise<void> {
    const { topic } = this.#options;
    const leader = this.#metadata.leader({ topic, partition });
    if (leader === undefined) {
      throw new Error(`Cannot produce, no leader is known for: ${topic}/${partition}`);
    }
    const { errorCode } = await this.#connections.call({
      to: leader.broker,
      purpose: "produce",
      request: produce({ topic, partition, batch, timeoutMs: REQUEST_TIMEOUT_MS }),
      deadlineMs: REQUEST_TIMEOUT_MS,
    });
    if (errorCode !== ERROR_CODE.NONE) {
      throw new Error(`${topic}/${partition} refused a batch: ${errorCodeText(errorCode)}`);
    }
  }

  /** `act` again and again until it works; `attempt` counts from 1. */
  async #patiently(
    act: (attempt: number) => Promise<void>,
    stopped: AbortSignal,
  ): Promise<void> {
    const { clock, patienceMs = 0, onTrouble } = this.#options;
    const giveUpAt = clock.now() + patienceMs;
    for (let attempt = 1;; attempt++) {
      try {
        return await act(attempt);
      } catch (error) {
        if (stopped.aborted || clock.now() >= giveUpAt) throw error;
        onTrouble?.(error);
        await sleep(clock, RETRY_MS, stopped);
      }
    }
  }

  /** Any spread will do, as long as a key stays where it is. */
  #partitionOf(key: Uint8Array): number {
    const count = Math.max(1, this.#metadata.partitionsOf(this.#options.topic).length);
    return key.reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7) % count;
  }
}
