/**
 * One log entry as one line. `pretty` is `2024-01-15 10:30:45 - ProcessingService - INFO - text key=value`, in local
 * time; `json` has OpenTelemetry's names. Whatever a field holds, an entry never spans lines and never throws.
 */
import type { Fields } from "../processing/message.ts";
import {
  causeOf,
  codeOf,
  escapeSeparators,
  fillIn,
  type FormatOptions,
  type LogEntry,
  type LogLevel,
  oneLine,
  SERVICE_NAME,
  showsStack,
  snakeCase,
} from "./log_entry.ts";
import { jsonValue, plainText } from "./log_value.ts";

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
  let line = `${localTime(entry.timestamp)} - ProcessingService - ${entry.level.toUpperCase()} - `;
  line += oneLine(text);
  for (const [name, value] of Object.entries(expandError(entry.fields))) {
    if (value === undefined || shown.has(name)) continue;
    if (name === "stack" && !showsStack(entry, options)) continue;
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
    "service.name": SERVICE_NAME,
    "service.version": options.serviceVersion,
  };
  for (const [name, value] of Object.entries(expandErrorForJson(entry.fields))) {
    if (value === undefined || (name === "stack" && !showsStack(entry, options))) continue;
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

function quoteWhereNeeded(text: string): string {
  if (/^[^\s"=\\\p{C}]+$/u.test(text)) return text;
  return escapeSeparators(JSON.stringify(text));
}
