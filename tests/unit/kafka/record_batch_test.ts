import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type DecodedBatches,
  type DecodeOptions,
  decodeRecordBatches,
} from "../../../src/kafka/record_batch.ts";
import { writeRecordBatch } from "../../../src/kafka/record_batch_writer.ts";
import {
  BATCH_CODECS,
  controlBatch,
  encodeBatch,
  encodeBatches,
  type TestBatch,
} from "../../support/record_batches.ts";

const TWO_RECORDS = [{ value: "one" }, { value: "two" }];

function decode(bytes: Uint8Array, options: Partial<DecodeOptions> = {}): Promise<DecodedBatches> {
  const all = { topic: "t", partition: 3, from: 0, aborted: [], maxDecompressedBytes: 1 << 20 };
  return decodeRecordBatches(bytes, { ...all, ...options });
}

/** Values of what is delivered. */
function values({ messages }: DecodedBatches): (string | null)[] {
  return messages.map(({ value }) => value === null ? null : Buffer.from(value).toString());
}

for (const codec of BATCH_CODECS) {
  Deno.test(`decodeRecordBatches() reads keys, values, headers and coordinates in ${codec}`, async () => {
    const headers = [["same", "1"], ["constructor", null], ["same", ""], ["é", "2"]] as const;
    const records = [
      { key: "k", value: "v", headers, timestampDelta: -7 },
      { key: null, value: null, timestampDelta: 5_000_000_000 },
      { key: "", value: "", offsetDelta: 4 },
    ];
    const decoded = await decode(
      await encodeBatch({ baseOffset: 40, records, codec, leaderEpoch: 9, baseTimestamp: 1_000 }),
    );
    const common = { topic: "t", partition: 3, leaderEpoch: 9 };
    const bytes = (text: string) => new TextEncoder().encode(text);
    assert.deepEqual(decoded, {
      messages: [
        {
          ...common,
          offset: 40,
          timestamp: 993,
          key: bytes("k"),
          value: bytes("v"),
          headers: [["same", bytes("1")], ["constructor", null], ["same", bytes("")], [
            "é",
            bytes("2"),
          ]],
        },
        { ...common, offset: 41, timestamp: 5_000_001_000, key: null, value: null, headers: [] },
        {
          ...common,
          offset: 44,
          timestamp: 1_000,
          key: bytes(""),
          value: bytes(""),
          headers: [],
        },
      ],
      next: 45,
      leaderEpoch: 9,
      unreadable: null,
    });
  });
}

Deno.test("decodeRecordBatches() takes the broker's time where the topic has it", async () => {
  const times = { hasAppendTime: true, baseTimestamp: 1_000, maxTimestamp: 2_000 };
  const { messages } = await decode(await encodeBatch({ records: TWO_RECORDS, ...times }));
  assert.deepEqual(messages.map(({ timestamp }) => timestamp), [2_000, 2_000]);
});

Deno.test("decodeRecordBatches() leaves out records below the position, and moves past them", async () => {
  const batches = [{ records: TWO_RECORDS }, { records: TWO_RECORDS }];
  const decoded = await decode(await encodeBatches(batches), { from: 3 });
  assert.deepEqual(decoded.messages.map(({ offset }) => offset), [3]);
  assert.equal(decoded.next, 4);
});

Deno.test("decodeRecordBatches() never goes back, whatever the log says", async () => {
  const batches = [{ records: TWO_RECORDS }, { baseOffset: 1, records: TWO_RECORDS }];
  const decoded = await decode(await encodeBatches(batches));
  assert.deepEqual(decoded.messages.map(({ offset }) => offset), [0, 1, 2]);
  const older = [{ baseOffset: 5, records: TWO_RECORDS }, { baseOffset: 0, records: TWO_RECORDS }];
  assert.equal((await decode(await encodeBatches(older))).next, 7);
});

Deno.test("decodeRecordBatches() has a leader epoch for each message, and the last batch's for all", async () => {
  const records = [{ value: "v" }];
  const batches = [{ records, leaderEpoch: 1 }, { records, leaderEpoch: 4 }];
  const decoded = await decode(await encodeBatches(batches));
  assert.deepEqual(decoded.messages.map(({ leaderEpoch }) => leaderEpoch), [1, 4]);
  assert.equal(decoded.leaderEpoch, 4);
  assert.equal((await decode(new Uint8Array(0))).leaderEpoch, -1);
});

