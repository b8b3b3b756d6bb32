/** What a field of a log line holds, made safe to show: bounded, without bytes of messages, whatever it is. */

const TEXT_MAX = 8_192;

/** As text, for people. */
export function plainText(value: unknown): string {
  if (typeof value === "string") return bounded(value);
  if (value instanceof Error) return bounded(errorText(value));
  if (isTextList(value)) return bounded(value.join(","));
  const json = jsonValue(value);
  if (typeof json === "string") return json;
  return typeof json === "object" && json !== null ? bounded(JSON.stringify(json)) : String(json);
}

/** As something that JSON can hold. */
export function jsonValue(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return bounded(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "object":
      return value === null ? null : jsonObject(value);
    case "undefined":
      return null;
    default:
      return String(value);
  }
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((each) => typeof each === "string");
}

function jsonObject(value: object): unknown {
  if (value instanceof Error) return bounded(errorText(value));
  if (value instanceof Uint8Array) return bytesText(value);
  try {
    const json = JSON.stringify(value, replaceUnsafe);
    if (json === undefined) return null;
    return json.length > TEXT_MAX ? bounded(json) : JSON.parse(json);
  } catch {
    return "[cannot be shown]"; // circular, or a getter that throws
  }
}

/** Sees values before their own `toJSON`, which of a Buffer lists its bytes. */
function replaceUnsafe(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Uint8Array) return bytesText(original);
  if (original instanceof Error) return errorText(original);
  return typeof value === "bigint" ? String(value) : value;
}

function errorText({ name, message }: Error): string {
  return message === "" ? name : `${name}: ${message}`;
}

function bytesText({ length }: Uint8Array): string {
  return `<${length} bytes>`;
}

function bounded(text: string): string {
  return text.length > TEXT_MAX
    ? `${text.slice(0, TEXT_MAX)}... (${text.length - TEXT_MAX} more)`
    : text;
}
