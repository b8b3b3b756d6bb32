/**
 * What tests say to producers that are not written in TypeScript, and what these answer: one line a message in, one
 * JSON line an acknowledgement out.
 */
import { Buffer } from "node:buffer";

/** A message for such a producer. */
export interface ExternalMessage {
  readonly key: string | null;
  readonly value: string | Uint8Array | null;
  /** Comes back with the acknowledgement. */
  readonly eventId: string;
  /** The producer's own partitioner decides when this is left out. */
  readonly partition?: number;
}

/** What the broker acknowledged, in the order in which it did. */
export interface ExternalAcknowledgement {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly eventId: string;
}

/** How messages are sent. */
export interface ExternalSendOptions {
  readonly bootstrap: string;
  readonly topic: string;
  readonly messages: readonly ExternalMessage[];
  /** `snappy` by default. */
  readonly compression?: "none" | "gzip" | "snappy" | "lz4" | "zstd";
}

/** Time for a process to start and send everything. */
export const EXTERNAL_DEADLINE_MS = 120_000;

/** Partition or -1, key and value as `=` and base64 or `-` for null, event id; separated by tabs. */
export function encodeMessages(messages: readonly ExternalMessage[]): string {
  const lines = messages.map(({ partition, key, value, eventId }) =>
    [partition ?? -1, encodeBytes(key), encodeBytes(value), eventId].join("\t")
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** Reads the answer. Throws when not every message was acknowledged. */
export function parseAcknowledgements(
  output: string,
  expected: number,
): readonly ExternalAcknowledgement[] {
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  if (lines.length !== expected) {
    throw new Error(`Not every message was acknowledged: ${lines.length} of ${expected}`);
  }
  return lines.map((line) => {
    const { partition, offset, key, event_id: eventId } = JSON.parse(line);
    return { partition, offset, key, eventId };
  });
}

function encodeBytes(value: string | Uint8Array | null): string {
  return value === null ? "-" : `=${Buffer.from(value).toString("base64")}`;
}
