/**
 * One log entry as one line in the Elastic Common Schema, as Filebeat takes it in without a pipeline of its own. What
 * has no name there goes into `labels`, as text throughout: Elasticsearch refuses a line whose field has another type
 * than in the line before. For the same reason a field of the schema takes nothing but its own type.
 */
import type { Fields } from "../processing/message.ts";
import {
  causeOf,
  codeOf,
  escapeSeparators,
  fillIn,
  type FormatOptions,
  type LogEntry,
  SERVICE_NAME,
  showsStack,
  snakeCase,
} from "./log_entry.ts";
import { plainText } from "./log_value.ts";

/** The version of the schema that the lines conform to; fields are only ever added to later ones. */
const ECS_VERSION = "8.11.0";

/** A field with a name in the schema, or in OpenTelemetry's conventions, which the schema is merged into. */
interface Named {
  readonly name: string;
  readonly type: "keyword" | "long";
}

const NAMED: ReadonlyMap<string, Named> = new Map([
  ["topic", { name: "messaging.destination.name", type: "keyword" }],
  ["partition", { name: "messaging.destination.partition.id", type: "keyword" }],
  ["offset", { name: "messaging.kafka.offset", type: "long" }],
  ["groupId", { name: "messaging.consumer.group.name", type: "keyword" }],
  ["clientId", { name: "messaging.client.id", type: "keyword" }],
  ["traceId", { name: "trace.id", type: "keyword" }],
  ["spanId", { name: "span.id", type: "keyword" }],
]);

export function formatEcs(entry: LogEntry, options: FormatOptions): string {
  // The first three in the order in which people read them, as Elastic's own libraries write them.
  const line: Record<string, unknown> = {
    "@timestamp": new Date(entry.timestamp).toISOString(),
    "log.level": entry.level,
    message: fillIn(entry.text, entry.fields).text,
    "ecs.version": ECS_VERSION,
    "service.name": SERVICE_NAME,
    "service.version": options.serviceVersion,
    "service.environment": options.environment,
    "event.dataset": `${SERVICE_NAME}.log`,
  };
  const { named, others } = splitErrors(entry.fields);
  for (const [name, value] of Object.entries(named)) {
    if (value === undefined || (name === "error.stack_trace" && !showsStack(entry, options))) {
      continue;
    }
    line[name] = plainText(value);
  }
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined) continue;
    const known = NAMED.get(name);
    if (known?.type === "keyword") line[known.name] = plainText(value);
    else if (known?.type === "long" && Number.isSafeInteger(value)) line[known.name] = value;
    else labels[labelName(name)] = plainText(value);
  }
  if (Object.keys(labels).length > 0) line["labels"] = labels;
  return escapeSeparators(JSON.stringify(line));
}

/** What is said of an error, or of the failure of a message, under the schema's `error`; the rest as it is. */
function splitErrors(fields: Fields): { readonly named: Fields; readonly others: Fields } {
  const { error, stack, ...rest } = fields;
  if (error instanceof Error) {
    const named = {
      "error.type": error.name,
      "error.message": error.message,
      "error.code": codeOf(error),
      "error.stack_trace": error.stack,
    };
    return { named, others: { ...rest, errorCause: causeOf(error) } };
  }
  const others = error === undefined ? rest : { ...rest, error };
  const { code, reason, ...facts } = others as Fields;
  if (code === undefined || reason === undefined) {
    return { named: { "error.stack_trace": stack }, others };
  }
  const named = {
    "error.type": code,
    "error.message": reason,
    "error.code": code,
    "error.stack_trace": stack,
  };
  return { named, others: facts };
}

/** Labels are flat: a dot would make an object of one. */
function labelName(name: string): string {
  return snakeCase(name).replaceAll(".", "_");
}