Deno.test("decodeRecordBatches() ignores a batch that is cut off, wherever it is cut", async () => {
  const bytes = await encodeBatches([{ records: TWO_RECORDS }, { records: TWO_RECORDS }]);
  const first = bytes.length / 2;
  for (let end = first; end < bytes.length; end++) {
    const { messages, next, unreadable } = await decode(bytes.subarray(0, end));
    assert.deepEqual([messages.length, next, unreadable], [2, 2, null], `cut at ${end}`);
  }
});

Deno.test("decodeRecordBatches() names a first batch that is cut off, because no fetch would ever get past it", async () => {
  const batch = await encodeBatch({ baseOffset: 6, records: TWO_RECORDS });
  for (let end = 1; end < batch.length; end++) {
    const { next, unreadable } = await decode(batch.subarray(0, end), { from: 6 });
    assert.deepEqual([next, unreadable?.code], [6, "cut_off"], `cut at ${end}`);
    assert.equal(unreadable?.baseOffset, end < 8 ? -1 : 6);
    assert.equal(unreadable?.lastOffset, end < 8 ? -1 : end < 27 ? 6 : 7);
  }
});

Deno.test("decodeRecordBatches() moves past empty batches and gaps that compaction left", async () => {
  const gap: TestBatch = {
    baseOffset: 10,
    records: [{ value: "a" }, { value: "b", offsetDelta: 5 }],
  };
  const empty: TestBatch = {
    baseOffset: 20,
    lastOffsetDelta: 9,
    codec: "gzip",
    payload: new Uint8Array(0),
  };
  const tail: TestBatch = { baseOffset: 40, lastOffsetDelta: 7, records: [{ value: "c" }] };
  const decoded = await decode(await encodeBatches([gap, empty, tail]), { from: 10 });
  assert.deepEqual(decoded.messages.map(({ offset }) => offset), [10, 15, 40]);
  assert.equal(decoded.next, 48);
  assert.equal((await decode(await encodeBatches([gap, empty]), { from: 10 })).next, 30);
});

Deno.test("decodeRecordBatches() reads a batch of 130,000 records", async () => {
  const records = Array.from({ length: 130_000 }, () => ({ value: "v" }));
  const batch = await encodeBatch({ records, codec: "zstd" });
  const { messages, next } = await decode(batch, { maxDecompressedBytes: 1 << 24 });
  assert.equal(messages.length, 130_000);
  assert.equal(next, 130_000);
});

Deno.test("decodeRecordBatches() bounds all batches of an answer together, and still gets through", async () => {
  const records = [{ value: "v".repeat(1_000) }];
  const batches = Array.from({ length: 20 }, () => ({ records, codec: "gzip" as const }));
  const bytes = await encodeBatches(batches);
  const maxDecompressedBytes = 3_000;
  let from = 0;
  for (let fetches = 0; from < 20; fetches++) {
    assert.ok(fetches < 20);
    const { messages, next, unreadable } = await decode(bytes, { from, maxDecompressedBytes });
    assert.equal(unreadable, null);
    assert.ok(messages.length <= 6, `${messages.length} messages at once`);
    assert.ok(next > from);
    from = next;
  }
});

Deno.test("decodeRecordBatches() takes no more once it has enough, but one batch in any case", async () => {
  const records = [{ value: "v".repeat(1_000) }];
  for (const codec of ["none", "gzip"] as const) {
    const bytes = await encodeBatches(Array.from({ length: 20 }, () => ({ records, codec })));
    const taken = async (stopAfterBytes: number) => (await decode(bytes, { stopAfterBytes })).next;
    assert.deepEqual([await taken(1), await taken(2_500), await taken(1 << 20)], [1, 3, 20]);
  }
});

Deno.test("decodeRecordBatches() does not copy plain bytes, unless they would keep much more in memory", async () => {
  const batch = await encodeBatch({ records: [{ key: "k", value: "v".repeat(100) }] });
  const [message] = (await decode(batch)).messages;
  assert.equal(message?.value?.constructor, Uint8Array);
  assert.equal(message?.value?.buffer, batch.buffer);
  const answer = Buffer.concat([batch, Buffer.alloc(1 << 16)]).subarray(0, batch.length);
  const [partOfMuch] = (await decode(answer)).messages;
  assert.deepEqual(partOfMuch?.value, message?.value);
  assert.ok((partOfMuch?.value?.buffer.byteLength ?? Infinity) < 200);
});

