/**
 * Bytes -> text -> JSON -> event. Each step that can fail has its own code, and no reason holds a piece of the value.
 * A good message is only checked; why a bad one is bad is worked out afterwards.
 */
import {
  type EnrichedEvent,
  explainEvent,
  isEnrichedEvent,
  isEnrichedEventQuickly,
} from "../event.ts";
import { oneLine } from "./failure.ts";
import type { Failure } from "./telemetry.ts";

/** An event, or why there is none. */
export type Decoded =
  | { readonly event: EnrichedEvent; readonly failure: null }
  | { readonly event: null; readonly failure: Failure };

/** A way to decode: `decode`, or one that answers the same. */
export type Decode = (value: Uint8Array) => Decoded;

/** Decodes the value of one message. Never throws. A tombstone has no value: it is not for this function. */
export function decode(value: Uint8Array): Decoded {
  if (value.length === 0) return failed("decode", "empty_value", "the value has 0 bytes");
  let text: string;
  try {
    text = UTF8.decode(value);
  } catch {
    return failed("decode", "not_utf8", "the value is not UTF-8");
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return failed("decode", "not_json", `the value is not JSON${whereIn(error)}`);
  }
  if (isEnrichedEvent(parsed)) return { event: parsed, failure: null };
  const { reason, rules } = explainEvent(parsed);
  const message = oneLine(reason);
  return { event: null, failure: { stage: "validate", code: "schema_mismatch", message, rules } };
}

/** Answers what `decode` does, sooner where the value is an event: with all else it is asked. */
export function decodeQuickly(value: Uint8Array): Decoded {
  const text = LENIENT_UTF8.decode(value);
  if (text.includes(REPLACEMENT)) return decode(value);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return decode(value);
  }
  return isEnrichedEventQuickly(parsed) ? { event: parsed, failure: null } : decode(value);
}

/** A byte order mark at the start is dropped, as RFC 8259 allows. */
const UTF8 = new TextDecoder("utf-8", { fatal: true });
/** Three times as fast. It writes U+FFFD for what is not UTF-8. */
const LENIENT_UTF8 = new TextDecoder("utf-8");
const REPLACEMENT = "\ufffd";

function failed(stage: "decode", code: string, message: string): Decoded {
  return { event: null, failure: { stage, code, message: oneLine(message) } };
}

/** The place of a syntax error. The error's own text may quote the value: only a position that V8 wrote is taken from it. */
function whereIn(error: unknown): string {
  if (!(error instanceof SyntaxError)) return `: ${(error as Error).name}`;
  if (error.message.startsWith("Unexpected end")) return ": it ends too early";
  const position = / JSON at position (\d+) \(line \d+ column \d+\)$/.exec(error.message)?.[1];
  return position === undefined ? "" : `: syntax error at position ${position}`;
}
