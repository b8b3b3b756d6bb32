/** The trace context of a record, in the headers of W3C Trace Context (https://www.w3.org/TR/trace-context/). */
import type { Header } from "../processing/message.ts";

/** Names a span of another process, or of this one. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  /** Whether whoever began the trace has it recorded. */
  readonly isSampled: boolean;
}

export const TRACEPARENT = "traceparent";

const SAMPLED = 1;
/** A version, trace id, span id and flags; later versions may say more behind a dash. */
const PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LENGTH_MAX = 512;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the last `traceparent` header says, as the last one is what the last sender wrote; null when it says nothing. */
export function readTraceContext(headers: readonly Header[]): TraceContext | null {
  for (let at = headers.length - 1; at >= 0; at--) {
    const header = headers[at];
    if (header !== undefined && header[0] === TRACEPARENT) return parse(header[1]);
  }
  return null;
}

/** The header of a record that belongs to the span. */
export function traceparent({ traceId, spanId, isSampled }: TraceContext): Header {
  const flags = isSampled ? "01" : "00";
  return [TRACEPARENT, encoder.encode(`00-${traceId}-${spanId}-${flags}`)];
}

function parse(content: Uint8Array | null): TraceContext | null {
  if (content === null || content.length > LENGTH_MAX) return null;
  const [, version = "", traceId = "", spanId = "", flags = "", rest] =
    PATTERN.exec(decoder.decode(content)) ?? [];
  if (version === "" || version === "ff" || (version === "00" && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (parseInt(flags, 16) & SAMPLED) !== 0 };
}