Deno.test("decodeRecordBatches() reads what the service itself writes", async () => {
  const headers = [["same", Buffer.from("1")], ["same", null]] as const;
  const record = { key: null, value: Buffer.from("v"), headers, timestamp: 1_700_000_000_000 };
  for (const codec of ["none", "gzip", "snappy"] as const) {
    const later = { ...record, timestamp: record.timestamp + 1_000 };
    const { messages, unreadable } = await decode(await writeRecordBatch([record, later], codec));
    assert.equal(unreadable, null);
    const [first, second] = messages;
    assert.deepEqual([first?.timestamp, second?.timestamp], [record.timestamp, later.timestamp]);
    assert.deepEqual(first?.headers.map(([name, value]) => [name, value?.length]), [
      ["same", 1],
      ["same", undefined],
    ]);
  }
});

// --- transactions

function inTransaction(producerId: bigint, value: string): TestBatch {
  return { producerId, isTransactional: true, records: [{ value }] };
}

Deno.test("decodeRecordBatches() hides control records and moves past them", async () => {
  const batches = [inTransaction(1n, "a"), controlBatch(1n, "commit")];
  const decoded = await decode(await encodeBatches(batches));
  assert.deepEqual(values(decoded), ["a"]);
  assert.equal(decoded.next, 2);
  assert.equal((await decode(await encodeBatches([controlBatch(1n, "abort")]))).next, 1);
});

Deno.test("decodeRecordBatches() hides aborted transactions, by producer and from their first offset on", async () => {
  const batches = [
    inTransaction(1n, "committed before"),
    controlBatch(1n, "commit"), // 1
    inTransaction(1n, "aborted"), // 2
    inTransaction(2n, "other producer"),
    { records: [{ value: "no transaction" }] },
    { producerId: 1n, records: [{ value: "idempotent" }] },
    inTransaction(1n, "aborted as well"),
    controlBatch(2n, "commit"),
    controlBatch(1n, "abort"), // 8
    inTransaction(1n, "committed after"),
    controlBatch(1n, "commit"),
    inTransaction(1n, "aborted again"), // 11
    controlBatch(1n, "abort"),
    inTransaction(2n, "aborted too"), // 13
    controlBatch(2n, "abort"),
    inTransaction(2n, "last"),
  ];
  const aborted = [
    { producerId: 2n, firstOffset: 13 },
    { producerId: 1n, firstOffset: 11 },
    { producerId: 1n, firstOffset: 2 },
  ];
  const decoded = await decode(await encodeBatches(batches), { aborted });
  assert.deepEqual(values(decoded), [
    "committed before",
    "other producer",
    "no transaction",
    "idempotent",
    "committed after",
    "last",
  ]);
  assert.equal(decoded.next, 16);
});

Deno.test("decodeRecordBatches() ends an aborted transaction at a control batch that compaction emptied", async () => {
  const marker = { ...controlBatch(1n, "abort"), records: [] };
  const batches = [inTransaction(1n, "aborted"), marker, inTransaction(1n, "after")];
  const aborted = [{ producerId: 1n, firstOffset: 0 }];
  assert.deepEqual(values(await decode(await encodeBatches(batches), { aborted })), ["after"]);
});

Deno.test("decodeRecordBatches() knows of an aborted transaction that began before the position", async () => {
  const batch = { ...inTransaction(1n, "aborted"), baseOffset: 50 };
  const aborted = [{ producerId: 1n, firstOffset: 12 }];
  const decoded = await decode(await encodeBatches([batch]), { from: 50, aborted });
  assert.deepEqual([decoded.messages.length, decoded.next], [0, 51]);
});

Deno.test("decodeRecordBatches() does not decompress what was aborted", async () => {
  const payload = Buffer.from("not zstd");
  const batch = { ...inTransaction(1n, "aborted"), codecBits: 4, payload };
  const aborted = [{ producerId: 1n, firstOffset: 0 }];
  const decoded = await decode(await encodeBatches([batch]), { aborted });
  assert.deepEqual([decoded.next, decoded.unreadable], [1, null]);
});

Deno.test("writeRecordBatch() keeps timestamps that lie months apart", async () => {
  const at = (timestamp: number) => ({ key: null, value: null, headers: [], timestamp });
  const batch = await writeRecordBatch([at(1_700_000_000_000), at(1_720_000_000_000)], "none");
  const { messages } = await decode(batch);
  assert.deepEqual(messages.map(({ timestamp }) => timestamp), [
    1_700_000_000_000,
    1_720_000_000_000,
  ]);
});
