/**
 * One log entry before it is a line, and what all formats make of it in the same way: the text with its fields filled
 * in, names in snake_case, errors, stacks, and characters that would end a line.
 */
import type { Fields } from "../processing/message.ts";
import { plainText } from "./log_value.ts";

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
  /** ENVIRONMENT. */
  readonly environment: string;
}

/** What the lines for machines call the service. */
export const SERVICE_NAME = "processing-service";

/** The text with its `{name}`s filled in, and which fields it shows by now. */
export function fillIn(
  text: string,
  fields: Fields,
): { readonly text: string; readonly shown: ReadonlySet<string> } {
  const shown = new Set<string>();
  if (!text.includes("{")) return { text, shown };
  const filled = text.replace(/\{(\w+)\}/g, (placeholder, name) => {
    if (fields[name] === undefined) return placeholder;
    shown.add(name);
    return plainText(fields[name]);
  });
  return { text: filled, shown };
}

/** Stacks are for errors, and for those who look for one. */
export function showsStack({ level }: LogEntry, { stacks }: FormatOptions): boolean {
  return stacks || level === "error";
}

/** The `code` of an error, where it has one that can be counted by. */
export function codeOf(error: Error): string | number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "string" || typeof code === "number" ? code : undefined;
}

/** What caused an error, in one line. */
export function causeOf({ cause }: Error): string | undefined {
  return cause === undefined ? undefined : plainText(cause);
}

/** Bounded by how many field names the code has; the limit is for names that come from data. */
const SNAKE_NAMES_MAX = 1_000;
const snakeNames = new Map<string, string>();

/** `durationMs` becomes `duration_ms`. */
export function snakeCase(name: string): string {
  const known = snakeNames.get(name);
  if (known !== undefined) return known;
  const snake = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  const safe = snake.replace(/[^a-z0-9_.-]/g, "_");
  if (snakeNames.size < SNAKE_NAMES_MAX) snakeNames.set(name, safe);
  return safe;
}

/** Control characters, escaped: what a line shows may come from a message. */
export function oneLine(text: string): string {
  if (!/[\p{Cc}\u2028\u2029]/u.test(text)) return text;
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (each) => JSON_ESCAPES[each] ?? unicodeEscape(each),
  );
}

const JSON_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** JSON leaves a few characters alone that other programs take for the end of a line. */
export function escapeSeparators(json: string): string {
  return json.replace(/[\x7f-\x9f\u2028\u2029]/g, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
