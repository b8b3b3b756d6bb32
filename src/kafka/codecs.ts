/**
 * Decompression of record batches: none, gzip, snappy (raw blocks as librdkafka writes them, xerial frames as the Java
 * client does), lz4 and zstd. Every codec is bounded before or while it works, so a small batch cannot unpack into all
 * of memory: snappy and lz4 say their sizes up front, zlib is given a limit.
 */
import { Buffer } from "node:buffer";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import lz4 from "lz4js";
import snappyCodec from "kafkajs-snappy";

/** Why a batch could not be decompressed. */
export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly code: "unknown_codec" | "corrupt_compression" | "too_large_decompressed";
  constructor(code: CodecError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

type Decompress = (bytes: Buffer, maxBytes: number) => Uint8Array | Promise<Uint8Array>;

/** By the three codec bits of a batch's attributes. */
const CODECS: readonly { readonly name: string; readonly decompress: Decompress }[] = [
  { name: "none", decompress: (bytes) => bytes },
  { name: "gzip", decompress: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }) },
  { name: "snappy", decompress: decompressSnappy },
  { name: "lz4", decompress: decompressLz4 },
  {
    name: "zstd",
    decompress: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
  },
];

/**
 * Decompresses the records of one batch.
 *
 * @throws CodecError when the codec is unknown, the bytes are damaged, or more than `maxBytes` would come out
 */
export async function decompress(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  const known = CODECS[codec];
  if (known === undefined) {
    throw new CodecError("unknown_codec", `Update this service, it does not know codec: ${codec}`);
  }
  try {
    const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const output = await known.decompress(input, maxBytes);
    if (output.byteLength > maxBytes) throw tooLarge(known.name, maxBytes);
    return output;
  } catch (error) {
    if (error instanceof CodecError) throw error;
    const { code, message } = error as Error & { code?: unknown };
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(known.name, maxBytes);
    throw new CodecError(
      "corrupt_compression",
      `Cannot decompress ${known.name}: ${message}`,
      error,
    );
  }
}

/** Golden blocks of every codec: "golden" twenty times, as each client writes it. */
const GOLDEN_TEXT = "golden".repeat(20);
const GOLDEN_BLOCKS: readonly {
  readonly name: string;
  readonly codec: number;
  readonly base64: string;
}[] = [
  { name: "gzip", codec: 1, base64: "H4sIAAAAAAAAA0vPz0lJzUunOwkAHezBa3gAAAA=" },
  { name: "snappy (raw)", codec: 2, base64: "eBRnb2xkZW7+BgDGBgA=" },
  { name: "snappy (xerial)", codec: 2, base64: "glNOQVBQWQAAAAABAAAAAQAAAA54FGdvbGRlbv4GAMYGAA==" },
  { name: "lz4", codec: 3, base64: "BCJNGEBw3xAAAABvZ29sZGVuBgBaUG9sZGVuAAAAAA==" },
  { name: "zstd", codec: 4, base64: "KLUv/QBYbQAAMGdvbGRlbgEAL2kpAg==" },
];

/**
 * Decompresses a known block with every codec.
 *
 * @throws Error that names the codec that does not work here
 */
export async function selfTestCodecs(): Promise<void> {
  for (const { name, codec, base64 } of GOLDEN_BLOCKS) {
    const output = await decompress(codec, Buffer.from(base64, "base64"), GOLDEN_TEXT.length);
    if (Buffer.from(output).toString() !== GOLDEN_TEXT) {
      throw new Error(`Codec ${name} does not work on this machine: self-test gave other bytes`);
    }
  }
}

function tooLarge(name: string, maxBytes: number): CodecError {
  return new CodecError(
    "too_large_decompressed",
    `Raise MAX_DECOMPRESSED_BYTES, a ${name} batch unpacks to more than: ${maxBytes}`,
  );
}

// --- snappy

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic, then version and lowest compatible version, 4 bytes each. */
const XERIAL_HEADER_BYTES = 16;
const XERIAL_SIZE_BYTES = 4;

