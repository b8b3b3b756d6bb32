/**
 * Snappy as Kafka's producers write it: one raw block (librdkafka), or blocks in xerial frames (the Java client).
 * kafkajs-snappy unpacks the blocks. It believes what is in them, so each is checked before it gets there: the size
 * that a block declares is exactly what comes out, and nothing is read or copied from outside of it.
 */
import { Buffer } from "node:buffer";
import snappyCodec from "kafkajs-snappy";
import { corrupt, tooLarge } from "./codec_error.ts";

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic, then version and lowest compatible version, 4 bytes each. */
const XERIAL_HEADER_BYTES = 16;
const XERIAL_SIZE_BYTES = 4;
/** The kind of an element, by the low two bits of its tag. */
const LITERAL = 0;
const COPY_NEAR = 1;
const COPY_FAR = 2;
/** A longer literal has 1 to 4 bytes for its length. */
const MAX_SHORT_LITERAL = 60;

/** A raw block whose declared size has been read. */
export interface SnappyBlock {
  readonly bytes: Buffer;
  /** How many bytes come out. */
  readonly size: number;
  /** Where the elements begin, after the size. */
  readonly start: number;
}

const snappy = snappyCodec() as { decompress(block: Buffer): Promise<Uint8Array> };

/** @throws CodecError when the bytes are damaged, or more than `maxBytes` would come out; nothing is allocated then */
export async function decompressSnappy(bytes: Buffer, maxBytes: number): Promise<Uint8Array> {
  const blocks = snappyBlocks(bytes);
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  if (size > maxBytes) throw tooLarge("snappy", maxBytes);
  blocks.forEach(checkElements);
  const [first] = blocks;
  if (first !== undefined && blocks.length === 1) return await snappy.decompress(first.bytes);
  const output = new Uint8Array(size);
  let at = 0;
  for (const block of blocks) {
    output.set(await snappy.decompress(block.bytes), at);
    at += block.size;
  }
  return output;
}

/**
 * The blocks in xerial frames, or the one that there is without. kafkajs-snappy reads frames as well, but copies all
 * that it has once more for every block.
 *
 * @throws CodecError when a frame, or the size of a block, is damaged
 */
export function snappyBlocks(bytes: Buffer): SnappyBlock[] {
  const isFramed = bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC);
  return isFramed ? xerialBlocks(bytes) : [readSize(bytes)];
}

function xerialBlocks(bytes: Buffer): SnappyBlock[] {
  const blocks: SnappyBlock[] = [];
  let at = XERIAL_HEADER_BYTES;
  if (at > bytes.length) throw corrupt("snappy", "the xerial header is cut off");
  while (at < bytes.length) {
    const start = at + XERIAL_SIZE_BYTES;
    if (start > bytes.length) throw corrupt("snappy", "a xerial block is cut off");
    at = start + bytes.readUInt32BE(at);
    if (at > bytes.length) throw corrupt("snappy", "a xerial block is cut off");
    blocks.push(readSize(bytes.subarray(start, at)));
  }
  return blocks;
}

/** A block begins with its size when unpacked, a varint of 32 bits. */
function readSize(bytes: Buffer): SnappyBlock {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { bytes, size, start: i + 1 };
  }
  throw corrupt("snappy", "a block does not begin with its size");
}

/**
 * Walks the literals and copies of a block without unpacking them. snappyjs 0.6.1, which kafkajs-snappy uses, never
 * comes back from a literal of more than 2 GiB, and leaves zeros where a block ends early.
 */
function checkElements({ bytes, size, start }: SnappyBlock): void {
  let at = start;
  let written = 0;
  while (at < bytes.length && written <= size) {
    const tag = bytes[at++] ?? 0;
    const kind = tag & 0x3;
    let length = (tag >>> 2) + 1;
    if (kind === LITERAL) {
      if (length > MAX_SHORT_LITERAL) {
        const lengthBytes = length - MAX_SHORT_LITERAL;
        length = littleEndian(bytes, at, lengthBytes) + 1;
        at += lengthBytes;
      }
      at += length;
    } else {
      const distanceBytes = kind === COPY_NEAR ? 1 : kind === COPY_FAR ? 2 : 4;
      let distance = littleEndian(bytes, at, distanceBytes);
      if (kind === COPY_NEAR) {
        distance += (tag >>> 5) << 8;
        length = ((tag >>> 2) & 0x7) + 4;
      }
      if (distance === 0 || distance > written) {
        throw corrupt("snappy", "a block copies from before its beginning");
      }
      at += distanceBytes;
    }
    written += length;
  }
  if (at > bytes.length) throw corrupt("snappy", "a block is cut off");
  if (written !== size) throw corrupt("snappy", `a block does not unpack to its size of ${size}`);
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
