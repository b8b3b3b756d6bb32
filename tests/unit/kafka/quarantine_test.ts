import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { FetchedPartition } from "../../../src/kafka/fetch_request.ts";
import { Quarantine } from "../../../src/kafka/quarantine.ts";
import { QuarantineWriter } from "../../../src/kafka/quarantine_writer.ts";
import type { Partition } from "../../../src/processing/partition.ts";
import { ProcessingBench } from "../../support/processing_bench.ts";
import { encodeBatch, encodeBatches, type TestBatch } from "../../support/record_batches.ts";

const GOOD = [{ value: "one" }, { value: "two" }, { value: "three" }];
const FOUND = { baseOffset: 0, lastOffset: 2, code: "crc_mismatch", message: "damaged" } as const;
const BAD: TestBatch = { baseOffset: 0, records: GOOD, hasWrongCrc: true };

/** A quarantine whose log is what the test puts there, beside an assignment on a bench. */
class QuarantineBench {
  readonly bench = new ProcessingBench();
  readonly facts: { readonly name: string; readonly [fact: string]: unknown }[] = [];
  readonly settled: Partition[] = [];
  readonly asked: { readonly position: number; readonly maxBytes: number }[] = [];
  records: Buffer = Buffer.alloc(0);
  highWatermark = 1_000;
  /** Null: nobody answers. */
  answer: (position: number) => Buffer | null = () => this.records;
  readonly quarantine: Quarantine;

  constructor(own: { readonly hasDeadLetters?: boolean } = {}) {
    const { clock, sink, telemetry, assignment } = this.bench;
    const writer = new QuarantineWriter({
      clock,
      deadLetters: own.hasDeadLetters === false ? null : sink,
      groupId: "group",
      serviceVersion: "1.2.3",
      mayStart: () => this.bench.hasLease,
      telemetry,
      backoffMs: 100,
      backoffMaxMs: 1_000,
    });
    this.quarantine = new Quarantine({
      clock,
      writer,
      fetches: {
        read: (_partition, from) => {
          this.asked.push(from);
          return Promise.resolve(this.#fetched(from.position));
        },
      },
      maxPartitionBytes: 1_000,
      maxDecompressedBytes: 1_000_000,
      telemetry: {
        batchUnreadable: (facts) => this.facts.push({ name: "batchUnreadable", ...facts }),
        batchQuarantined: (facts) => this.facts.push({ name: "batchQuarantined", ...facts }),
        partitionStalled: (facts) => this.facts.push({ name: "partitionStalled", ...facts }),
        partitionGoesOn: (facts) => this.facts.push({ name: "partitionGoesOn", ...facts }),
      },
      skipTo: (partition, start) => assignment.skipTo(partition, start),
      settled: (partition) => this.settled.push(partition),
    });
  }

  /** Owns a partition that has met an unreadable batch at a position. */
  take(position = 0): Partition {
    const partition = this.bench.own(position);
    this.quarantine.take(partition, FOUND);
    return partition;
  }

  of(name: string): readonly { readonly [fact: string]: unknown }[] {
    return this.facts.filter((fact) => fact.name === name);
  }

  async close(): Promise<void> {
    this.bench.assignment.close();
    await this.quarantine.stop();
    assert.equal(this.bench.clock.pending, 0, "no timer is left");
  }

  #fetched(position: number): FetchedPartition | null {
    const records = this.answer(position);
    const { highWatermark } = this;
    if (records === null) return null;
    const bounds = { highWatermark, lastStable: highWatermark, logStart: 0 };
    return { topic: "t", partition: 0, errorCode: 0, ...bounds, aborted: [], records };
  }
}

/** The bad batch, offsets 0 to 2, and a good one behind it. */
async function badThenGood(bad: TestBatch = {}): Promise<Buffer> {
  return await encodeBatches([{ ...BAD, ...bad }, { baseOffset: 3, records: GOOD }]);
}

