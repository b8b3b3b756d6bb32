/**
 * The log of the service: LogTape behind our own small interface, one line an entry on the given output. Several can
 * exist in one process, each with its own level, format and output.
 */
import { configureSync, getLogger, type Logger as LogTape, type LogRecord } from "@logtape/logtape";
import type { Clock } from "../processing/clock.ts";
import type { Fields, Logger } from "../processing/message.ts";
import { formatEcs } from "./ecs_format.ts";
import type { FormatOptions, LogEntry, LogLevel } from "./log_entry.ts";
import { formatJson, formatPretty } from "./log_format.ts";
import { type LogOutput, LogWriter } from "./log_writer.ts";

export type { LogLevel } from "./log_entry.ts";
export type { LogOutput } from "./log_writer.ts";

export type LogFormat = "pretty" | "json" | "ecs";

export interface LoggingOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly output: LogOutput;
  readonly clock: Clock;
  /** In every line for machines. */
  readonly serviceVersion: string;
  /** ENVIRONMENT, in every ecs line. */
  readonly environment: string;
}

/** A logger that can pass on fields to all its lines. */
export interface FieldLogger extends Logger {
  /** A logger whose lines all carry `fields`, too. */
  with(fields: Fields): FieldLogger;
}

export interface Logging {
  readonly logger: FieldLogger;
  /** Writes out what is buffered, at once, before an exit that does not wait. */
  flush(): void;
  /** Writes out what is buffered, within `deadlineMs`. Lines that come later are lost. */
  close(deadlineMs: number): Promise<void>;
}

const CATEGORY = "processing-service";
const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];

const FORMATS: Readonly<Record<LogFormat, (entry: LogEntry, options: FormatOptions) => string>> = {
  pretty: formatPretty,
  json: formatJson,
  ecs: formatEcs,
};

/** Starts a log. */
export function createLogging(options: LoggingOptions): Logging {
  const category = [CATEGORY, String(++created)];
  const writer = new LogWriter({
    output: options.output,
    clock: options.clock,
    onDropped: (lines) =>
      logger.warning("Log lines dropped: standard output is not read fast enough", { lines }),
  });
  const format = FORMATS[options.format];
  const { serviceVersion, environment } = options;
  const formatOptions = { stacks: options.level === "debug", serviceVersion, environment };
  const sink = ({ level, timestamp, rawMessage, properties }: LogRecord) => {
    const text = typeof rawMessage === "string" ? rawMessage : rawMessage.join("");
    const entry = { level: ownLevel(level), timestamp, text, fields: properties };
    writer.write(format(entry, formatOptions));
  };
  open.set(category.join("."), { category, level: options.level, sink });
  configureLogTape();
  const logger = new LogTapeLogger(getLogger(category), options.level);
  return {
    logger,
    flush: () => writer.flush(),
    async close(deadlineMs) {
      await writer.close(deadlineMs);
      if (open.delete(category.join("."))) configureLogTape();
    },
  };
}

interface OpenLog {
  readonly category: readonly string[];
  readonly level: LogLevel;
  readonly sink: (record: LogRecord) => void;
}

let created = 0;
const open = new Map<string, OpenLog>();

/** LogTape has one configuration for the process: it is made anew from all that are open. */
function configureLogTape(): void {
  configureSync({
    reset: true,
    sinks: Object.fromEntries([...open].map(([id, { sink }]) => [id, sink])),
    loggers: [
      { category: ["logtape", "meta"], sinks: [], lowestLevel: null },
      ...[...open].map(([id, { category, level }]) => ({
        category: [...category],
        sinks: [id],
        lowestLevel: level,
      })),
    ],
  });
}

class LogTapeLogger implements FieldLogger {
  readonly #logtape: LogTape;
  readonly #level: LogLevel;
  readonly #least: number;

  constructor(logtape: LogTape, level: LogLevel) {
    this.#logtape = logtape;
    this.#level = level;
    this.#least = LEVELS.indexOf(level);
  }

  debug(text: string, fields: Fields = {}): void {
    if (this.#least === 0) this.#logtape.debug(text, fields);
  }

  info(text: string, fields: Fields = {}): void {
    if (this.#least <= 1) this.#logtape.info(text, fields);
  }

  warning(text: string, fields: Fields = {}): void {
    if (this.#least <= 2) this.#logtape.warning(text, fields);
  }

  error(text: string, fields: Fields = {}): void {
    this.#logtape.error(text, fields);
  }

  with(fields: Fields): FieldLogger {
    return new LogTapeLogger(this.#logtape.with(fields), this.#level);
  }
}

function ownLevel(level: LogRecord["level"]): LogLevel {
  if (level === "trace") return "debug";
  return level === "fatal" ? "error" : level;
}
