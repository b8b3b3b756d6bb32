/** Bytes -> UTF-8 -> JSON -> schema. Each step that fails has its own code; reasons never hold the message's content. */
import { type EnrichedEvent, enrichedEvent } from "../event.ts";
import type { Failure } from "./telemetry.ts";

export type Decoded =
  | { readonly event: EnrichedEvent; readonly failure: null }
  | { readonly event: null; readonly failure: Failure };

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** More than these issues help nobody. */
const ISSUES_MAX = 5;

export function decode(value: Uint8Array): Decoded {
  if (value.length === 0) return refuse("decode", "empty_value", "Value is 0 bytes long");
  let text: string;
  try {
    text = utf8.decode(value);
  } catch {
    return refuse("decode", "not_utf8", "Value is not UTF-8");
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse("decode", "not_json", "Value is not JSON");
  }
  const checked = enrichedEvent.safeParse(json);
  if (checked.success) return { event: checked.data, failure: null };
  const issues = checked.error.issues.slice(0, ISSUES_MAX)
    .map(({ path, message }) => `${path.join(".") || "(value)"}: ${message}`);
  return refuse("validate", "schema_mismatch", issues.join("; "));
}

function refuse(stage: "decode" | "validate", code: string, message: string): Decoded {
  return { event: null, failure: { stage, code, message } };
}
