/** Faster ways to read messages, each taken only if it gives the same as the plain one. */
import { type Decompress, decompress, decompressQuickly } from "../kafka/codecs.ts";
import { quickSnappyProblem } from "../kafka/quick_snappy.ts";
import { type Decode, decode, decodeQuickly } from "../processing/decode.ts";
import { findDifference } from "../processing/golden_values.ts";
import type { Logger } from "../processing/message.ts";

/** How messages are read. */
export interface FastPath {
  readonly decode: Decode;
  readonly decompress: Decompress;
}

/** What a self-check has to say: null where a fast way does as it should. */
export interface FastPathChecks {
  readonly decode: () => string | null;
  readonly decompress: () => string | null;
}

const PLAIN: FastPath = { decode, decompress };
const CHECKS: FastPathChecks = {
  decode: () => findDifference(decode, decodeQuickly),
  decompress: quickSnappyProblem,
};

/** The plain way with `off`, and with a warning where a fast one does not agree with it. */
export function chooseFastPath(
  mode: "auto" | "off",
  logger: Logger,
  checks: FastPathChecks = CHECKS,
): FastPath {
  if (mode === "off") return PLAIN;
  const problem = checks.decode() ?? checks.decompress();
  if (problem === null) return { decode: decodeQuickly, decompress: decompressQuickly };
  logger.warning("Reading messages in the plain way: a fast one failed its self-check", {
    problem,
  });
  return PLAIN;
}
