import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CodecError } from "../../../src/kafka/codec_error.ts";
import { decompress, selfTestCodecs } from "../../../src/kafka/codecs.ts";
import { BATCH_CODECS, type BatchCodec, compress } from "../../support/record_batches.ts";
import { SeededRandom } from "../../support/seeded_random.ts";
import { readGolden } from "./golden/golden_records.ts";

const BITS: Readonly<Record<BatchCodec, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  xerial: 2,
  lz4: 3,
  zstd: 4,
};
const SNAPPY = 2;
const LZ4 = 3;
const CAP = 1 << 20;
const COMPRESSED = BATCH_CODECS.filter((codec) => codec !== "none");

/** Words in some order: neither all alike nor noise. */
function someText(random: SeededRandom, bytes: number): Buffer {
  const words = ["event", "page_view", "user-123", "é", "{", "}", '":"', "\n", "0".repeat(70)];
  let text = "";
  while (text.length < bytes) text += random.chance(0.1) ? `${random.next()}` : random.pick(words);
  return Buffer.from(text).subarray(0, bytes);
}

Deno.test("selfTestCodecs() finds every codec working", async () => {
  await selfTestCodecs();
});

for (const codec of BATCH_CODECS) {
  Deno.test(`decompress() gives back what was compressed with ${codec}`, async () => {
    const random = new SeededRandom(7);
    for (const size of [0, 1, 60, 61, 1_000, 70_000, 400_000]) {
      const plain = someText(random, size);
      const output = await decompress(BITS[codec], await compress(plain, codec), CAP);
      assert.ok(plain.equals(output), `${size} bytes`);
      assert.ok(output.buffer.byteLength <= 2 * size || codec === "none", `${size} bytes pinned`);
    }
    const noise = Buffer.from(Array.from({ length: 90_000 }, () => random.below(256)));
    assert.ok(noise.equals(await decompress(BITS[codec], await compress(noise, codec), CAP)));
  });

  Deno.test(`decompress() allows exactly the cap in ${codec}, and not a byte more`, async () => {
    const packed = await compress(someText(new SeededRandom(8), 100_000), codec);
    assert.equal((await decompress(BITS[codec], packed, 100_000)).length, 100_000);
    for (const cap of [99_999, 66_000, 1_024, 1]) {
      const rejected = decompress(BITS[codec], packed, cap);
      await assert.rejects(rejected, {
        name: "CodecError",
        code: "too_large_decompressed",
        message: new RegExp(`^Raise MAX_DECOMPRESSED_BYTES, .*: ${cap}$`),
      });
    }
  });
}

for (const codec of COMPRESSED) {
  Deno.test(`decompress() says corrupt_compression of bytes that are not ${codec}`, async () => {
    for (const bytes of ["\x82SNAPPY\0", "not compressed at all", "\xff".repeat(50)]) {
      const rejected = decompress(BITS[codec], Buffer.from(bytes, "latin1"), CAP);
      await assert.rejects(rejected, { name: "CodecError", code: "corrupt_compression" });
    }
  });

  Deno.test(`decompress() does not unpack a bomb in ${codec}`, async () => {
    const bomb = await compress(Buffer.alloc(64 << 20), codec);
    const before = Deno.memoryUsage().external;
    await assert.rejects(decompress(BITS[codec], bomb, CAP), { code: "too_large_decompressed" });
    const grown = Deno.memoryUsage().external - before;
    assert.ok(grown < 8 * CAP, `${grown} bytes more`);
  });
}

Deno.test("decompress() names an unknown codec", async () => {
  for (const codec of [5, 6, 7]) {
    await assert.rejects(decompress(codec, Buffer.alloc(1), CAP), {
      code: "unknown_codec",
      message: `Update this service, it does not know codec: ${codec}`,
    });
  }
});

for (const codec of COMPRESSED) {
  Deno.test(`decompress() answers damaged ${codec} with bytes below the cap or a CodecError`, async () => {
    const random = new SeededRandom(99);
    const packed = Buffer.from(await compress(someText(random, 3_000), codec));
    for (let round = 0; round < 4_000; round++) {
      const bytes = Buffer.from(packed);
      for (let left = random.between(1, 3); left > 0; left--) {
        bytes[random.chance(0.2) ? random.below(24) : random.below(bytes.length)] = random.below(
          256,
        );
      }
      const output = await decompress(BITS[codec], bytes, 50_000).catch((error) => error);
      const isFine = output instanceof Uint8Array && output.length <= 50_000;
      assert.ok(isFine || output instanceof CodecError, `seed ${random.seed}, round ${round}`);
    }
  });
}

// --- snappy

/** Blocks that are not snappy, though they begin as such: a size, then elements. */
const BAD_SNAPPY: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["nothing", []],
  ["a size without an end", [0x80, 0x80, 0x80]],
  ["a size of more than 5 bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ["a literal that is cut off", [5, 4 << 2, 1, 2]],
  ["a literal whose length is cut off", [200, 1, 61 << 2, 199]],
  ["a literal of nearly 4 GiB", [5, 63 << 2, 0xfa, 0xff, 0xff, 0xff, 0]], // snappyjs would go back 5 bytes, for ever
  ["less than its size", [5, 3 << 2, 1, 2, 3, 4]],
  ["more than its size", [3, 3 << 2, 1, 2, 3, 4]],
  ["a copy from nowhere", [5, 0, 1, 1, 2]],
  ["a near copy that is cut off", [5, 0, 1, 1]],
  ["a far copy that is cut off", [5, 0, 1, 2, 1]],
  ["a copy from distance 0", [5, 0, 1, 1, 0]],
  ["a copy from 4 GiB before", [3, 0, 1, (1 << 2) | 3, 0xff, 0xff, 0xff, 0xff]],
];

