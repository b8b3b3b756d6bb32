/**
 * Decompression of record batches: none, gzip, snappy, lz4 and zstd. Every codec is bounded before or while it works,
 * so that a small batch cannot unpack into all of memory: at most the cap is allocated, and one chunk more.
 */
import { Buffer } from "node:buffer";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { CodecError, corrupt, tooLarge } from "./codec_error.ts";
import { decompressLz4 } from "./lz4.ts";
import { unpackSnappyQuickly } from "./quick_snappy.ts";
import { decompressSnappy } from "./snappy.ts";

type DecompressCodec = (bytes: Buffer, maxBytes: number) => Uint8Array | Promise<Uint8Array>;

/** A way to decompress: `decompress`, or one that answers the same. */
export type Decompress = typeof decompress;

const SNAPPY = 2;
/** By the three codec bits of a batch's attributes. */
const CODECS: readonly { readonly name: string; readonly decompress: DecompressCodec }[] = [
  { name: "none", decompress: (bytes) => bytes },
  { name: "gzip", decompress: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }) },
  { name: "snappy", decompress: decompressSnappy },
  { name: "lz4", decompress: decompressLz4 },
  // Deno answers what it has, without an error, when a frame is cut off: the record count has to tell.
  {
    name: "zstd",
    decompress: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
  },
];

/**
 * Decompresses the records of one batch. What comes out is a buffer of its own, or, for codec 0, a view on `bytes` if
 * these are the better part of what they are a view on.
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
    return trim(output);
  } catch (error) {
    if (error instanceof CodecError) throw error;
    const { code, message } = error as Error & { code?: unknown };
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(known.name, maxBytes);
    throw corrupt(known.name, message, error);
  }
}

/** Answers what `decompress` does, sooner where it is snappy: with all else it is asked. */
export async function decompressQuickly(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  if (codec === SNAPPY) {
    const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const output = unpackSnappyQuickly(input, maxBytes);
    if (output !== null) return output;
  }
  return await decompress(codec, bytes, maxBytes);
}

/** "golden" twenty times, as each codec writes it. */
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
      throw new Error(`Report this platform, its self-test of a codec gave other bytes: ${name}`);
    }
  }
}

/**
 * Messages are views on the output: they must not keep twice of what they need, as one message left of an answer that
 * held many partitions would, nor be Buffers now and then.
 */
function trim(output: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = output;
  const view = new Uint8Array(buffer, byteOffset, byteLength);
  return buffer.byteLength > 2 * byteLength ? view.slice() : view;
}
