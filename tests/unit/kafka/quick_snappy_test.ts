import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { quickSnappyProblem, unpackSnappyQuickly } from "../../../src/kafka/quick_snappy.ts";
import { compress } from "../../support/record_batches.ts";
import { SeededRandom } from "../../support/seeded_random.ts";
import { plainSnappy } from "../../fuzz/plain_codecs.ts";

const SEED = Number(Deno.env.get("TEST_SEED") ?? Math.floor(Math.random() * 1e9));
const MIB = 1 << 20;

Deno.test("quickSnappyProblem() finds none in what there is", () => {
  assert.equal(quickSnappyProblem(), null);
});

for (
  const [what, unpack] of [
    ["gives nothing", () => null],
    ["gives another byte", (bytes: Buffer, maxBytes: number) => {
      const output = unpackSnappyQuickly(bytes, maxBytes);
      if (output !== null) output[600] = (output[600] ?? 0) ^ 1;
      return output;
    }],
    ["takes what is damaged", (bytes: Buffer, maxBytes: number) => {
      return unpackSnappyQuickly(bytes, maxBytes) ?? new Uint8Array(maxBytes);
    }],
  ] as const
) {
  Deno.test(`quickSnappyProblem() finds a way that ${what}`, () => {
    assert.notEqual(quickSnappyProblem(unpack), null);
  });
}

for (const codec of ["snappy", "xerial"] as const) {
  Deno.test(`unpackSnappyQuickly() gives back what was compressed, ${codec}, --seed ${SEED}`, async () => {
    const random = new SeededRandom(SEED);
    for (const size of [0, 1, 15, 16, 17, 60, 61, 64, 65, 255, 256, 257, 5_000, 70_000, 400_000]) {
      const plain = someText(random, size);
      const packed = Buffer.from(await compress(plain, codec));
      const output = unpackSnappyQuickly(packed, size);
      assert.ok(output !== null && plain.equals(output), `${size} bytes`);
      assert.equal(output.buffer.byteLength, size, "more is kept than came out");
      if (size > 0) assert.equal(unpackSnappyQuickly(packed, size - 1), null, "more than the cap");
    }
  });
}

Deno.test("unpackSnappyQuickly() does not take a block that is damaged anywhere", async () => {
  const random = new SeededRandom(SEED);
  const block = Buffer.from(await compress(someText(random, 700), "snappy"));
  let refused = 0;
  for (let at = 0; at < block.length; at++) {
    for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
      const damaged = Buffer.from(block);
      damaged[at] = (damaged[at] ?? 0) ^ bit;
      const output = takenOrNull(damaged);
      const expected = plainSnappy(damaged, MIB);
      if (expected === null) refused += 1;
      if (output !== null) assert.ok(expected?.equals(output), `byte ${at}, bit ${bit}`);
    }
  }
  assert.ok(refused > 20, "nothing was damaged");
});

Deno.test("unpackSnappyQuickly() leaves to the plain way what memory would be kept for", async () => {
  const packed = Buffer.from(await compress(Buffer.alloc(33 * MIB), "snappy"));
  assert.equal(unpackSnappyQuickly(packed, 64 * MIB), null);
});

/** Null too where the framing is damaged. */
function takenOrNull(block: Buffer): Uint8Array | null {
  try {
    return unpackSnappyQuickly(block, MIB);
  } catch {
    return null;
  }
}

/** Repeats at every distance, near and far. */
function someText(random: SeededRandom, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const length = random.between(1, random.chance(0.05) ? 500 : 40);
    const distance = random.chance(0.5) ? random.between(1, 20) : random.between(1, 60_000);
    const isCopy = random.chance(0.6) && distance <= at;
    for (let i = 0; i < length && at < size; i++, at++) {
      bytes[at] = isCopy ? bytes[at - distance] ?? 0 : random.below(256);
    }
  }
  return bytes;
}
