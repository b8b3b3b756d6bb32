/**
 * A message set aside with its reason: key and value bytes as received, original headers, then `__dlq.errors.*` (the
 * names of Apache Kafka's own dead letters, KIP-1191) and `__dlq.processing.*` of ours. Numbers are text.
 */
import type { Coordinates, Header, Message } from "./message.ts";
import type { Failure } from "./telemetry.ts";

export interface DeadLetter {
  readonly source: Coordinates;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
}

export interface DeadLetterSink {
  /**
   * Resolves only when the broker acknowledged.
   *
   * @throws DeadLetterRefused when the broker will never take it, anything else when it may later
   */
  send(
    letter: DeadLetter,
    options: { readonly compressed: boolean; readonly signal: AbortSignal },
  ): Promise<Coordinates>;
}

/** The broker will never take this record as it is. */
export class DeadLetterRefused extends Error {
  override readonly name = "DeadLetterRefused";
}

/** Longer texts are cut, so that headers stay small beside any message. */
const TEXT_MAX = 4_096;

const encoder = new TextEncoder();

export function deadLetter(
  message: Message,
  facts: {
    readonly failure: Failure;
    readonly attempts: number;
    readonly groupId: string;
    readonly serviceVersion: string;
    readonly failedAt: number;
  },
): DeadLetter {
  const { failure } = facts;
  const texts: Record<string, string> = {
    "__dlq.errors.topic": message.topic,
    "__dlq.errors.partition": String(message.partition),
    "__dlq.errors.offset": String(message.offset),
    "__dlq.errors.group": facts.groupId,
    "__dlq.errors.delivery.count": String(facts.attempts),
    "__dlq.errors.message": failure.message,
    "__dlq.processing.stage": failure.stage,
    "__dlq.processing.code": failure.code,
    "__dlq.processing.timestamp": String(message.timestamp),
    "__dlq.processing.failed.at": new Date(facts.failedAt).toISOString(),
    "__dlq.processing.version": facts.serviceVersion,
  };
  if (failure.stack !== undefined) texts["__dlq.processing.stack"] = failure.stack;
  const ours = Object.entries(texts).map(([name, text]) => header(name, text));
  const { topic, partition, offset, key, value } = message;
  return {
    source: { topic, partition, offset },
    key,
    value,
    headers: [...message.headers, ...ours],
  };
}

/** The same without its value, which is described instead. */
export async function withoutValue(letter: DeadLetter): Promise<DeadLetter> {
  const value = letter.value ?? new Uint8Array();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(value)));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const described = [
    header("__dlq.processing.value.bytes", String(value.length)),
    header("__dlq.processing.value.sha256", sha256),
  ];
  return { ...letter, value: null, headers: [...letter.headers, ...described] };
}

function header(name: string, text: string): Header {
  return [name, encoder.encode(text.slice(0, TEXT_MAX))];
}
