import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { TopicError } from "../../../src/kafka/connect.ts";
import { ERROR_CODE } from "../../../src/kafka/error_codes.ts";
import { type LogPage, LogReader, LogUnreadableError } from "../../../src/kafka/log_reader.ts";
import { newDecoder } from "../../../src/kafka/kafkajs.ts";
import type { Call } from "../../../src/kafka/connections.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { encodeBatches } from "../../support/record_batches.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const PLACE = { topic: "events.dlq", partition: 0 };
const LEADER = { broker: { id: 1, host: "kafka", port: 9092 }, leaderEpoch: 3 };
const BATCH = 4;

/** A broker with one log of so many messages, in batches of 4. */
async function bench(count: number, own: { readonly lastStable?: number } = {}) {
  const batches: Buffer[] = [];
  for (let base = 0; base < count; base += BATCH) {
    const records = Array.from(
      { length: Math.min(BATCH, count - base) },
      (_, i) => ({ value: `${base + i}` }),
    );
    batches.push(Buffer.from(await encodeBatches([{ baseOffset: base, records }])));
  }
  const clock = new ManualClock();
  const caller = new RecordingCaller();
  let refreshes = 0;
  const log = { start: 0, lastStable: own.lastStable ?? count, batches };
  const positions: number[] = [];
  const fetched = (position: number, errorCode: number) => ({
    partitions: [{
      ...PLACE,
      errorCode,
      highWatermark: count,
      lastStable: log.lastStable,
      logStart: log.start,
      aborted: [],
      records: errorCode === 0 && position < log.lastStable
        ? Buffer.from(log.batches[Math.floor(position / BATCH)] ?? [])
        : Buffer.alloc(0),
    }],
  });
  const reader = new LogReader({
    caller,
    clock,
    metadata: {
      leader: () => LEADER,
      refresh: () => {
        refreshes += 1;
        return Promise.resolve();
      },
    },
    requestTimeoutMs: 1_000,
    maxPartitionFetchBytes: 1 << 20,
    fetchMaxBytes: 1 << 21,
    maxDecompressedBytes: 1 << 22,
  });
  /** What a broker answers that has nothing to complain of. */
  const good = async (call: Call<unknown>) => {
    if (call.request.apiName === "ListOffsets") {
      return { offsets: [{ ...PLACE, errorCode: 0, offset: log.start, timestamp: -1 }] };
    }
    const position = await positionIn(call);
    positions.push(position);
    return fetched(position, position < log.start ? ERROR_CODE.OFFSET_OUT_OF_RANGE : 0);
  };
  caller.answer = good;
  return { reader, caller, clock, log, good, fetched, positions, refreshes: () => refreshes };
}

async function positionIn({ request }: Call<unknown>): Promise<number> {
  const decoder = newDecoder((await request.encode(request.maxVersion).encode()).buffer);
  for (let i = 0; i < 4; i++) decoder.readInt32(); // replica, wait, minimum, maximum
  decoder.readInt8(); // isolation
  decoder.readInt32(); // session
  decoder.readInt32(); // its epoch
  return decoder.readArray(() => {
    decoder.readString();
    return decoder.readArray(() => {
      decoder.readInt32(); // partition
      decoder.readInt32(); // leader epoch
      const position = Number(decoder.readInt64().toString());
      decoder.readInt64(); // log start
      decoder.readInt32();
      return position;
    });
  }).flat()[0] ?? -1;
}

async function read(
  reader: LogReader,
  { start, end }: { readonly start: number; readonly end: number },
  signal?: AbortSignal,
): Promise<LogPage[]> {
  const pages: LogPage[] = [];
  for await (const page of reader.pages({ ...PLACE, start, end }, signal)) pages.push(page);
  return pages;
}

function offsetsOf(pages: readonly LogPage[]): readonly number[] {
  return pages.flatMap(({ messages }) => messages.map(({ offset }) => offset));
}

