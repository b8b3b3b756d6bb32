/**
 * What one attempt tells its handler. Made for every call, so what few handlers look at is made when they do: the
 * AbortSignal and the logger that knows the message.
 */
import type { Fields, HandlerContext, Header, Logger, Message } from "./message.ts";
import type { TraceIds } from "./tracing.ts";

export interface AttemptContextOptions {
  readonly attempt: number;
  readonly logger: Logger;
  /** Goes into the handler's log lines; null without one. */
  readonly trace: TraceIds | null;
  /** False by default. */
  readonly dryRun?: boolean;
}

export class AttemptContext implements HandlerContext {
  readonly attempt: number;
  readonly dryRun: boolean;
  readonly #message: Message;
  readonly #log: Logger;
  readonly #trace: TraceIds | null;
  #controller: AbortController | null = null;
  #abortReason: Error | null = null;

  constructor(message: Message, { attempt, logger, trace, dryRun = false }: AttemptContextOptions) {
    this.attempt = attempt;
    this.dryRun = dryRun;
    this.#message = message;
    this.#log = logger;
    this.#trace = trace;
  }

  get topic(): string {
    return this.#message.topic;
  }

  get partition(): number {
    return this.#message.partition;
  }

  get offset(): number {
    return this.#message.offset;
  }

  get timestamp(): number {
    return this.#message.timestamp;
  }

  get key(): Uint8Array | null {
    return this.#message.key;
  }

  get headers(): readonly Header[] {
    return this.#message.headers;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abortReason !== null) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get logger(): Logger {
    return withCoordinates(this.#log, this.#message, this.#trace);
  }

  /** The handler has looked at its signal, so it may still end by itself after an abort. */
  get isWatched(): boolean {
    return this.#controller !== null;
  }

  get isAborted(): boolean {
    return this.#abortReason !== null;
  }

  abort(reason: Error): void {
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }
}

function withCoordinates(
  log: Logger,
  { topic, partition, offset }: Message,
  trace: TraceIds | null,
): Logger {
  const place = { topic, partition, offset };
  const base = trace === null ? place : { ...place, traceId: trace.traceId, spanId: trace.spanId };
  const all = (fields?: Fields) => ({ ...base, ...fields });
  return {
    debug: (text, fields) => log.debug(text, all(fields)),
    info: (text, fields) => log.info(text, all(fields)),
    warning: (text, fields) => log.warning(text, all(fields)),
    error: (text, fields) => log.error(text, all(fields)),
  };
}
