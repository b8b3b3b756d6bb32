import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type DecodedBatches,
  type DecodeOptions,
  decodeRecordBatches,
  type UnreadableBatch,
} from "../../../src/kafka/record_batch.ts";
import {
  BATCH_CODECS,
  compress,
  encodeBatch,
  encodeBatches,
  sealBatch,
  type TestBatch,
  varint,
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

const RECORD = Buffer.from([12, 0, 0, 0, 1, 1, 0]); // six bytes: attributes, deltas, no key, no value, no headers

/** A batch that cannot be read, and how that is called. */
const UNREADABLE: readonly (readonly [
  what: string,
  batch: TestBatch,
  code: UnreadableBatch["code"],
])[] = [
  ["a wrong CRC", { records: TWO_RECORDS, hasWrongCrc: true }, "crc_mismatch"],
  ["an unknown codec", { records: TWO_RECORDS, codecBits: 7 }, "unknown_codec"],
  [
    "no gzip where it says so",
    { records: TWO_RECORDS, codecBits: 1 },
    "corrupt_compression",
  ],
  [
    "more than the cap",
    { records: [{ value: "v".repeat(1 << 20) }, {}], codec: "gzip" },
    "too_large_decompressed",
  ],
  ["format 0", { records: TWO_RECORDS, magic: 0 }, "unsupported_magic"],
  ["format 1", { records: TWO_RECORDS, magic: 1 }, "unsupported_magic"],
  ["format 3", { records: TWO_RECORDS, magic: 3 }, "unsupported_magic"],
  ["fewer records than it says", { records: TWO_RECORDS, count: 3 }, "malformed_records"],
  ["more records than it says", { records: TWO_RECORDS, count: 1 }, "malformed_records"],
  ["a negative count", { records: TWO_RECORDS, count: -1 }, "malformed_records"],
  ["an absurd count", { records: TWO_RECORDS, count: 0x7fffffff }, "malformed_records"],
  [
    "records and no codec that gives them",
    { count: 2, codec: "zstd", payload: new Uint8Array(0) },
    "malformed_records",
  ],
  [
    "offsets in no order",
    { records: [{ offsetDelta: 1 }, { offsetDelta: 1 }] },
    "malformed_records",
  ],
  ["an offset below its base", { records: [{ offsetDelta: -1 }, {}] }, "malformed_records"],
  [
    "an offset beyond its last",
    { records: [{}, { offsetDelta: 2 }], lastOffsetDelta: 1 },
    "malformed_records",
  ],
  [
    "a last offset before its base",
    { records: TWO_RECORDS, lastOffsetDelta: -1 },
    "malformed_records",
  ],
  ["a record longer than it says", malformed([[0, 10]]), "malformed_records"],
  ["a record shorter than it says", malformed([[0, 14]]), "malformed_records"],
  ["a record of negative size", malformed([[0, 1]]), "malformed_records"],
  ["a key longer than the batch", malformed([[4, 126]]), "malformed_records"],
  ["a negative number of headers", malformed([[6, 1]]), "malformed_records"],
  ["more headers than fit", malformed([[6, 126]]), "malformed_records"],
  [
    "a header without a name",
    { count: 1, payload: Buffer.from([14, 0, 0, 0, 1, 1, 2, 1]) },
    "malformed_records",
  ],
  [
    "a last value that its record counts and the batch does not hold",
    { count: 1, payload: Buffer.from([36, 0, 0, 0, 1, 1, 2, 2, 97, 18, 1, 2]) },
    "malformed_records",
  ],
  [
    "a number without an end",
    { count: 1, payload: Buffer.alloc(20, 0xff) },
    "malformed_records",
  ],
];

/** One record with bytes changed. */
function malformed(changes: readonly (readonly [at: number, byte: number])[]): TestBatch {
  const payload = Buffer.from(RECORD);
  for (const [at, byte] of changes) payload[at] = byte;
  return { count: 1, payload };
}

Deno.test("decodeRecordBatches() reads the record that the malformed ones are made of", async () => {
  const { messages, unreadable } = await decode(await encodeBatch(malformed([])));
  assert.deepEqual([messages.length, unreadable], [1, null]);
});

for (const [what, batch, code] of UNREADABLE) {
  Deno.test(`decodeRecordBatches() stops before a batch with ${what}: ${code}`, async () => {
    const good = { baseOffset: 10, records: TWO_RECORDS };
    const bad = { ...batch, baseOffset: 12 };
    const decoded = await decode(await encodeBatches([good, bad, good]), { from: 11 });
    assert.deepEqual(values(decoded), ["two"]);
    assert.equal(decoded.next, 12);
    assert.deepEqual([decoded.unreadable?.code, decoded.unreadable?.baseOffset], [code, 12]);
    assert.match(decoded.unreadable?.message ?? "", /^[A-Z][^.]*: \S/);
  });
}

Deno.test("decodeRecordBatches() says where an unreadable batch ends", async () => {
  const bad = { baseOffset: 12, records: TWO_RECORDS, hasWrongCrc: true };
  assert.equal((await decode(await encodeBatches([bad]))).unreadable?.lastOffset, 13);
});

Deno.test("decodeRecordBatches() refuses offsets that a number cannot hold", async () => {
  const batch = await encodeBatch({ records: TWO_RECORDS });
  batch.writeBigInt64BE(2n ** 53n - 1n, 0);
  assert.equal((await decode(batch)).unreadable?.code, "malformed_records");
  batch.writeBigInt64BE(2n ** 53n - 2n, 0);
  const { messages, unreadable } = await decode(batch);
  assert.equal(unreadable, null);
  assert.deepEqual(messages.map(({ offset }) => offset), [
    Number.MAX_SAFE_INTEGER - 1,
    Number.MAX_SAFE_INTEGER,
  ]);
  batch.writeBigInt64BE(-2n, 0);
  assert.equal((await decode(batch)).unreadable?.code, "malformed_records");
});

Deno.test("decodeRecordBatches() refuses a batch that is shorter than its header", async () => {
  for (const length of [-1, 0, 4, 5, 48]) {
    const batch = await encodeBatch({ records: TWO_RECORDS });
    batch.writeInt32BE(length, 8);
    assert.equal((await decode(batch)).unreadable?.code, "malformed_records", `length ${length}`);
  }
});

Deno.test("decodeRecordBatches() finds every flipped bit that the CRC covers", async () => {
  const bytes = await encodeBatches([{ records: TWO_RECORDS }, { records: TWO_RECORDS }]);
  for (let bit = 17 * 8; bit < bytes.length / 2 * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal((await decode(flipped)).unreadable?.code, "crc_mismatch", `bit ${bit}`);
  }
});

Deno.test("decodeRecordBatches() never takes the end of a compressed batch for its whole", async () => {
  const plain = Buffer.concat(Array.from({ length: 50 }, (_, i) => {
    const body = Buffer.concat([
      Buffer.from([0, 0]),
      varint(i),
      Buffer.from([1, 20]),
      Buffer.alloc(10, i),
      Buffer.from([0]),
    ]);
    return Buffer.concat([varint(body.length), body]);
  }));
  for (const codec of BATCH_CODECS) {
    const payload = await compress(plain, codec);
    const batch = { codec, count: 50, lastOffsetDelta: 49 };
    assert.equal((await decode(await encodeBatch({ ...batch, payload }))).messages.length, 50);
    for (let end = 0; end < payload.length; end++) {
      const cut = await encodeBatch({ ...batch, payload: payload.subarray(0, end) });
      const { messages, unreadable } = await decode(cut);
      const isWhole = messages.length === 50; // checksums at the end of a frame may be missing
      assert.ok(
        isWhole || (messages.length === 0 && unreadable !== null),
        `${codec} cut at ${end}`,
      );
    }
  }
});

Deno.test("decodeRecordBatches() says crc_mismatch of a length that swallows the next batch", async () => {
  const bytes = await encodeBatches([{ records: TWO_RECORDS }, { records: TWO_RECORDS }]);
  bytes.writeInt32BE(bytes.readInt32BE(8) + 30, 8);
  assert.equal((await decode(bytes)).unreadable?.code, "crc_mismatch");
  sealBatch(bytes);
  assert.notEqual((await decode(bytes)).unreadable, null);
});
