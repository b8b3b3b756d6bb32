/**
 * What one attempt tells its handler. Made for every call, so what few handlers look at is made when they do: the
 * AbortSignal and the logger that knows the message.
 */
import type { Fields, HandlerContext, Header, Logger, Message } from "./message.ts";

export class AttemptContext implements HandlerContext {
  readonly attempt: number;
  readonly #message: Message;
  readonly #log: Logger;
  #controller: AbortController | null = null;
  #abortReason: Error | null = null;

  constructor(message: Message, { attempt, logger }: { attempt: number; logger: Logger }) {
    this.attempt = attempt;
    this.#message = message;
    this.#log = logger;
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
    return withCoordinates(this.#log, this.#message);
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

function withCoordinates(log: Logger, { topic, partition, offset }: Message): Logger {
  const all = (fields?: Fields) => ({ topic, partition, offset, ...fields });
  return {
    debug: (text, fields) => log.debug(text, all(fields)),
    info: (text, fields) => log.info(text, all(fields)),
    warning: (text, fields) => log.warning(text, all(fields)),
    error: (text, fields) => log.error(text, all(fields)),
  };
}
