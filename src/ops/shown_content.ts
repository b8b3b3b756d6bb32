/**
 * Keys and values of messages as the console shows them: only with CONSOLE_SHOW_VALUES. Without it a key is a short
 * digest, by which the same key can be known again and nobody's name can be read.
 */
import { createHash } from "node:crypto";
import type { Message } from "../processing/message.ts";

/** What a message holds. */
export type Content = Pick<Message, "key" | "value">;

/** A message's content, cut short; `value` is null where it is not to be shown, or is not there. */
export interface ShownContent {
  readonly key: string | null;
  readonly value: string | null;
}

const DIGEST_DIGITS = 8;
const KEY_MAX = 80;
const VALUE_MAX = 400;
const decoder = new TextDecoder();

export function showContent(
  { key, value }: Content,
  { showValues }: { readonly showValues: boolean },
): ShownContent {
  if (showValues) return { key: excerpt(key, KEY_MAX), value: excerpt(value, VALUE_MAX) };
  return { key: key === null ? null : digest(key), value: null };
}

/** Nothing of it, not even the digest, for who only has to reach the port. */
export function hideContent<T extends ShownContent>(shown: T): T {
  return { ...shown, key: null, value: null };
}

function digest(key: Uint8Array): string {
  return `#${createHash("sha256").update(key).digest("hex").slice(0, DIGEST_DIGITS)}`;
}

function excerpt(bytes: Uint8Array | null, max: number): string | null {
  if (bytes === null) return null;
  // A character takes up to four bytes: more is not looked at.
  const text = decoder.decode(bytes.subarray(0, 4 * max));
  return text.length > max || bytes.length > 4 * max ? `${text.slice(0, max)}…` : text;
}
