/**
 * EnrichedEvent: the contract with the Ingestion-Service, as a type and as a check. Fields that are not listed pass
 * through; a listed one is required. What is wrong is explained by path and type, never by value: a reason ends up in
 * logs and headers, where the content of an event has no business.
 */
import * as z from "zod";
import {
  isRfc3339,
  isRfc3339Quickly,
  isUrl,
  isUrlQuickly,
  isUuid,
  isUuidQuickly,
} from "./event_formats.ts";
import { type ShapeOfSchema, shapeOfSchema } from "./event_shape.ts";

export type { ShapeOfSchema } from "./event_shape.ts";

/** One event as the Ingestion-Service produces it. Every text may be empty unless its format says otherwise. */
export interface EnrichedEvent {
  /** A UUID. The key to recognise a repeated delivery by. */
  readonly event_id: string;
  /** A UUID. */
  readonly request_id: string;
  /** Chooses the handler: `page_view`. Not empty. */
  readonly event_type: string;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly user_id: string;
  readonly session_id: string;
  /** An absolute URL. */
  readonly page_url: string;
  /** Free-form: nothing in it is checked. Numbers beyond 2^53 lose digits, as in any JSON.parse. */
  readonly event_data: Readonly<Record<string, unknown>>;
  readonly client_info: {
    readonly user_agent: string;
    readonly screen_resolution: string;
    readonly language: string;
  };
  readonly service_info: {
    readonly service_name: string;
    readonly service_version: string;
    readonly environment: string;
  };
  readonly processing_info: {
    /** RFC 3339. */
    readonly received_at: string;
    /** RFC 3339. */
    readonly processed_at: string;
    /** Milliseconds, not negative. */
    readonly processing_ms: number;
  };
}

/** True when the value is an event. Changes nothing and copies nothing: unknown fields stay where they are. */
export function isEnrichedEvent(value: unknown): value is EnrichedEvent {
  return COMPILED.validate(value);
}

/** Answers what `isEnrichedEvent` does, with quick looks at the formats first. */
export function isEnrichedEventQuickly(value: unknown): value is EnrichedEvent {
  return COMPILED_QUICK.validate(value);
}

/** Why a value is no event. */
export interface Explanation {
  /** All problems in one line: `client_info.language: expected string, received number`. */
  readonly reason: string;
  /** Each rule that does not hold: its path, without places in lists, and its kind; no part of the value. */
  readonly rules: readonly string[];
}

/** Says why a value is no event; nothing of one that is. */
export function explainEvent(value: unknown): Explanation {
  const result = SCHEMA.safeParse(value);
  if (result.success) return { reason: "", rules: [] };
  const { issues } = result.error;
  const reasons = issues.slice(0, REASONS_SHOWN).map((issue) => reasonFor(issue, value));
  if (issues.length > REASONS_SHOWN) reasons.push(`and ${issues.length - REASONS_SHOWN} more`);
  return { reason: reasons.join("; "), rules: issues.map(ruleOf) };
}

const REASONS_SHOWN = 5;

// Names of our own: a format called like one of zod's is compiled as zod's, and its function is ignored.
const FORMATS = {
  event_uuid: "UUID",
  event_time: "RFC 3339 time",
  event_url: "absolute URL",
} as const;

const SCHEMA = schemaOf({ uuid: isUuid, time: isRfc3339, url: isUrl });
const COMPILED = z.compile(SCHEMA, { strict: true });
const COMPILED_QUICK = z.compile(
  schemaOf({ uuid: isUuidQuickly, time: isRfc3339Quickly, url: isUrlQuickly }),
  { strict: true },
);

/** What the scanner can know of the schema. */
export const EVENT_SHAPE: ShapeOfSchema = shapeOfSchema(
  SCHEMA,
  new Map([[isUuid, "uuid"], [isRfc3339, "time"], [isUrl, "url"]]),
);

type TextCheck = (text: string) => boolean;

function schemaOf(
  checks: { readonly uuid: TextCheck; readonly time: TextCheck; readonly url: TextCheck },
) {
  const uuid = z.stringFormat("event_uuid", checks.uuid);
  const time = z.stringFormat("event_time", checks.time);
  const url = z.stringFormat("event_url", checks.url);
  const text = z.string();
  return z.looseObject({
    event_id: uuid,
    request_id: uuid,
    event_type: text.min(1),
    timestamp: time,
    user_id: text,
    session_id: text,
    page_url: url,
    event_data: z.looseObject({}),
    client_info: z.looseObject({ user_agent: text, screen_resolution: text, language: text }),
    service_info: z.looseObject({ service_name: text, service_version: text, environment: text }),
    processing_info: z.looseObject({
      received_at: time,
      processed_at: time,
      processing_ms: z.number().min(0),
    }),
  });
}

function reasonFor(issue: z.core.$ZodIssue, event: unknown): string {
  const reason = `expected ${expectation(issue)}`;
  const at = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  return issue.code === "invalid_type"
    ? `${at}${reason}, received ${typeAt(event, issue.path)}`
    : `${at}${reason}`;
}

function ruleOf({ path, code }: z.core.$ZodIssue): string {
  const names = path.filter((part) => typeof part !== "number");
  return [names.join("."), code].filter((part) => part !== "").join(" ");
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return issue.expected;
  if (issue.code === "too_small") {
    return issue.origin === "string" ? "non-empty string" : `number >= ${issue.minimum}`;
  }
  if (issue.code === "invalid_format" && issue.format in FORMATS) {
    return FORMATS[issue.format as keyof typeof FORMATS];
  }
  return "another value";
}

function typeAt(event: unknown, path: readonly PropertyKey[]): string {
  let value = event;
  for (const key of path) value = (value as Record<PropertyKey, unknown>)[key];
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "number" && !Number.isFinite(value)) return "a number too large";
  return Array.isArray(value) ? "array" : typeof value;
}