Deno.test("Quarantine puts a damaged batch away, once, after three more fetches, and moves behind it", async () => {
  const bench = new QuarantineBench();
  bench.records = await badThenGood();
  const stored = Promise.withResolvers<void>();
  bench.bench.sink.answer = () => stored.promise;
  const partition = bench.take();
  bench.quarantine.take(partition, FOUND); // told again: nothing changes
  await bench.bench.clock.advance(10_000);
  assert.deepEqual([bench.asked.length, partition.position, bench.settled], [3, 0, []]);
  stored.resolve();
  await bench.bench.clock.advance(0);
  assert.deepEqual([partition.position, partition.prefix, bench.settled], [3, 3, [partition]]);
  const [letter, ...others] = bench.bench.sink.stored;
  assert.ok(letter?.value && others.length === 0);
  assert.deepEqual(Buffer.from(letter.value), await encodeBatch(BAD));
  assert.deepEqual([letter.key, letter.source], [null, { topic: "t", partition: 0, offset: 0 }]);
  const headers = Object.fromEntries(
    letter.headers.map(([name, value]) => [name, new TextDecoder().decode(value ?? undefined)]),
  );
  assert.equal(headers["__dlq.errors.offset"], "0");
  assert.equal(headers["__dlq.errors.delivery.count"], "4");
  assert.match(headers["__dlq.errors.message"] ?? "", /CRC32C/);
  assert.equal(headers["__dlq.processing.stage"], "read");
  assert.equal(headers["__dlq.processing.code"], "crc_mismatch");
  assert.equal(headers["__dlq.processing.batch.first.offset"], "0");
  assert.equal(headers["__dlq.processing.batch.last.offset"], "2");
  assert.equal(headers["__dlq.processing.batch.base.offset"], "0");
  const [quarantined] = bench.of("batchQuarantined");
  assert.deepEqual([quarantined?.["from"], quarantined?.["to"]], [0, 3]);
  assert.equal(bench.quarantine.problem, null);
  await bench.close();
});

Deno.test("Quarantine puts away only what nothing can mend", async () => {
  const cases = [
    ["corrupt_compression", { codecBits: 1, hasWrongCrc: false }, true],
    ["malformed_records", { count: 4, hasWrongCrc: false }, true],
    ["unknown_codec", { codecBits: 7, hasWrongCrc: false }, false],
    ["unsupported_magic", { magic: 1, hasWrongCrc: false }, false],
    [
      "too_large_decompressed",
      { records: [{ value: "v".repeat(2_000_000) }], codec: "gzip", lastOffsetDelta: 2 },
      false,
    ],
  ] as const;
  for (const [code, bad, isPutAway] of cases) {
    const bench = new QuarantineBench();
    bench.records = await badThenGood({ hasWrongCrc: false, ...bad });
    const partition = bench.take();
    await bench.bench.clock.advance(60_000);
    assert.equal(bench.of("batchUnreadable")[1]?.["code"], code);
    assert.equal(partition.position, isPutAway ? 3 : 0, code);
    assert.equal(bench.bench.sink.stored.length, isPutAway ? 1 : 0, code);
    assert.equal(bench.of("partitionStalled").length > 0, !isPutAway, code);
    assert.equal(bench.quarantine.stalled(partition) !== null, !isPutAway, code);
    assert.equal(bench.quarantine.problem?.startsWith("t/0: ") ?? false, !isPutAway, code);
    await bench.close();
  }
});

Deno.test("Quarantine stalls before a batch that is cut off, or whose end nothing confirms, and goes on when something does", async () => {
  const bench = new QuarantineBench();
  const whole = await badThenGood();
  const bad = await encodeBatch(BAD);
  bench.records = bad.subarray(0, 70);
  const partition = bench.take();
  await bench.bench.clock.advance(60_000);
  assert.match(bench.quarantine.problem ?? "", /MAX_PARTITION_FETCH_BYTES/);
  bench.records = bad;
  await bench.bench.clock.advance(120_000);
  assert.match(bench.quarantine.problem ?? "", /nothing says where it ends/);
  assert.deepEqual([partition.position, bench.bench.sink.stored], [0, []]);
  bench.records = whole;
  await bench.bench.clock.advance(60_000);
  assert.deepEqual([partition.position, bench.bench.sink.stored.length], [3, 1]);
  assert.equal(bench.quarantine.problem, null);
  await bench.close();
});

Deno.test("Quarantine takes the end of the log, and of a segment of it, for the end of the batch", async () => {
  const atLogEnd = new QuarantineBench();
  atLogEnd.records = await encodeBatch(BAD);
  atLogEnd.highWatermark = 3;
  const first = atLogEnd.take();
  await atLogEnd.bench.clock.advance(10_000);
  assert.equal(first.position, 3);
  await atLogEnd.close();

  const atSegmentEnd = new QuarantineBench();
  const bad = await encodeBatch(BAD);
  const next = await encodeBatch({ baseOffset: 3, records: GOOD });
  atSegmentEnd.answer = (position) => position < 3 ? bad : next;
  const second = atSegmentEnd.take();
  await atSegmentEnd.bench.clock.advance(10_000);
  assert.equal(second.position, 3);
  await atSegmentEnd.close();
});

