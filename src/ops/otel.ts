/** Whether Deno exports traces: OTEL_DENO=true at the start, or, in a compiled file, when it was compiled. */

import type { Tracing, TracingOptions } from "./tracing.ts";

/** Under which Deno puts its providers in place, and only then, for @opentelemetry/api 1.x to find. */
const API = Symbol.for("opentelemetry.js.api.1");

export function exportsTelemetry(): boolean {
  return API in globalThis;
}

/** Null where Deno exports nothing: it is loaded only to be used. */
export async function startTracing(options: TracingOptions): Promise<Tracing | null> {
  if (!exportsTelemetry()) return null;
  const { Tracing } = await import("./tracing.ts");
  return new Tracing(options);
}
