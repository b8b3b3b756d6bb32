import { decompressQuickly } from "../../../src/kafka/codecs.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Call } from "../../../src/kafka/connections.ts";
import { ERROR_CODE } from "../../../src/kafka/error_codes.ts";
import type { FetchedPartition } from "../../../src/kafka/fetch_request.ts";
import { Fetcher } from "../../../src/kafka/fetcher.ts";
import { newDecoder } from "../../../src/kafka/kafkajs.ts";
import type { Partition } from "../../../src/processing/partition.ts";
import { ProcessingBench } from "../../support/processing_bench.ts";
import { encodeBatch, type TestBatch } from "../../support/record_batches.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const BROKER = { id: 1, host: "broker-1", port: 9092 };
const LEADER = { broker: BROKER, leaderEpoch: 3 };
const MIB = 1 << 20;

/** One partition as a Fetch asks for it. */
interface Asked {
  readonly partition: number;
  readonly position: number;
  readonly maxBytes: number;
}

/** A fetcher of two partitions, and a broker that answers each request when the test says so. */
class FetchBench {
  readonly bench = new ProcessingBench();
  readonly caller = new RecordingCaller();
  readonly partitions = [0, 1].map((partition) =>
    this.bench.assignment.assign({ topic: "t", partition }, { position: 0, leaderEpoch: -1 })
  );
  readonly unreadable: Partition[] = [];
  readonly outOfRange: Partition[] = [];
  deliveryBytes = 10 * MIB;
  /** How long it takes to read what a partition gets. */
  readMs = 0;
  readonly limits = { maxWaitMs: 500, minBytes: 1, maxBytes: 10 * MIB, maxPartitionBytes: MIB };
  doubts = 0;
  readonly fetcher: Fetcher;
  #answer: (answer: unknown) => void = () => {};

