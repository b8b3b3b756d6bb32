/** A worker's log: it has no output, each line goes to the main thread, which writes it with the worker's number. */
import { LOG_LEVELS } from "../ops/logger.ts";
import type { LogLevel } from "../ops/log_entry.ts";
import type { Fields, Logger } from "../processing/message.ts";
import { plainFields, revived } from "./plain_error.ts";
import type { LogNews } from "./protocol.ts";

export class RelayedLog implements Logger {
  readonly #send: (news: LogNews) => void;
  #least = 0;

  constructor(level: LogLevel, send: (news: LogNews) => void) {
    this.#send = send;
    this.setLevel(level);
  }

  /** What is below the level is not sent. */
  setLevel(level: LogLevel): void {
    this.#least = LOG_LEVELS.indexOf(level);
  }

  debug(text: string, fields?: Fields): void {
    this.#pass("debug", { text, fields });
  }

  info(text: string, fields?: Fields): void {
    this.#pass("info", { text, fields });
  }

  warning(text: string, fields?: Fields): void {
    this.#pass("warning", { text, fields });
  }

  error(text: string, fields?: Fields): void {
    this.#pass("error", { text, fields });
  }

  #pass(
    level: LogLevel,
    { text, fields = {} }: { readonly text: string; readonly fields: Fields | undefined },
  ): void {
    if (LOG_LEVELS.indexOf(level) < this.#least) return;
    this.#send({ type: "log", level, text, ...plainFields(fields) });
  }
}

/** Writes a worker's line. */
export function writeLine(
  logger: Logger,
  { level, text, fields, error, worker }: LogNews & { readonly worker: number },
): void {
  logger[level](text, { ...fields, ...(error === null ? {} : { error: revived(error) }), worker });
}

/** For what the main thread tells once for all. */
export const SILENT: Logger = {
  debug() {},
  info() {},
  warning() {},
  error() {},
};
