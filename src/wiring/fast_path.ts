/** Faster ways to read messages, each taken only if it gives the same as the plain one. */
import { type Decode, decode, decodeQuickly } from "../processing/decode.ts";
import { findDifference } from "../processing/golden_values.ts";
import type { Logger } from "../processing/message.ts";

/** How messages are read. */
export interface FastPath {
  readonly decode: Decode;
}

/** The plain way with `off`, and with a warning where a faster one does not agree with it. */
export function chooseFastPath(
  mode: "auto" | "off",
  logger: Logger,
  quick: Decode = decodeQuickly,
): FastPath {
  if (mode === "off") return { decode };
  const difference = findDifference(decode, quick);
  if (difference === null) return { decode: quick };
  logger.warning("Reading messages in the plain way, the fast one gave another answer", {
    difference,
  });
  return { decode };
}
