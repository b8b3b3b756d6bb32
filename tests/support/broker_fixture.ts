/** The embedded broker without its sockets: a cluster on virtual time whose handlers are called directly. */
import { Buffer } from "node:buffer";
import { Cluster } from "../../src/broker/cluster.ts";
import type { Call } from "../../src/broker/requests/api.ts";
import { type BrokerSettings, settingsOf } from "../../src/broker/settings.ts";
import { ManualClock } from "./manual_clock.ts";
import { encodeBatch, sealBatch, type TestBatch } from "./record_batches.ts";

/** A cluster, its clock, and calls to its nodes. */
export class BrokerFixture {
  readonly clock = new ManualClock();
  readonly cluster: Cluster;
  readonly #connection = new AbortController();

  constructor(settings: Partial<BrokerSettings> = {}) {
    this.cluster = new Cluster(settingsOf(settings), this.clock);
  }

  /** A call to node 0 in the given version, if nothing else is said. */
  call(
    version: number,
    options: { readonly nodeId?: number; readonly clientId?: string } = {},
  ): Call {
    return {
      cluster: this.cluster,
      nodeId: options.nodeId ?? 0,
      version,
      clientId: options.clientId ?? "test",
      clientHost: "/127.0.0.1",
      closed: this.#connection.signal,
    };
  }

  /** The connection of every call is closed. */
  closeConnection(): void {
    this.#connection.abort();
  }

  createTopic(name: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): void {
    this.cluster.topics.create({ name, partitions, replicationFactor: null, configs });
  }

  /** Appends to partition 0 past all checks and answers the base offset. */
  append(topic: string, batch: Uint8Array): number {
    const partition = this.cluster.topics.partition(topic, 0);
    if (partition === undefined) throw new Error(`No such topic: ${topic}`);
    return partition.append(batch);
  }
}

/** A batch of `records` records whose bytes are exactly `bytes` long. */
export async function batchOfSize(bytes: number, records = 1): Promise<Buffer> {
  const bare = await batchOf({ records, valueBytes: 0 });
  const sized = await batchOf({ records, valueBytes: bytes - bare.length });
  const tooLong = sized.length - bytes;
  const exact = await batchOf({ records, valueBytes: bytes - bare.length - tooLong });
  if (exact.length !== bytes) throw new Error(`No batch has exactly ${bytes} bytes`);
  return exact;
}

/** As an idempotent producer writes it. */
export async function sequencedBatch(
  { epoch, sequence, ...batch }: TestBatch & { readonly epoch: number; readonly sequence: number },
): Promise<Buffer> {
  const bytes = await encodeBatch({ records: [{ value: "v" }], ...batch });
  bytes.writeInt16BE(epoch, 51);
  bytes.writeInt32BE(sequence, 53);
  sealBatch(bytes);
  return bytes;
}

async function batchOf(
  { records, valueBytes }: { readonly records: number; readonly valueBytes: number },
): Promise<Buffer> {
  const first = { value: Buffer.alloc(valueBytes, "x") };
  const others = Array.from({ length: records - 1 }, () => ({ value: "" }));
  return await encodeBatch({ records: [first, ...others] });
}
