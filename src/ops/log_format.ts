/**
 * One log entry as one line. `pretty` is `2024-01-15 10:30:45 - ProcessingService - INFO - text key=value`, in local
 * time; `json` has OpenTelemetry's names. Whatever a field holds, an entry never spans lines and never throws.
 */
import type { Fields } from "../processing/message.ts";
import { jsonValue, plainText } from "./log_value.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";

export interface LogEntry {
  readonly level: LogLevel;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Constant; `{name}` shows a field. */
  readonly text: string;
  readonly fields: Fields;
}

export interface FormatOptions {
  /** Stacks in every entry, not only in those at ERROR. */
  readonly stacks: boolean;
  readonly serviceVersion: string;
}

/** What the lines of either format call the service. */
const SERVICE = { pretty: "ProcessingService", json: "processing-service" };

/** Severity numbers of OpenTelemetry's log data model. */
const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 5, info: 9, warning: 13, error: 17 };

/** Fields that OpenTelemetry's semantic conventions have a name for. */
const OTEL_NAMES: ReadonlyMap<string, string> = new Map([
  ["topic", "messaging.destination.name"],
  ["partition", "messaging.destination.partition.id"],
  ["offset", "messaging.kafka.offset"],
  ["groupId", "messaging.consumer.group.name"],
  ["clientId", "messaging.client.id"],
  ["stack", "exception.stacktrace"],
]);

export function formatPretty(entry: LogEntry, options: FormatOptions): string {
  const { text, shown } = fillIn(entry.text, entry.fields);
  let line = `${localTime(entry.timestamp)} - ${SERVICE.pretty} - ${entry.level.toUpperCase()} - `;
  line += oneLine(text);
  for (const [name, value] of Object.entries(expandError(entry.fields))) {
    if (value === undefined || shown.has(name) || hidesStack(name, entry, options)) continue;
    line += ` ${snakeCase(name)}=${quoteWhereNeeded(plainText(value))}`;
  }
  return line;
}

export function formatJson(entry: LogEntry, options: FormatOptions): string {
  const line: Record<string, unknown> = {
    timestamp: new Date(entry.timestamp).toISOString(),
    severity_text: entry.level.toUpperCase(),
    severity_number: SEVERITY[entry.level],
    body: fillIn(entry.text, entry.fields).text,
    "service.name": SERVICE.json,
    "service.version": options.serviceVersion,
  };
  for (const [name, value] of Object.entries(expandErrorForJson(entry.fields))) {
    if (value === undefined || hidesStack(name, entry, options)) continue;
    const attribute = OTEL_NAMES.get(name) ?? snakeCase(name);
    const key = attribute in line ? `attributes.${attribute}` : attribute;
    line[key] = name === "partition" ? plainText(value) : jsonValue(value);
  }
  return escapeSeparators(JSON.stringify(line));
}

/** A field `error` that holds an error becomes several fields. */
function expandError(fields: Fields): Fields {
  const { error, ...others } = fields;
  if (!(error instanceof Error)) return fields;
  return {
    ...others,
    error,
    errorCode: codeOf(error),
    errorCause: causeOf(error),
    stack: error.stack,
  };
}

/** The same under OpenTelemetry's names. */
function expandErrorForJson(fields: Fields): Fields {
  const { error, ...others } = fields;
  if (!(error instanceof Error)) return fields;
  return {
    ...others,
    "error.type": codeOf(error) ?? error.name,
    "exception.type": error.name,
    "exception.message": error.message,
    "exception.cause": causeOf(error),
    stack: error.stack,
  };
}

/** Stacks are for errors, and for those who look for one. */
function hidesStack(name: string, { level }: LogEntry, { stacks }: FormatOptions): boolean {
  return name === "stack" && !stacks && level !== "error";
}

function codeOf(error: Error): string | number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "string" || typeof code === "number" ? code : undefined;
}

function causeOf({ cause }: Error): string | undefined {
  return cause === undefined ? undefined : plainText(cause);
}

/** The text with its `{name}`s filled in, and which fields it shows by now. */
function fillIn(text: string, fields: Fields): { text: string; shown: ReadonlySet<string> } {
  const shown = new Set<string>();
  if (!text.includes("{")) return { text, shown };
  const filled = text.replace(/\{(\w+)\}/g, (placeholder, name) => {
    if (fields[name] === undefined) return placeholder;
    shown.add(name);
    return plainText(fields[name]);
  });
  return { text: filled, shown };
}

let localSecond = { second: NaN, text: "" };

/** `2024-01-15 10:30:45` in local time, worked out once a second. */
function localTime(timestamp: number): string {
  const second = Math.floor(timestamp / 1000);
  if (second !== localSecond.second) {
    const time = new Date(timestamp);
    const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(twoDigits).join("-");
    const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
    localSecond = { second, text: `${date} ${clock}` };
  }
  return localSecond.text;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

/** Bounded by how many field names the code has; the limit is for names that come from data. */
const SNAKE_NAMES_MAX = 1_000;
const snakeNames = new Map<string, string>();

/** `durationMs` becomes `duration_ms`. */
function snakeCase(name: string): string {
  const known = snakeNames.get(name);
  if (known !== undefined) return known;
  const snake = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  const safe = snake.replace(/[^a-z0-9_.-]/g, "_");
  if (snakeNames.size < SNAKE_NAMES_MAX) snakeNames.set(name, safe);
  return safe;
}

function quoteWhereNeeded(text: string): string {
  if (/^[^\s"=\\\p{C}]+$/u.test(text)) return text;
  return escapeSeparators(JSON.stringify(text));
}

/** Control characters, escaped: what a line shows may come from a message. */
function oneLine(text: string): string {
  if (!/[\p{Cc}\u2028\u2029]/u.test(text)) return text;
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (each) => JSON_ESCAPES[each] ?? unicodeEscape(each),
  );
}

const JSON_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** JSON leaves a few characters alone that other programs take for the end of a line. */
function escapeSeparators(json: string): string {
  return json.replace(/[\x7f-\x9f\u2028\u2029]/g, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
