/**
 * The lz4 frame format, as Kafka's producers write it and a little more: independent and linked blocks, with or
 * without checksums and content size, frames one after the other. The checksums are passed over, because the CRC of
 * the record batch covers the same bytes. Own, because lz4js trusts its input (it neither notices damage nor stops at
 * a size) and holds 5 MB from its import on.
 */
import type { Buffer } from "node:buffer";
import { corrupt, tooLarge } from "./codec_error.ts";

const MAGIC = 0x184d2204;
const MAGIC_BYTES = 4;
/** Frame descriptor: flags, block size, checksum; content size and dictionary id come in between if there are any. */
const VERSION = 1;
const HAS_BLOCK_CHECKSUM = 0x10;
const HAS_CONTENT_SIZE = 0x08;
const HAS_CONTENT_CHECKSUM = 0x04;
const HAS_DICTIONARY = 0x01;
const CONTENT_SIZE_BYTES = 8;
const CHECKSUM_BYTES = 4;
/** Largest block, by the three bits of the descriptor that tell it. */
const BLOCK_BYTES: Readonly<Record<number, number>> = {
  4: 64 << 10,
  5: 256 << 10,
  6: 1 << 20,
  7: 4 << 20,
};
const SIZE_BYTES = 4;
const STORED = 0x80000000;
const MIN_MATCH = 4;
/** A byte of a block stands for at most so many: the most that one byte adds to the length of a match. */
const MAX_RATIO = 255;
/** Shorter runs are copied faster one byte at a time. */
const LONG_RUN = 24;

interface Lz4Block {
  readonly from: number;
  readonly end: number;
  readonly isStored: boolean;
  /** The most that may come out. */
  readonly limit: number;
}

/** @throws CodecError when the bytes are damaged, or more than `maxBytes` come out; no more than that is allocated */
export function decompressLz4(bytes: Buffer, maxBytes: number): Uint8Array {
  const blocks: Lz4Block[] = [];
  for (let at = 0; at < bytes.length;) at = readFrame(bytes, at, blocks);
  const bound = blocks.reduce((sum, { limit }) => sum + limit, 0);
  const output = new Uint8Array(Math.min(bound, maxBytes));
  let written = 0;
  for (const block of blocks) {
    const writer = new BlockWriter({ output, at: written, limit: block.limit });
    if (block.isStored) writer.literals(bytes, block.from, block.end);
    else unpackBlock(bytes, block, writer);
    written = writer.at;
  }
  return output.subarray(0, written);
}

/** Adds the blocks of the frame at `at`; answers where the frame ends. */
function readFrame(bytes: Buffer, start: number, blocks: Lz4Block[]): number {
  const descriptor = start + MAGIC_BYTES;
  if (descriptor + 3 > bytes.length || bytes.readUInt32LE(start) !== MAGIC) {
    throw corrupt("lz4", "a frame does not begin as one");
  }
  const flags = bytes.readUInt8(descriptor);
  const blockBytes = BLOCK_BYTES[(bytes.readUInt8(descriptor + 1) >>> 4) & 0x7];
  if (flags >>> 6 !== VERSION || blockBytes === undefined || flags & HAS_DICTIONARY) {
    throw corrupt("lz4", `a frame is of an unknown kind, its flags are ${flags}`);
  }
  const contentSizeBytes = flags & HAS_CONTENT_SIZE ? CONTENT_SIZE_BYTES : 0;
  const blockChecksumBytes = flags & HAS_BLOCK_CHECKSUM ? CHECKSUM_BYTES : 0;
  let at = descriptor + 3 + contentSizeBytes;
  while (at + SIZE_BYTES <= bytes.length) {
    const word = bytes.readUInt32LE(at);
    at += SIZE_BYTES;
    if (word === 0) {
      const end = at + (flags & HAS_CONTENT_CHECKSUM ? CHECKSUM_BYTES : 0);
      if (end > bytes.length) break;
      return end;
    }
    const isStored = word >= STORED;
    const size = isStored ? word - STORED : word;
    const end = at + size;
    if (size > blockBytes || end + blockChecksumBytes > bytes.length) break;
    const limit = isStored ? size : Math.min(blockBytes, size * MAX_RATIO);
    blocks.push({ from: at, end, isStored, limit });
    at = end + blockChecksumBytes;
  }
  throw corrupt("lz4", "a frame is cut off");
}

/** A block is a list of sequences: literals, then a copy of what was written before; the last has literals alone. */
function unpackBlock(bytes: Buffer, { from, end }: Lz4Block, writer: BlockWriter): void {
  let at = from;
  const readLength = (base: number): number => {
    let length = base;
    if (base < 0xf) return length;
    for (;;) {
      const byte = at < end ? bytes[at++] : undefined;
      if (byte === undefined) throw corrupt("lz4", "a block is cut off");
      length += byte;
      if (byte < 0xff) return length;
    }
  };
  while (at < end) {
    const token = bytes[at++] ?? 0;
    const literalsEnd = readLength(token >>> 4) + at;
    if (literalsEnd > end) throw corrupt("lz4", "a block is cut off");
    writer.literals(bytes, at, literalsEnd);
    at = literalsEnd;
    if (at === end) return;
    if (at + 2 > end) throw corrupt("lz4", "a block is cut off");
    const distance = bytes.readUInt16LE(at);
    at += 2;
    writer.match(distance, readLength(token & 0xf) + MIN_MATCH);
  }
}

/** Where the bytes of one block go. What earlier blocks wrote stands before them, for linked blocks to copy from. */
class BlockWriter {
  readonly #output: Uint8Array;
  /** Where this block must have ended. */
  readonly #limit: number;
  at: number;

  constructor({ output, at, limit }: { output: Uint8Array; at: number; limit: number }) {
    this.#output = output;
    this.at = at;
    this.#limit = at + limit;
  }

  literals(bytes: Uint8Array, from: number, end: number): void {
    const output = this.#output;
    let to = this.#reserve(end - from);
    if (end - from >= LONG_RUN) output.set(bytes.subarray(from, end), to);
    else for (let i = from; i < end; i++) output[to++] = bytes[i] ?? 0;
  }

  /** The copy may overlap what it writes: a distance of 1 repeats the last byte. */
  match(distance: number, length: number): void {
    const output = this.#output;
    const from = this.at - distance;
    if (distance === 0 || from < 0) {
      throw corrupt("lz4", "a block copies from before its beginning");
    }
    const to = this.#reserve(length);
    if (length >= LONG_RUN && distance >= length) output.copyWithin(to, from, from + length);
    else for (let i = 0; i < length; i++) output[to + i] = output[from + i] ?? 0;
  }

  #reserve(length: number): number {
    const start = this.at;
    this.at += length;
    if (this.at > this.#limit) throw corrupt("lz4", "a block is longer than its frame allows");
    if (this.at > this.#output.length) throw tooLarge("lz4", this.#output.length);
    return start;
  }
}
