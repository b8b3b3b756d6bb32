/** What the golden batches hold, and how to read them; README.md says how they were made. */
import { Buffer } from "node:buffer";
import type { Message } from "../../../../src/processing/message.ts";

/** Batches by clients and codecs, of the same records. */
export const GOLDEN_FILES: readonly string[] = ["java", "librdkafka"].flatMap((client) =>
  ["gzip", "snappy", "lz4", "zstd"].map((codec) => `${client}-${codec}.batches`)
);

export const GOLDEN_COUNT = 80;

/** The bytes of a golden file. */
export async function readGolden(name: string): Promise<Buffer> {
  return Buffer.from(await Deno.readFile(new URL(name, import.meta.url)));
}

/** Record i of a golden batch, as text. */
export function goldenRecord(i: number): ReturnType<typeof asText> {
  const text = `golden ${i} `.repeat(100);
  const json = `{"event_id":"golden-${i}","event_type":"page_view","text":"${text}"}`;
  return {
    offset: i,
    timestamp: 1_700_000_000_000 + i * 250 - (i === 3 ? 5_000 : 0),
    key: i % 4 === 0 ? null : `user-${i % 7}`,
    value: i === 13 ? null : i === 14 ? "" : json,
    headers: i % 5 === 0 ? [["trace", `${i}`], ["trace", "again"], ["none", null]] : [],
  };
}

/** A message with its bytes as text. */
export function asText({ offset, timestamp, key, value, headers }: Message): {
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: [name: string, value: string | null][];
} {
  return {
    offset,
    timestamp,
    key: text(key),
    value: text(value),
    headers: headers.map(([name, each]) => [name, text(each)]),
  };
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}
