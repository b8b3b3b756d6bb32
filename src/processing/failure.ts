/** What a handler can throw to say what should happen, and how anything else that it throws is taken. */
import type { Failure } from "./telemetry.ts";

interface HandlerErrorOptions {
  /** Low-cardinality name for metrics and dead-letter headers. */
  readonly code?: string;
  readonly cause?: unknown;
}

/** Worth trying again: something the handler depends on is unwell. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  readonly code: string;
  constructor(message: string, { code = "transient", cause }: HandlerErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** No retry will mend it: the message goes to the dead-letter topic at once. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
  readonly code: string;
  constructor(message: string, { code = "permanent", cause }: HandlerErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** The service must not go on: the message is not done, and the process ends. */
export class FatalError extends Error {
  override readonly name = "FatalError";
  readonly code: string;
  constructor(message: string, { code = "fatal", cause }: HandlerErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** How a handler's error is reported. An error that is none of ours is transient: retried, then a dead letter. */
export function handlerFailure(error: unknown): Failure {
  if (!(error instanceof Error)) {
    return { stage: "handle", code: "not_an_error", message: `Handler threw a ${typeof error}` };
  }
  const code = error instanceof TransientError || error instanceof PermanentError
    ? error.code
    : "unknown_error";
  const stack = error.stack === undefined ? {} : { stack: error.stack };
  return { stage: "handle", code, message: error.message, ...stack };
}
