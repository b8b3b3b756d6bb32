/**
 * EnrichedEvents for tests: valid ones by seed, and one message of each kind that the service must not process,
 * with the code that its dead letter has to carry.
 */
import { seededRandom } from "./seeded_random.ts";

/** A valid event as a producer has it. */
export interface TestEvent {
  readonly eventId: string;
  /** The user's id, by which the Ingestion-Service keys. */
  readonly key: string;
  /** JSON. */
  readonly value: string;
}

/** How `events` makes its events. */
export interface EventOptions {
  readonly seed: number;
  readonly count: number;
  /** How many different keys; 10 by default. */
  readonly users?: number;
}

/** A message that cannot be processed, and the failure code that says so. */
export interface BadMessage {
  readonly kind: string;
  readonly code: "empty_value" | "not_utf8" | "not_json" | "schema_mismatch";
  readonly value: string | Uint8Array;
}

const DEFAULT_USERS = 10;
const EVENT_TYPES = ["page_view", "button_click", "form_submit", "search"] as const;

/** `count` valid events; the same seed gives the same ones. */
export function events(options: EventOptions): readonly TestEvent[] {
  const random = seededRandom(options.seed);
  const users = options.users ?? DEFAULT_USERS;
  return Array.from({ length: options.count }, (_, index) => {
    const key = `user-${Math.floor(random() * users)}`;
    const event = validEvent(random, { index, key });
    return { eventId: event.event_id, key, value: JSON.stringify(event) };
  });
}

/** One message of each kind that ends as a dead letter. */
export function badMessages(seed: number): readonly BadMessage[] {
  const random = seededRandom(seed);
  const event = validEvent(random, { index: 0, key: "user-bad" });
  const text = JSON.stringify(event);
  const wrong = (kind: string, change: object): BadMessage => ({
    kind,
    code: "schema_mismatch",
    value: JSON.stringify({ ...event, ...change }),
  });
  return [
    { kind: "0 bytes", code: "empty_value", value: "" },
    { kind: "not UTF-8", code: "not_utf8", value: new Uint8Array([0xc3, 0x28]) },
    { kind: "cut in the middle", code: "not_json", value: text.slice(0, text.length / 2) },
    { kind: "plain text", code: "not_json", value: "page_view" },
    { kind: "JSON, but no object", code: "schema_mismatch", value: "[1,2]" },
    wrong("a field is missing", { user_id: undefined }),
    wrong("a field of another type", { session_id: 5 }),
    wrong("no time", { timestamp: "yesterday" }),
    wrong("no UUID", { event_id: "1" }),
    wrong("a part is missing", { client_info: {} }),
  ];
}

function validEvent(
  random: () => number,
  { index, key }: { readonly index: number; readonly key: string },
) {
  const at = new Date(Date.UTC(2024, 0, 15, 10, 30) + index).toISOString();
  return {
    event_id: uuid(random),
    request_id: uuid(random),
    event_type: EVENT_TYPES[index % EVENT_TYPES.length],
    timestamp: at,
    user_id: key,
    session_id: `session-${Math.floor(random() * 1000)}`,
    page_url: "https://example.com/pricing",
    event_data: { button_clicked: "submit", form_data: { field1: "value1" } },
    client_info: {
      user_agent: "Mozilla/5.0 (X11; Linux x86_64)",
      screen_resolution: "1920x1080",
      language: "en-US",
    },
    service_info: {
      service_name: "ingestion-service",
      service_version: "1.0.0",
      environment: "test",
    },
    processing_info: { received_at: at, processed_at: at, processing_ms: 5 },
  };
}

/** A version 4 UUID out of seeded digits. */
function uuid(random: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16));
  digits[12] = "4";
  digits[16] = "8";
  const hex = digits.join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}
