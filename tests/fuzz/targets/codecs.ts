/**
 * Compressed blocks: what comes out is what a plain reading gives, a damaged one is refused with a CodecError, and
 * never more than the cap is unpacked. The quick way answers the same.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { CodecError } from "../../../src/kafka/codec_error.ts";
import { type Decompress, decompress, decompressQuickly } from "../../../src/kafka/codecs.ts";
import { BATCH_CODECS, compress } from "../../support/record_batches.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { damageSome, randomBytes } from "../bytes.ts";
import { plainLz4, plainSnappy } from "../plain_codecs.ts";
import type { FuzzTarget } from "../target.ts";

export const CODECS: FuzzTarget = { name: "codecs", weight: 10, make, check };

const CODEC_BITS = { none: 0, gzip: 1, snappy: 2, xerial: 2, lz4: 3, zstd: 4 };
/** Codec and cap come before the block. */
const HEAD_BYTES = 5;

async function make(random: SeededRandom): Promise<Uint8Array> {
  const codec = random.pick(BATCH_CODECS);
  const plain = makePlain(random);
  const block = random.chance(0.05)
    ? randomBytes(random, 100)
    : damageSome(random, await compress(plain, codec));
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = random.chance(0.02) ? random.below(256) : CODEC_BITS[codec];
  head.writeUInt32BE(random.chance(0.8) ? 200_000 : random.below(plain.length + 2), 1);
  return Buffer.concat([head, block]);
}

/** Repetitive in part, so that there is something to compress. */
function makePlain(random: SeededRandom): Buffer {
  const parts: Buffer[] = [];
  for (let left = random.below(12); left > 0; left--) {
    const part = randomBytes(random, 60);
    const times = random.chance(0.03) ? random.between(500, 3_000) : random.between(1, 12);
    for (let i = 0; i < times; i++) parts.push(part);
  }
  return Buffer.concat(parts);
}

async function check(input: Uint8Array): Promise<void> {
  if (input.length < HEAD_BYTES) return;
  const bytes = Buffer.from(input);
  const codec = bytes[0] ?? 0;
  const maxBytes = 1 + bytes.readUInt32BE(1) % 1_000_000;
  const block = bytes.subarray(HEAD_BYTES);
  const expected = readPlainly(codec, { block, maxBytes });
  const output = await unpack(decompress, { codec, block, maxBytes });
  assertSameOutput(await unpack(decompressQuickly, { codec, block, maxBytes }), output);
  if (output instanceof Uint8Array) {
    assert.ok(output.length <= maxBytes, `${output.length} bytes came out`);
    assert.ok(output.buffer.byteLength <= 2 * output.length, "more is kept than came out");
  }
  if (expected === undefined) return;
  assert.equal(output instanceof Uint8Array, expected !== null, "taken and refused");
  if (output instanceof Uint8Array && expected !== null) {
    assert.ok(Buffer.from(output).equals(expected), "other bytes");
  }
}

function assertSameOutput(quick: Uint8Array | string, plain: Uint8Array | string): void {
  if (quick instanceof Uint8Array && plain instanceof Uint8Array) {
    assert.ok(Buffer.from(quick).equals(plain), "the quick way gives other bytes");
    assert.ok(quick.buffer.byteLength <= 2 * quick.length, "the quick way keeps more");
  } else {
    assert.equal(quick, plain);
  }
}

interface Block {
  readonly block: Buffer;
  readonly maxBytes: number;
}

/** What comes out, or why it is refused. */
async function unpack(
  decompress: Decompress,
  { codec, block, maxBytes }: Block & { readonly codec: number },
): Promise<Uint8Array | string> {
  try {
    return await decompress(codec, block, maxBytes);
  } catch (error) {
    assert.ok(error instanceof CodecError, String(error));
    return `${error.code}: ${error.message}`;
  }
}

/** Undefined where there is nothing to compare with. */
function readPlainly(codec: number, { block, maxBytes }: Block): Buffer | null | undefined {
  switch (codec) {
    case 0:
      return block.length <= maxBytes ? block : null;
    case 1:
      try {
        const output = gunzipSync(block);
        return output.length <= maxBytes ? output : null;
      } catch {
        return null;
      }
    case 2:
      return plainSnappy(block, maxBytes);
    case 3:
      return plainLz4(block, maxBytes);
    case 4:
      return undefined;
    default:
      return null;
  }
}