Deno.test("LogReader.pages() gives what lies between two offsets, a batch at a time, and no more", async () => {
  const { reader, positions } = await bench(10);
  const pages = await read(reader, { start: 2, end: 9 });
  assert.deepEqual(offsetsOf(pages), [2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(pages.map(({ next }) => next), [4, 8, 9]);
  assert.deepEqual(positions, [2, 4, 8]);
});

Deno.test("LogReader.pages() ends where the log does, and after the signal", async () => {
  const held = await bench(10, { lastStable: 8 });
  assert.deepEqual(offsetsOf(await read(held.reader, { start: 6, end: 10 })), [6, 7]);
  const { reader } = await bench(10);
  const stop = new AbortController();
  stop.abort();
  assert.deepEqual(await read(reader, { start: 0, end: 10 }, stop.signal), []);
});

Deno.test("LogReader.pages() goes on at the start of the log where retention came first", async () => {
  const { reader, log } = await bench(10);
  log.start = 4;
  assert.deepEqual(offsetsOf(await read(reader, { start: 0, end: 10 })), [4, 5, 6, 7, 8, 9]);
});

Deno.test("LogReader.pages() leaves out a batch that cannot be read, says so, and goes on", async () => {
  const { reader, log } = await bench(10);
  const damaged = log.batches[1] as Buffer;
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 0xff;
  const pages = await read(reader, { start: 0, end: 10 });
  assert.deepEqual(offsetsOf(pages), [0, 1, 2, 3, 8, 9]);
  const codes = pages.map(({ unreadable }) => unreadable?.code ?? null);
  assert.deepEqual(codes, [null, "crc_mismatch", null]);
});

Deno.test("LogReader asks again, with a new view of the cluster, and gives up after five times", async () => {
  const { reader, caller, clock, good, fetched, refreshes } = await bench(4);
  let refused = 2;
  caller.answer = (call) =>
    refused-- > 0 ? fetched(0, ERROR_CODE.NOT_LEADER_OR_FOLLOWER) : good(call);
  const reading = read(reader, { start: 0, end: 4 });
  await clock.advance(10_000);
  assert.deepEqual(offsetsOf(await reading), [0, 1, 2, 3]);
  assert.equal(refreshes(), 2);

  caller.answer = () => fetched(0, ERROR_CODE.NOT_LEADER_OR_FOLLOWER);
  const before = caller.calls.length;
  const failing = assert.rejects(read(reader, { start: 0, end: 4 }), LogUnreadableError);
  await clock.advance(60_000);
  await failing;
  assert.equal(caller.calls.length - before, 5);
});

Deno.test("LogReader does not ask again whoever refuses it, nor takes an empty answer for the end", async () => {
  const { reader, caller, clock, good, fetched } = await bench(4);
  caller.answer = () => fetched(0, ERROR_CODE.TOPIC_AUTHORIZATION_FAILED);
  await assert.rejects(read(reader, { start: 0, end: 4 }), TopicError);
  assert.equal(caller.calls.length, 1);
  // A broker that throttles us has nothing to say of any partition.
  let empty = 1;
  caller.answer = (call) => empty-- > 0 ? { partitions: [] } : good(call);
  const reading = read(reader, { start: 0, end: 4 });
  await clock.advance(10_000);
  assert.deepEqual(offsetsOf(await reading), [0, 1, 2, 3]);
});

Deno.test("LogReader.stretches() asks each leader once for all that it leads, and again only who did not say", async () => {
  const leaders = [1, 2].map((id) => ({
    broker: { id, host: "kafka", port: 9092 },
    leaderEpoch: 3,
  }));
  const clock = new ManualClock();
  const caller = new RecordingCaller();
  const reader = new LogReader({
    caller,
    clock,
    metadata: {
      leader: ({ partition }) => leaders[partition % 2],
      refresh: () => Promise.resolve(),
    },
    requestTimeoutMs: 1_000,
    maxPartitionFetchBytes: 1 << 20,
    fetchMaxBytes: 1 << 21,
    maxDecompressedBytes: 1 << 22,
  });
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic: "events.dlq", partition }));
  let isMoving = true;
  caller.answer = ({ to }) => {
    const isRefused = isMoving && to.id === 2;
    if (isRefused) isMoving = false;
    const at = caller.calls.length;
    return {
      offsets: partitions.filter(({ partition }) => partition % 2 === to.id - 1).map((each) => ({
        ...each,
        errorCode: isRefused ? ERROR_CODE.NOT_LEADER_OR_FOLLOWER : 0,
        offset: 10 * at + each.partition,
        timestamp: -1,
      })),
    };
  };
  const reading = reader.stretches(partitions);
  await clock.advance(10_000);
  assert.deepEqual((await reading).map(({ start, end }) => [start, end]), [
    [10, 40],
    [31, 51],
    [12, 42],
    [33, 53],
  ]);
  assert.deepEqual(caller.calls.map(({ to }) => to.id), [1, 2, 2, 1, 2]);
});
