/**
 * The log of the service: LogTape behind our own small interface, one line an entry on the given output. Several can
 * exist in one process, each with its own level, format and output. What repeats is bounded; the level can be changed
 * while it runs.
 */
import { configureSync, getLogger, type Logger as LogTape, type LogRecord } from "@logtape/logtape";
import type { Clock } from "../processing/clock.ts";
import type { Fields, Logger } from "../processing/message.ts";
import { formatEcs } from "./ecs_format.ts";
import type { FormatOptions, LogEntry, LogLevel } from "./log_entry.ts";
import { formatJson, formatPretty } from "./log_format.ts";
import { LogRepeats } from "./log_repeats.ts";
import { type LogOutput, LogWriter } from "./log_writer.ts";

export type { LogLevel } from "./log_entry.ts";
export type { LogOutput } from "./log_writer.ts";

export type LogFormat = "pretty" | "json" | "ecs";

export interface LoggingOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly output: LogOutput;
  readonly clock: Clock;
  /** Lines with the same text in 10 s, above which they are counted; null: all are logged. So they are at DEBUG. */
  readonly repeatsMax: number | null;
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

/** What is logged, and how to change it while the service runs. */
export interface LogLevelControl {
  /** The least level that is logged now. */
  readonly level: LogLevel;
  /** LOG_LEVEL. */
  readonly configuredLevel: LogLevel;
  /**
   * Logs from another level on, at once, and says so whatever the level. `by` is who wanted it, for the log; after
   * `forMs` it is LOG_LEVEL again.
   */
  setLevel(level: LogLevel, options: { readonly by: string; readonly forMs?: number }): void;
}

export interface Logging extends LogLevelControl {
  readonly logger: FieldLogger;
  /** Writes out what is buffered, at once, before an exit that does not wait. */
  flush(): void;
  /** Writes out what is buffered, within `deadlineMs`. Lines that come later are lost. */
  close(deadlineMs: number): Promise<void>;
}

/** From the least to the most severe. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];

const CATEGORY = "processing-service";

const FORMATS: Readonly<Record<LogFormat, (entry: LogEntry, options: FormatOptions) => string>> = {
  pretty: formatPretty,
  json: formatJson,
  ecs: formatEcs,
};

/** Starts a log. */
export function createLogging(options: LoggingOptions): Logging {
  return new OpenLogging(options);
}

/** The level that loggers look at before each line. */
interface Threshold {
  level: LogLevel;
  /** Its place in LOG_LEVELS. */
  least: number;
}

class OpenLogging implements Logging {
  readonly logger: FieldLogger;
  readonly #options: LoggingOptions;
  readonly #id = `${CATEGORY}.${++created}`;
  readonly #threshold: Threshold;
  readonly #writer: LogWriter;
  readonly #repeats: LogRepeats | null;
  #cancelReturn = () => {};

  constructor(options: LoggingOptions) {
    this.#options = options;
    const { output, clock, level, repeatsMax } = options;
    this.#threshold = { level, least: LOG_LEVELS.indexOf(level) };
    this.#writer = new LogWriter({
      output,
      clock,
      onDropped: (lines) =>
        this.logger.warning(
          "Log lines dropped: standard output is not read fast enough, or its disk is full",
          {
            lines,
          },
        ),
    });
    this.#repeats = repeatsMax === null ? null : new LogRepeats({
      clock,
      max: repeatsMax,
      onLeftOut: ({ level, lines, text, seconds }) =>
        this.#write(level, "Left out {lines} more lines: {text}", { text, lines, seconds }),
    });
    open.set(this.#id, (record) => this.#take(record));
    configureLogTape();
    this.logger = new LogTapeLogger(getLogger(this.#id.split(".")), this.#threshold);
  }

  get level(): LogLevel {
    return this.#threshold.level;
  }

  get configuredLevel(): LogLevel {
    return this.#options.level;
  }

  setLevel(level: LogLevel, { by, forMs }: { readonly by: string; readonly forMs?: number }): void {
    this.#cancelReturn();
    this.#cancelReturn = () => {};
    const from = this.#threshold.level;
    if (level === "debug") this.#repeats?.tell();
    this.#threshold.level = level;
    this.#threshold.least = LOG_LEVELS.indexOf(level);
    const { clock, level: configured } = this.#options;
    const isForATime = forMs !== undefined && level !== configured;
    const forSeconds = isForATime ? forMs / 1000 : undefined;
    this.#write("info", "Log level set to {to}", { from, to: level, by, forSeconds });
    if (isForATime) {
      const end = () => this.setLevel(configured, { by: "the end of its time" });
      this.#cancelReturn = clock.schedule(forMs, end);
    }
  }

  flush(): void {
    this.#repeats?.tell();
    this.#writer.flush();
  }

  async close(deadlineMs: number): Promise<void> {
    this.#cancelReturn();
    this.#repeats?.tell();
    await this.#writer.close(deadlineMs);
    this.#repeats?.tell(); // lines that came while it closed: their timer must not outlive the log
    if (open.delete(this.#id)) configureLogTape();
  }

  #take({ level: theirs, timestamp, rawMessage, properties }: LogRecord): void {
    const text = typeof rawMessage === "string" ? rawMessage : rawMessage.join("");
    const level = ownLevel(theirs);
    const isBounded = this.#threshold.level !== "debug" && this.#repeats !== null;
    if (isBounded && !this.#repeats.admits(level, text)) return;
    this.#writeEntry({ level, timestamp, text, fields: properties });
  }

  /** Past level and bounds: what the log says of itself. */
  #write(level: LogLevel, text: string, fields: Fields): void {
    this.#writeEntry({ level, timestamp: this.#options.clock.wallTime(), text, fields });
  }

  #writeEntry(entry: LogEntry): void {
    const { format, serviceVersion, environment } = this.#options;
    const stacks = this.#threshold.level === "debug";
    this.#writer.write(FORMATS[format](entry, { stacks, serviceVersion, environment }));
  }
}

let created = 0;
const open = new Map<string, (record: LogRecord) => void>();

/** LogTape has one configuration for the process: it is made anew from all that are open. */
function configureLogTape(): void {
  configureSync({
    reset: true,
    sinks: Object.fromEntries(open),
    loggers: [
      { category: ["logtape", "meta"], sinks: [], lowestLevel: null },
      ...[...open.keys()].map((id) => ({
        category: id.split("."),
        sinks: [id],
        lowestLevel: "debug" as const, // levels are ours to look at, as they change
      })),
    ],
  });
}

class LogTapeLogger implements FieldLogger {
  readonly #logtape: LogTape;
  readonly #threshold: Readonly<Threshold>;

  constructor(logtape: LogTape, threshold: Readonly<Threshold>) {
    this.#logtape = logtape;
    this.#threshold = threshold;
  }

  debug(text: string, fields: Fields = {}): void {
    if (this.#threshold.least === 0) this.#logtape.debug(text, fields);
  }

  info(text: string, fields: Fields = {}): void {
    if (this.#threshold.least <= 1) this.#logtape.info(text, fields);
  }

  warning(text: string, fields: Fields = {}): void {
    if (this.#threshold.least <= 2) this.#logtape.warning(text, fields);
  }

  error(text: string, fields: Fields = {}): void {
    this.#logtape.error(text, fields);
  }

  with(fields: Fields): FieldLogger {
    return new LogTapeLogger(this.#logtape.with(fields), this.#threshold);
  }
}

function ownLevel(level: LogRecord["level"]): LogLevel {
  if (level === "trace") return "debug";
  return level === "fatal" ? "error" : level;
}
