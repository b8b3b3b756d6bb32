/** Whether Deno exports traces: OTEL_DENO=true at the start, or, in a compiled file, when it was compiled. */

/** Under which Deno puts its providers in place, and only then, for @opentelemetry/api 1.x to find. */
const API = Symbol.for("opentelemetry.js.api.1");

export function exportsTelemetry(): boolean {
  return API in globalThis;
}
