/**
 * The pool as a file that producers in other languages read. All numbers are int32, big-endian: how many messages, then
 * of each: key, value, how many headers, and of each header name and text. Texts and values have their length in front.
 */
import { Buffer } from "node:buffer";
import type { BenchMessage } from "./bench_events.ts";

/** Writes the pool. */
export async function writeMessageFile(
  path: string,
  pool: readonly BenchMessage[],
): Promise<void> {
  await Deno.writeFile(path, Buffer.concat([int32(pool.length), ...pool.flatMap(encode)]));
}

function encode({ key, value, headers }: BenchMessage): readonly Buffer[] {
  return [
    ...sized(Buffer.from(key)),
    ...sized(value),
    int32(headers.length),
    ...headers.flatMap((header) => header.flatMap((text) => sized(Buffer.from(text)))),
  ];
}

function sized(bytes: Buffer): readonly Buffer[] {
  return [int32(bytes.length), bytes];
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
