/**
 * `deno task bench:stages`: what each stage of a message's way takes by itself, in nanoseconds of processor
 * time a message, all threads. For finding out
 * what a change does; only `deno task bench` says what it means for a whole process.
 */
import type { Buffer } from "node:buffer";
import { type EnrichedEvent, isEnrichedEvent } from "../src/event.ts";
import { decompress } from "../src/kafka/codecs.ts";
import { crc32c } from "../src/kafka/crc32c.ts";
import { decodeRecordBatches } from "../src/kafka/record_batch.ts";
import { cpuTimeMs, systemClock } from "../src/ops/system_clock.ts";
import { Telemetry } from "../src/ops/telemetry.ts";
import { decode, decodeQuickly } from "../src/processing/decode.ts";
import { type Handler, handler, HandlerTable } from "../src/processing/handler.ts";
import type { HandlerContext, Logger, Message } from "../src/processing/message.ts";
import { type ValueReader, valueReader } from "../src/processing/value_reader.ts";
import { ProcessingBench } from "../tests/support/processing_bench.ts";
import { eventScanner } from "../tests/support/reading.ts";
import { encodeBatch } from "../tests/support/record_batches.ts";
import { makePool } from "./data/bench_events.ts";
import { DATA_SETS, type DataSet } from "./data/data_sets.ts";
import { spreadOf } from "./report/statistics.ts";
import { plainText } from "./report/table.ts";

/** One stage, over all messages of a batch. */
interface Stage {
  readonly name: string;
  readonly run: () => unknown;
}

const MESSAGES = 1_000;
const SAMPLES = 9;
const SAMPLE_MS = 100;
const MAX_BYTES = 64 << 20;
const SILENT: Logger = { debug() {}, info() {}, warning() {}, error() {} };

if (import.meta.main) await main();

async function main(): Promise<void> {
  const [events] = DATA_SETS as readonly [DataSet, ...DataSet[]];
  const unicode = DATA_SETS.find(({ hasUnicode }) => hasUnicode) ?? events;
  for (const set of [events, unicode]) {
    const rows: string[][] = [];
    for (const stage of await stagesOf(set)) {
      const { median, least, most } = spreadOf(await measure(stage));
      rows.push([stage.name, ...[median, least, most].map((value) => value.toFixed(0))]);
    }
    const titles = ["stage", "ns a message", "least", "most"];
    console.log(`${set.title}\n${plainText({ titles, rows })}\n`);
  }
}

async function stagesOf(set: DataSet): Promise<readonly Stage[]> {
  const records = makePool(set, MESSAGES).map(({ key, value }) => ({ key, value }));
  const plain = await encodeBatch({ records });
  const [snappy, xerial] = [
    await encodeBatch({ records, codec: "snappy" }),
    await encodeBatch({ records, codec: "xerial" }),
  ];
  const values = records.map(({ value }) => value);
  const texts = values.map((value) => value.toString());
  const events = texts.map((text): EnrichedEvent => JSON.parse(text));
  const scanner = eventScanner();
  const [three, whole] = [readerFor(readThree()), readerFor(() => {})];
  return [
    { name: "checksum of a batch (crc32c)", run: () => crc32c(snappy.subarray(21)) },
    { name: "decompress snappy", run: () => decompress(2, snappy.subarray(61), MAX_BYTES) },
    { name: "decompress xerial", run: () => decompress(2, xerial.subarray(61), MAX_BYTES) },
    { name: "records of a plain batch, checked", run: () => messagesOf(plain) },
    { name: "records of a snappy batch, checked", run: () => messagesOf(snappy) },
    { name: "text (Buffer.toString)", run: () => values.forEach((value) => value.toString()) },
    { name: "JSON.parse", run: () => texts.forEach((text) => JSON.parse(text)) },
    { name: "validate", run: () => events.forEach(isEnrichedEvent) },
    { name: "decode: text, JSON, validate", run: () => values.forEach(decode) },
    { name: "the same, quickly", run: () => values.forEach(decodeQuickly) },
    { name: "scan", run: () => values.forEach((value) => scanner.scan(value)) },
    { name: "scan and build 3 fields", run: () => values.forEach(three) },
    { name: "scan and build all of it", run: () => values.forEach(whole) },
    { name: "take 3 fields and call the handler", run: callHandlers(events) },
    {
      name: "all of processing: lanes, decode, handler, prefix",
      run: process(await messagesOf(snappy)),
    },
  ];
}

async function messagesOf(batch: Buffer): Promise<readonly Message[]> {
  const { messages } = await decodeRecordBatches(batch, {
    topic: "t",
    partition: 0,
    from: 0,
    aborted: [],
    maxDecompressedBytes: MAX_BYTES,
  });
  return messages;
}

function readThree() {
  return handler({ reads: ["event_id", "event_type", "user_id"], handle: () => {} });
}

function readerFor(own: Handler): ValueReader {
  const handlers = new HandlerTable({ byType: {}, default: own });
  return valueReader({ handlers, decode: decodeQuickly, scanner: eventScanner() });
}

function callHandlers(events: readonly EnrichedEvent[]): () => void {
  const table = new HandlerTable({ byType: {}, default: readThree() });
  const context = {} as HandlerContext; // the handler does not look
  return () => {
    for (const event of events) void table.find(event.event_type)(event, context);
  };
}

/** Delivers the batch to a partition, and waits until all of it has its outcome. */
function process(messages: readonly Message[]): () => Promise<void> {
  let toGo = 0;
  let isOver = () => {};
  const bench = new ProcessingBench(undefined, {
    clock: systemClock,
    telemetry: new Telemetry({ logger: SILENT, clock: systemClock }),
    logger: SILENT,
    concurrency: 64,
    windowMessages: 2 * MESSAGES,
    windowBytes: MAX_BYTES,
    handlerTimeoutMs: 60_000,
    handlers: { byType: {}, default: readThree() },
    onProgress(count) {
      toGo -= count;
      if (toGo === 0) isOver();
    },
  });
  const partition = bench.own();
  return async () => {
    const from = partition.position;
    const moved = messages.map((message) => ({ ...message, offset: message.offset + from }));
    const { promise, resolve } = Promise.withResolvers<void>();
    [toGo, isOver] = [moved.length, resolve];
    const next = from + moved.length;
    const { topic, partition: index } = partition;
    bench.assignment.deliver(partition, {
      topic,
      partition: index,
      from,
      messages: moved,
      next,
      leaderEpoch: 0,
    });
    await promise;
  };
}

/** Nanoseconds a message, of several samples; the code has been compiled before the first. */
async function measure({ run }: Stage): Promise<readonly number[]> {
  let times = 1;
  while (await timeOf(run, times) < SAMPLE_MS) times *= 2;
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    samples.push(((await timeOf(run, times)) * 1e6) / (times * MESSAGES));
  }
  return samples;
}

/** Milliseconds of processor time. */
async function timeOf(run: () => unknown, times: number): Promise<number> {
  const before = cpuTimeMs();
  for (let time = 0; time < times; time += 1) await run();
  return cpuTimeMs() - before;
}