for (const [what, bytes] of BAD_SNAPPY) {
  Deno.test(`decompress() says corrupt_compression of a snappy block with ${what}`, async () => {
    const rejected = decompress(SNAPPY, Buffer.from(bytes), CAP);
    await assert.rejects(rejected, { code: "corrupt_compression" });
  });
}

Deno.test("decompress() reads each kind of snappy element", async () => {
  const far = [(3 << 2) | 2, 6, 0]; // 4 bytes from 6 before
  const farther = [(1 << 2) | 3, 1, 0, 0, 0]; // the last byte, twice more
  const bytes = [16, 5 << 2, ...Buffer.from("abcdef"), 1, 6, ...far, ...farther];
  const output = await decompress(SNAPPY, Buffer.from(bytes), CAP);
  assert.equal(Buffer.from(output).toString(), "abcdefabcdefabbb");
});

Deno.test("decompress() checks the size of a snappy block before it allocates", async () => {
  const fourGiB = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
  await assert.rejects(decompress(SNAPPY, fourGiB, CAP), { code: "too_large_decompressed" });
});

Deno.test("decompress() refuses xerial frames that are cut off", async () => {
  const frames = await compress(someText(new SeededRandom(3), 100_000), "xerial");
  for (const end of [8, 15, 17, 19, 25, frames.length - 1]) {
    const rejected = decompress(SNAPPY, frames.subarray(0, end), CAP);
    await assert.rejects(rejected, { code: "corrupt_compression" }, `cut at ${end}`);
  }
});

// --- lz4

const LZ4_HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const LZ4_END = [0, 0, 0, 0];

/** One frame of one block. */
function lz4Frame(block: readonly number[]): Buffer {
  const size = [block.length & 0xff, block.length >> 8, 0, 0];
  return Buffer.from([...LZ4_HEADER, ...size, ...block, ...LZ4_END]);
}

Deno.test("decompress() reads linked lz4 blocks, with checksums and content size", async () => {
  const frame = await readGolden("linked-blocks.lz4");
  const lines = Array.from({ length: 1_500 }, (_, i) => `line ${i * i} of the linked blocks\n`);
  const output = await decompress(LZ4, frame, CAP);
  assert.equal(Buffer.from(output).toString(), lines.join("").repeat(4));
});

Deno.test("decompress() reads lz4 frames one after the other", async () => {
  const first = Buffer.from(await compress(Buffer.from("first, "), "lz4"));
  const second = Buffer.from(await compress(Buffer.from("second"), "lz4"));
  const output = await decompress(LZ4, Buffer.concat([first, second]), CAP);
  assert.equal(Buffer.from(output).toString(), "first, second");
});

Deno.test("decompress() repeats what an lz4 match overlaps", async () => {
  const block = [0x2f, ...Buffer.from("ab"), 2, 0, 31, 0x10, ...Buffer.from("c")];
  const output = await decompress(LZ4, lz4Frame(block), CAP);
  assert.equal(Buffer.from(output).toString(), "ab".repeat(26) + "c");
});

/** Frames that are not lz4, though they begin as such. */
const BAD_LZ4: readonly (readonly [what: string, frame: Uint8Array])[] = [
  ["nothing but a header", Buffer.from(LZ4_HEADER)],
  ["an unknown version", Buffer.from([...LZ4_HEADER.with(4, 0xa0), ...LZ4_END])],
  ["an unknown block size", Buffer.from([...LZ4_HEADER.with(5, 0x30), ...LZ4_END])],
  ["a dictionary", Buffer.from([...LZ4_HEADER.with(4, 0x61), ...LZ4_END])],
  ["a content checksum that is cut off", Buffer.from([...LZ4_HEADER.with(4, 0x64), ...LZ4_END])],
  ["something after it", Buffer.from([...LZ4_HEADER, ...LZ4_END, 1, 2, 3, 4, 5, 6, 7])],
  ["a block that is cut off", Buffer.from([...LZ4_HEADER, 9, 0, 0, 0, 0x10, 1])],
  ["a block of more than its frame allows", Buffer.from([...LZ4_HEADER, 1, 0, 1, 0])],
  ["literals that are cut off", lz4Frame([0x50, 1, 2])],
  ["a length that is cut off", lz4Frame([0xf0, 255])],
  ["a distance that is cut off", lz4Frame([0x10, 1, 1])],
  ["a distance of 0", lz4Frame([0x10, 1, 0, 0, 0x10, 1])],
  ["a distance to before the beginning", lz4Frame([0x10, 1, 2, 0, 0x10, 1])],
  ["a match of more than its frame allows", lz4Frame([0x1f, 1, 1, 0, ...Array(300).fill(255), 0])],
];

for (const [what, frame] of BAD_LZ4) {
  Deno.test(`decompress() says corrupt_compression of an lz4 frame with ${what}`, async () => {
    await assert.rejects(decompress(LZ4, frame, CAP), { code: "corrupt_compression" });
  });
}
