/** Faster ways to read messages, taken only if each gives the same as the plain one. */
import { EVENT_SHAPE } from "../event.ts";
import { type Decompress, decompress, decompressQuickly } from "../kafka/codecs.ts";
import { quickSnappyProblem } from "../kafka/quick_snappy.ts";
import { type Decode, decode, decodeQuickly } from "../processing/decode.ts";
import { findDifference, scannerProblem } from "../processing/golden_values.ts";
import type { Logger } from "../processing/message.ts";
import { Scanner } from "../processing/scanner.ts";

/** How messages are read. */
export interface FastPath {
  readonly decode: Decode;
  readonly decompress: Decompress;
  /** Null: values are decoded without a look at them before. */
  readonly scanner: Scanner | null;
}

const PLAIN: FastPath = { decode, decompress, scanner: null };

/** The plain way with `off`, and with a warning where a fast one does not agree with it. */
export function chooseFastPath(
  mode: "auto" | "off",
  logger: Logger,
  check: (fast: FastPath) => string | null = problemOf,
): FastPath {
  if (mode === "off") return PLAIN;
  const { shape } = EVENT_SHAPE;
  const scanner = shape === null ? null : Scanner.create(shape);
  const fast = { decode: decodeQuickly, decompress: decompressQuickly, scanner };
  const problem = check(fast);
  if (problem === null) return fast;
  logger.warning("Reading messages in the plain way: a fast one failed its self-check", {
    problem,
  });
  return PLAIN;
}

/** What a self-check finds wrong with a fast way; null when nothing is. */
export function problemOf({ decode: quick, scanner }: FastPath): string | null {
  return quickSnappyProblem() ?? findDifference(decode, quick) ?? problemOfScanner(scanner);
}

/** None is wanted where the schema cannot be scanned. */
function problemOfScanner(scanner: Scanner | null): string | null {
  if (scanner !== null) return scannerProblem(scanner, decode);
  return EVENT_SHAPE.shape === null ? null : "the scanner is not there";
}
