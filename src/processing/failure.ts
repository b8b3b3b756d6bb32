/**
 * What went wrong with a message and what that means: try again, set it aside, or stop the service. The three error
 * classes are how a handler says so; whatever else it throws may pass by itself and is tried again.
 */
import type { Failure } from "./telemetry.ts";

/** Beside an error's text. */
export interface ProcessingErrorOptions {
  /** Low-cardinality name for metrics and dead letters: letters, digits and `_`, at most 64. */
  readonly code?: string;
  readonly cause?: unknown;
}

/** A later attempt may succeed: a timeout, a dependency that is down. Any error that is not one of ours means the same. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  readonly code: string;

  constructor(message: string, { code = "transient", cause }: ProcessingErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** No attempt will ever succeed: the message goes to the dead letters at once. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
  readonly code: string;

  constructor(message: string, { code = "permanent", cause }: ProcessingErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** Nothing can be processed any more: the service stops, and the message is not done. */
export class FatalError extends Error {
  override readonly name = "FatalError";
  readonly code: string;

  constructor(message: string, { code = "fatal", cause }: ProcessingErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** What a thrown value asks for, and its description. */
export interface Verdict {
  /** `unknown` is treated as `transient`; it says that the handler did not choose. */
  readonly kind: "transient" | "permanent" | "fatal" | "unknown";
  readonly failure: Failure;
}

/** Judges whatever a handler threw, hostile values included. Never throws. */
export function judge(thrown: unknown): Verdict {
  return { kind: kindOf(thrown), failure: describe(thrown) };
}

/** Puts a text on one line of at most `MESSAGE_MAX_CHARS`. */
export function oneLine(text: string): string {
  const line = text.slice(0, MESSAGE_MAX_CHARS + 1).replace(/\s+/g, " ").trim();
  return line.length > MESSAGE_MAX_CHARS ? `${line.slice(0, MESSAGE_MAX_CHARS - 1)}…` : line;
}

const MESSAGE_MAX_CHARS = 1000;
/** What fits a metric label; Node's own codes (ECONNREFUSED) do. */
const CODE = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

function kindOf(thrown: unknown): Verdict["kind"] {
  if (thrown instanceof PermanentError) return "permanent";
  if (thrown instanceof FatalError) return "fatal";
  return thrown instanceof TransientError ? "transient" : "unknown";
}

function describe(thrown: unknown): Failure {
  const code = textOf(thrown, "code");
  const message = textOf(thrown, "message") ?? `a handler threw ${nameOf(thrown)}`;
  const stack = textOf(thrown, "stack");
  return {
    stage: "handle",
    code: code !== null && CODE.test(code) ? code : "handler_error",
    message: oneLine(message),
    ...(stack === null ? {} : { stack }),
  };
}

/** A text property of a thrown value; null when it has none or does not let us look. */
function textOf(thrown: unknown, property: string): string | null {
  try {
    if (typeof thrown !== "object" || thrown === null) return null;
    const value: unknown = Reflect.get(thrown, property);
    return typeof value === "string" && value !== "" ? value : null;
  } catch {
    return null;
  }
}

/** A thrown value that is no error is described by its type alone: it may hold the event. */
function nameOf(thrown: unknown): string {
  if (thrown === null) return "null";
  if (thrown instanceof Error) return "an error without a text";
  return thrown === undefined ? "undefined" : `a value of type ${typeof thrown}`;
}