const snappy = snappyCodec() as { decompress(block: Buffer): Promise<Uint8Array> };

async function decompressSnappy(bytes: Buffer, maxBytes: number): Promise<Uint8Array> {
  const blocks = bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)
    ? xerialBlocks(bytes)
    : [bytes];
  let size = 0;
  for (const block of blocks) size += snappySize(block);
  if (size > maxBytes) throw tooLarge("snappy", maxBytes);
  const [only] = blocks;
  if (blocks.length === 1 && only !== undefined) return await snappy.decompress(only);
  const output = Buffer.allocUnsafe(size);
  let at = 0;
  for (const block of blocks) {
    const plain = await snappy.decompress(block);
    output.set(plain, at);
    at += plain.length;
  }
  return output.subarray(0, at);
}

/** kafkajs-snappy would do this as well, but joins the blocks by copying everything once per block. */
function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let at = XERIAL_HEADER_BYTES;
  while (at + XERIAL_SIZE_BYTES <= bytes.length) {
    const size = bytes.readUInt32BE(at);
    at += XERIAL_SIZE_BYTES;
    if (at + size > bytes.length) throw new Error(`xerial block of ${size} bytes is cut off`);
    blocks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return blocks;
}

/** The varint before a snappy block: how many bytes will come out. */
function snappySize(block: Buffer): number {
  let size = 0;
  for (let at = 0; at < 5; at++) {
    const byte = block[at];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return size;
  }
  throw new Error("snappy block does not start with its size");
}

// --- lz4, frame format; lz4js decodes the blocks, its own frame reader misplaces block checksums

const LZ4_MAGIC = 0x184d2204;
const LZ4_BLOCK_BYTES: Readonly<Record<number, number>> = {
  4: 64 << 10,
  5: 256 << 10,
  6: 1 << 20,
  7: 4 << 20,
};
const LZ4_STORED = 0x80000000;

interface Lz4Block {
  readonly at: number;
  readonly size: number;
  readonly stored: boolean;
}

function decompressLz4(bytes: Buffer, maxBytes: number): Uint8Array {
  const { blocks, blockBytes } = lz4Blocks(bytes);
  const bound = blocks.reduce((sum, { size, stored }) => sum + (stored ? size : blockBytes), 0);
  const output = new Uint8Array(Math.min(bound, maxBytes + blockBytes));
  let at = 0;
  for (const { at: from, size, stored } of blocks) {
    if (stored) {
      if (at + size > output.length) throw tooLarge("lz4", maxBytes);
      output.set(bytes.subarray(from, from + size), at);
      at += size;
    } else {
      const end: number = lz4.decompressBlock(bytes, output, from, size, at);
      if (!(end <= at + blockBytes)) throw new Error("lz4 block is longer than its frame allows");
      at = end;
    }
    if (at > maxBytes) throw tooLarge("lz4", maxBytes);
  }
  return output.subarray(0, at);
}

function lz4Blocks(bytes: Buffer): { blocks: Lz4Block[]; blockBytes: number } {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== LZ4_MAGIC) throw new Error("no lz4 frame");
  const flags = bytes.readUInt8(4);
  const blockBytes = LZ4_BLOCK_BYTES[(bytes.readUInt8(5) >> 4) & 0x7];
  if (flags >> 6 !== 1 || blockBytes === undefined) throw new Error("unknown kind of lz4 frame");
  const checksumBytes = flags & 0x10 ? 4 : 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  let at = 6 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0) + 1;
  const blocks: Lz4Block[] = [];
  for (;;) {
    if (at + 4 > bytes.length) throw new Error("lz4 frame is cut off");
    const word = bytes.readUInt32LE(at);
    at += 4;
    if (word === 0) return { blocks, blockBytes };
    const stored = word >= LZ4_STORED;
    const size = stored ? word - LZ4_STORED : word;
    if (size > blockBytes || at + size > bytes.length) throw new Error("lz4 block is cut off");
    blocks.push({ at, size, stored });
    at += size + checksumBytes;
  }
}