Deno.test("Quarantine counts anew when the bytes differ, which happens on the way and not where they are kept", async () => {
  const bench = new QuarantineBench();
  const bytes = await badThenGood();
  let fetches = 0;
  bench.answer = () => {
    fetches += 1;
    const copy = Buffer.from(bytes);
    copy[70] = fetches;
    return copy;
  };
  const partition = bench.take();
  await bench.bench.clock.advance(120_000);
  assert.ok(fetches > 5);
  assert.deepEqual([partition.position, bench.bench.sink.stored], [0, []]);
  bench.records = await encodeBatches([{ records: GOOD }]);
  bench.answer = () => bench.records;
  await bench.bench.clock.advance(60_000);
  assert.deepEqual([partition.position, bench.settled], [0, [partition]], "it is read as usual");
  assert.equal(bench.of("partitionGoesOn").length, 1);
  await bench.close();
});

Deno.test("Quarantine waits for ever for an answer, the lease and the dead-letter topic, and for the partition to be active", async () => {
  const bench = new QuarantineBench();
  bench.records = await badThenGood();
  bench.answer = () => null;
  const partition = bench.take();
  await bench.bench.clock.advance(60_000);
  bench.answer = () => bench.records;
  bench.bench.hasLease = false;
  await bench.bench.clock.advance(120_000);
  assert.deepEqual(bench.bench.sink.asked, []);
  bench.bench.assignment.suspend();
  bench.bench.hasLease = true;
  await bench.bench.clock.advance(10_000);
  assert.deepEqual(bench.bench.sink.asked, []);
  bench.bench.sink.answer = () => "fail";
  bench.bench.assignment.readopt(partition, 0);
  await bench.bench.clock.advance(10_000);
  assert.ok(bench.bench.telemetry.of("deadLetterDelayed").length > 5);
  assert.equal(partition.position, 0);
  bench.bench.sink.answer = () => "ack";
  await bench.bench.clock.advance(2_000);
  assert.deepEqual([partition.position, bench.bench.sink.stored.length], [3, 1]);
  await bench.close();
});

Deno.test("Quarantine leaves the value out when the dead-letter topic does not take it, and says its size", async () => {
  const bench = new QuarantineBench();
  bench.records = await badThenGood();
  bench.bench.sink.answer = ({ value }) => value === null ? "ack" : "refuse";
  const partition = bench.take();
  await bench.bench.clock.advance(10_000);
  assert.equal(partition.position, 3);
  const headers = new Map(bench.bench.sink.stored[0]?.headers);
  const size = String((await encodeBatch(BAD)).length);
  assert.equal(
    new TextDecoder().decode(headers.get("__dlq.processing.value.bytes") ?? undefined),
    size,
  );
  assert.equal(headers.get("__dlq.processing.value.sha256")?.length, 64);
  assert.ok(headers.has("__dlq.processing.batch.last.offset"));
  await bench.close();
});

Deno.test("Quarantine drops a batch with DLQ_TOPIC=none, and says so", async () => {
  const bench = new QuarantineBench({ hasDeadLetters: false });
  bench.records = await badThenGood();
  const partition = bench.take();
  await bench.bench.clock.advance(10_000);
  assert.deepEqual([partition.position, bench.of("batchQuarantined")[0]?.["stored"]], [3, null]);
  await bench.close();
});

Deno.test("Quarantine does nothing more for a partition that was taken away", async () => {
  const bench = new QuarantineBench();
  bench.records = await badThenGood();
  const stored = Promise.withResolvers<void>();
  bench.bench.sink.answer = () => stored.promise;
  const partition = bench.take();
  await bench.bench.clock.advance(10_000);
  bench.bench.assignment.revoke([partition]);
  stored.resolve();
  await bench.bench.clock.advance(10_000);
  assert.deepEqual([partition.position, bench.settled, bench.of("batchQuarantined")], [0, [], []]);
  await bench.close();
});

Deno.test("Quarantine tells where within a batch it had to stop reading", async () => {
  const bench = new QuarantineBench();
  bench.records = await badThenGood();
  const partition = bench.take(2);
  await bench.bench.clock.advance(10_000);
  assert.equal(partition.position, 3);
  const [letter] = bench.bench.sink.stored;
  const headers = new Map(letter?.headers);
  const text = (name: string) => new TextDecoder().decode(headers.get(name) ?? undefined);
  assert.equal(letter?.source.offset, 2);
  assert.equal(text("__dlq.processing.batch.first.offset"), "2");
  assert.equal(text("__dlq.processing.batch.base.offset"), "0");
  await bench.close();
});
