/** How the tests of the core read values: as the service does by default, or with FAST_PATH=off in the plain way. */
import { EVENT_SHAPE } from "../../src/event.ts";
import { type Decode, decode, decodeQuickly } from "../../src/processing/decode.ts";
import { Scanner } from "../../src/processing/scanner.ts";

export const READING: { readonly decode: Decode; readonly scanner: Scanner | null } =
  Deno.env.get("FAST_PATH") === "off"
    ? { decode, scanner: null }
    : { decode: decodeQuickly, scanner: eventScanner() };

/** The scanner of events, which is there on whatever the tests run on. */
export function eventScanner(): Scanner {
  const { shape, unsupported } = EVENT_SHAPE;
  const scanner = shape === null ? null : Scanner.create(shape);
  if (scanner === null) throw new Error(`No scanner: ${unsupported ?? "no SIMD"}`);
  return scanner;
}
