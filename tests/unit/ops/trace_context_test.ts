import assert from "node:assert/strict";
import { readTraceContext, traceparent } from "../../../src/ops/trace_context.ts";
import type { Header } from "../../../src/processing/message.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

function header(text: string | null, name = "traceparent"): Header {
  return [name, text === null ? null : new TextEncoder().encode(text)];
}

Deno.test("readTraceContext() reads what the last sender wrote", () => {
  const sampled = { traceId: TRACE, spanId: SPAN, isSampled: true };
  const other = header(`00-${"1".repeat(32)}-${"2".repeat(16)}-01`);
  assert.deepEqual(readTraceContext([other, header(`00-${TRACE}-${SPAN}-01`)]), sampled);
  assert.deepEqual(readTraceContext([header(`00-${TRACE}-${SPAN}-03`)]), sampled);
  assert.deepEqual(readTraceContext([header(`01-${TRACE}-${SPAN}-01-more`)]), sampled);
  assert.equal(readTraceContext([header(`00-${TRACE}-${SPAN}-00`)])?.isSampled, false);
  assert.equal(readTraceContext([]), null);
  assert.equal(readTraceContext([header("x", "tracestate")]), null);
});

Deno.test("readTraceContext() takes nothing that is not valid", () => {
  const bad = [
    "",
    "00",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-zz`,
    ` 00-${TRACE}-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01-${"x".repeat(1_000)}`,
  ];
  for (const text of bad) assert.equal(readTraceContext([header(text)]), null, text);
  assert.equal(readTraceContext([header(null)]), null);
});

Deno.test("traceparent() writes what readTraceContext() reads", () => {
  for (const isSampled of [true, false]) {
    const context = { traceId: TRACE, spanId: SPAN, isSampled };
    assert.deepEqual(readTraceContext([traceparent(context)]), context);
  }
});