  constructor() {
    this.caller.answer = () => new Promise((resolve) => this.#answer = resolve);
    this.fetcher = new Fetcher({
      caller: this.caller,
      clock: this.bench.clock,
      metadata: { leader: () => LEADER, doubt: () => this.doubts += 1 },
      limits: this.limits,
      requestTimeoutMs: 5_000,
      maxDecompressedBytes: 10 * MIB,
      decompress: decompressQuickly,
      deliveryBytes: () => this.deliveryBytes,
      partitions: () => this.partitions,
      deliver: (partition, delivery) => {
        this.bench.clock.pass(this.readMs);
        return this.bench.assignment.deliver(partition, delivery);
      },
      onOutOfRange: (partition) => this.outOfRange.push(partition),
      onNewLeader() {},
      onRefused() {},
      onUnreadable: (partition) => this.unreadable.push(partition),
      onFailed() {},
    });
    this.fetcher.wake();
  }

  /** What the last request asked for, by partition. */
  async asked(): Promise<readonly Asked[]> {
    const asked = await readFetch(this.caller.calls.at(-1) as Call<unknown>);
    return asked.toSorted((a, b) => a.partition - b.partition);
  }

  /** Answers the request that is open with what these partitions have, and lets the next one go out. */
  async answer(records: Readonly<Record<number, Uint8Array>>, errorCode = 0): Promise<void> {
    await this.bench.clock.settle();
    const partitions = Object.entries(records).map(([partition, bytes]): FetchedPartition => ({
      topic: "t",
      partition: Number(partition),
      errorCode,
      highWatermark: 100,
      lastStable: 100,
      logStart: 0,
      aborted: [],
      records: bytes as Buffer,
    }));
    this.#answer({ throttleTimeMs: 0, partitions });
    await this.read();
  }

  /** Decompression takes real turns of the event loop. */
  async read(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
    await this.bench.clock.settle();
  }

  async close(): Promise<void> {
    const stopping = this.fetcher.stop();
    this.#answer({ throttleTimeMs: 0, partitions: [] });
    await stopping;
    this.bench.assignment.close();
  }
}

async function readFetch({ request }: Call<unknown>): Promise<readonly Asked[]> {
  const decoder = await decoderOf(request);
  for (let field = 0; field < 4; field++) decoder.readInt32(); // replica, wait, least, most
  decoder.readInt8(); // isolation
  decoder.readInt32(); // session
  decoder.readInt32(); // its epoch
  return decoder.readArray(() => {
    decoder.readString(); // topic
    return decoder.readArray(() => {
      const partition = decoder.readInt32();
      decoder.readInt32(); // leader epoch
      const position = Number(decoder.readInt64().toString());
      decoder.readInt64(); // log start
      return { partition, position, maxBytes: decoder.readInt32() };
    });
  }).flat();
}

/** For how many bytes, and how long, the broker is to wait. */
async function readWaits({ request }: Call<unknown>) {
  const decoder = await decoderOf(request);
  decoder.readInt32(); // replica
  return { maxWaitMs: decoder.readInt32(), minBytes: decoder.readInt32() };
}

async function decoderOf(request: Call<unknown>["request"]) {
  return newDecoder((await request.encode(request.maxVersion).encode()).buffer);
}

function batch(own: TestBatch = {}): Promise<Buffer> {
  return encodeBatch({ records: [{ value: null }, { value: null }], ...own });
}

Deno.test("Fetcher leaves a partition alone at an unreadable batch until it is settled, on a new connection; the other goes on", async () => {
  const bench = new FetchBench();
  await bench.answer({ 0: await batch({ hasWrongCrc: true }), 1: await batch() });
  assert.deepEqual(bench.unreadable, [bench.partitions[0]]);
  assert.deepEqual(bench.caller.drops, [{ to: BROKER, purpose: "fetch" }]);
  assert.deepEqual(await bench.asked(), [{ partition: 1, position: 2, maxBytes: MIB }]);
  await bench.answer({ 1: await batch({ baseOffset: 2 }) });
  await bench.bench.clock.advance(60_000);
  assert.deepEqual(await bench.asked(), [{ partition: 1, position: 4, maxBytes: MIB }]);
  bench.fetcher.settled(bench.partitions[0] as Partition);
  await bench.answer({ 1: await batch({ baseOffset: 4 }) });
  assert.deepEqual((await bench.asked()).map(({ partition }) => partition), [0, 1]);
  await bench.close();
});

Deno.test("Fetcher delivers what stands before an unreadable batch first", async () => {
  const bench = new FetchBench();
  const bad = await batch({ baseOffset: 2, hasWrongCrc: true });
  await bench.answer({ 0: Buffer.concat([await batch(), bad]) });
  assert.deepEqual([bench.partitions[0]?.prefix, bench.unreadable], [2, []]);
  await bench.answer({ 0: bad });
  assert.deepEqual(bench.unreadable, [bench.partitions[0]]);
  await bench.close();
});

Deno.test("Fetcher asks for no more than a delivery may bring, unless nothing comes of that", async () => {
  const bench = new FetchBench();
  bench.deliveryBytes = 100_000;
  await bench.answer({ 0: await batch(), 1: await batch() });
  assert.deepEqual((await bench.asked()).map(({ maxBytes }) => maxBytes), [100_000, 100_000]);
  bench.deliveryBytes = 10;
  await bench.answer({ 0: new Uint8Array(), 1: await batch({ baseOffset: 2 }) });
  assert.deepEqual((await bench.asked()).map(({ maxBytes }) => maxBytes), [MIB, 65_536]);
  await bench.close();
});

Deno.test("Fetcher lets the event loop turn between partitions, after 4 ms of reading", async () => {
  const bench = new FetchBench();
  bench.readMs = 4;
  await bench.answer({ 0: await batch(), 1: await batch() });
  const positions = () => bench.partitions.map(({ position }) => position);
  assert.deepEqual(positions(), [2, 0]);
  await bench.bench.clock.advance(0);
  await bench.read();
  assert.deepEqual(positions(), [2, 2]);
  await bench.close();
});

Deno.test("Fetcher ignores an answer, and an error, for a position that was moved meanwhile", async () => {
  const bench = new FetchBench();
  await bench.bench.clock.settle();
  const [moved, other] = bench.partitions;
  assert.ok(moved && other);
  bench.bench.assignment.skipTo(moved, { position: 50, leaderEpoch: -1 });
  await bench.answer({ 0: new Uint8Array(), 1: new Uint8Array() }, ERROR_CODE.OFFSET_OUT_OF_RANGE);
  assert.deepEqual(bench.outOfRange, [other]);
  assert.equal(moved.position, 50);
  await bench.close();
});

Deno.test("Fetcher looks at least once a second for a new leader while one is away", async () => {
  const bench = new FetchBench();
  await bench.answer({});
  bench.caller.answer = () => Promise.reject(new Error("connection refused"));
  await bench.answer({});
  const atFirst = 10;
  for (let second = 0; second < atFirst; second++) await bench.bench.clock.advance(1_000);
  const before = bench.doubts;
  for (let second = 0; second < 10; second++) await bench.bench.clock.advance(1_000);
  assert.ok(bench.doubts - before >= 9, `${bench.doubts - before} looks in 10 s`);
  await bench.close();
});

Deno.test("Fetcher lets a broker wait for its limits, and not for more bytes than it may send", async () => {
  const bench = new FetchBench();
  Object.assign(bench.limits, { maxWaitMs: 20, minBytes: 150_000 });
  await bench.answer({ 0: await batch() });
  const waits = () => readWaits(bench.caller.calls.at(-1) as Call<unknown>);
  assert.deepEqual(await waits(), { maxWaitMs: 20, minBytes: 150_000 });
  bench.deliveryBytes = 70_000;
  await bench.answer({ 0: await batch({ baseOffset: 2 }) });
  assert.deepEqual(await waits(), { maxWaitMs: 20, minBytes: 140_000 });
  await bench.close();
});
