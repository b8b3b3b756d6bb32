/**
 * Snappy by WebAssembly (assembly/snappy.ts), for what is sound and not too large: several times as fast. It never says
 * what is wrong with a block, which is for the plain way to find, and is not there on a machine without SIMD.
 */
import { Buffer } from "node:buffer";
import { snappyBlocks } from "./snappy.ts";

/** Memory of WebAssembly never shrinks: what needs more goes the plain way. */
const MAX_WORK_BYTES = 32 << 20;
/** Left free behind the input and the output, as the module wants it. */
const SLACK_BYTES = 64;
const PAGE_BYTES = 65_536;

const snappy = await load();

async function load() {
  try {
    return await import("./snappy.wasm");
  } catch {
    return null;
  }
}

/**
 * What a raw block, or blocks in xerial frames, unpack to, in a buffer of its own. Null: ask the plain way.
 *
 * @throws CodecError when the framing is damaged, as the plain way does
 */
export function unpackSnappyQuickly(bytes: Buffer, maxBytes: number): Uint8Array | null {
  if (snappy === null) return null;
  const blocks = snappyBlocks(bytes);
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  if (size > maxBytes || bytes.length + size > MAX_WORK_BYTES) return null;
  const input = snappy.heapBase();
  const output = input + bytes.length + SLACK_BYTES;
  const memory = reserve(snappy.memory, output + size + SLACK_BYTES);
  let at = output;
  for (const block of blocks) {
    memory.set(block.bytes, input);
    const end = input + block.bytes.length;
    if (snappy.unpack(input + block.start, end, at, block.size) !== 1) return null;
    at += block.size;
  }
  return memory.slice(output, at);
}

/** Why the quick way must not be used; null when it does as it should. */
export function quickSnappyProblem(
  unpack: (bytes: Buffer, maxBytes: number) => Uint8Array | null = unpackSnappyQuickly,
): string | null {
  if (snappy === null) return "WebAssembly with SIMD is not there";
  const { block, expected } = goldenBlock();
  const output = unpack(block, expected.length);
  if (output === null || !expected.equals(output)) return "snappy gave other bytes";
  const oneMore = Buffer.concat([block, Buffer.of(0x02, 0xff, 0x7f)]); // from before the beginning
  oneMore[0] = (oneMore[0] ?? 0) + 1;
  const damaged = [oneMore, block.subarray(0, -1), Buffer.concat([block, Buffer.of(0, 0)])];
  const isTaken = damaged.some((each) => unpack(each, expected.length + 1) !== null);
  return isTaken ? "snappy took a damaged block" : null;
}

/** All of the memory, of so many bytes at least. */
function reserve(memory: WebAssembly.Memory, bytes: number): Uint8Array {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  return new Uint8Array(memory.buffer);
}

/** A raw block with every kind of element, and what it unpacks to. */
function goldenBlock(): { block: Buffer; expected: Buffer } {
  const elements: number[] = [];
  const expected: number[] = [];
  const literal = (tag: readonly number[], length: number) => {
    const bytes = Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
    elements.push(...tag, ...bytes);
    expected.push(...bytes);
  };
  const copy = (element: readonly number[], distance: number, length: number) => {
    elements.push(...element);
    for (let i = 0; i < length; i++) expected.push(expected[expected.length - distance] ?? 0);
  };
  literal([15 << 2], 16);
  copy([0x0d, 1], 1, 7);
  copy([0xfe, 3, 0], 3, 64);
  copy([0x9e, 9, 0], 9, 40);
  copy([0xfe, 16, 0], 16, 64);
  copy([0x83, 20, 0, 0, 0], 20, 33);
  literal([59 << 2], 60);
  literal([60 << 2, 99], 100);
  literal([61 << 2, 0x2b, 1], 300);
  copy([0x31, 0x2c], 300, 8);
  const size = [expected.length & 0x7f | 0x80, expected.length >> 7];
  return { block: Buffer.from([...size, ...elements]), expected: Buffer.from(expected) };
}
