/**
 * A short name for a cause of failure: the same for all messages that fail in the same way, whatever they hold, today
 * and in the next version. Made of the stage, the code and the rules of the schema that did not hold; never of a value.
 */
import { createHash } from "node:crypto";

/** What a cause is known by. */
export interface Cause {
  readonly stage: string;
  readonly code: string;
  /** As `Failure.rules`. */
  readonly rules?: readonly string[];
}

const DIGITS = 10;
/** Neither a stage nor a code nor a rule holds one. */
const SEPARATOR = "\n";

/** Ten hexadecimal digits. The order of the rules does not count, nor how often one is broken. */
export function fingerprintOf({ stage, code, rules = [] }: Cause): string {
  const parts = [stage, code, ...new Set(rules.toSorted())];
  return createHash("sha256").update(parts.join(SEPARATOR)).digest("hex").slice(0, DIGITS);
}
