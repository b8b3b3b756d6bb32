/** Errors and fields of log lines on their way between threads. */
import { causeOf, codeOf } from "../ops/log_entry.ts";
import { jsonValue } from "../ops/log_value.ts";
import type { Fields } from "../processing/message.ts";
import type { LogNews, PlainError } from "./protocol.ts";

export function plainError(thrown: unknown): PlainError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack } = error;
  return { name, message, stack, code: codeOf(error), cause: causeOf(error) };
}

/** An error that looks in a log as the one did that it was made of. */
export function revived({ name, message, stack, code, cause }: PlainError): Error {
  const error = new Error(message, cause === undefined ? {} : { cause });
  return Object.assign(error, { name, stack }, code === undefined ? {} : { code });
}

/** Fields may hold whatever a handler likes to log; what is no plain value becomes one here. */
export function plainFields(fields: Fields): Pick<LogNews, "fields" | "error"> {
  const { error, ...others } = fields;
  const isError = error instanceof Error;
  const shown = isError ? others : fields;
  const known = Object.entries(shown).filter(([, value]) => value !== undefined);
  return {
    fields: Object.fromEntries(known.map(([name, value]) => [name, plain(value)])),
    error: isError ? plainError(error) : null,
  };
}

/** Text and numbers as they are: what is shown of them is decided where the line is written. */
function plain(value: unknown): unknown {
  return typeof value === "string" || typeof value === "number" ? value : jsonValue(value);
}
