import assert from "node:assert/strict";
import { explainEvent, isEnrichedEvent, isEnrichedEventQuickly } from "../../src/event.ts";
import { sampleEvent } from "../support/sample_event.ts";

type Loose = Record<string, unknown>;

/** The sample with one field changed, at a path; undefined takes it away. */
function withField(path: string, value: unknown): unknown {
  const event = structuredClone(sampleEvent()) as unknown as Loose;
  const names = path.split(".");
  const last = names.pop() as string;
  let at = event;
  for (const name of names) at = at[name] as Loose;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return event;
}

const VALID: readonly { readonly path: string; readonly value: unknown }[] = [
  { path: "event_id", value: "00000000-0000-0000-0000-000000000000" },
  { path: "event_id", value: "7B7E6D2C-3F0E-4A53-9D3E-5A1F0C9B8E11" },
  { path: "user_id", value: "" },
  { path: "page_url", value: "app://screen/1" },
  { path: "timestamp", value: "2024-02-29T23:59:60.123456789+14:00" },
  { path: "timestamp", value: "2000-02-29t00:00:00z" },
  { path: "timestamp", value: "2024-12-31T00:00:00-00:00" },
  { path: "processing_info.processing_ms", value: 0 },
  { path: "processing_info.processing_ms", value: 0.5 },
  { path: "event_data", value: {} },
  { path: "event_data", value: { form_data: [null, { deep: { deeper: 1 } }], "": false } },
  { path: "added_later", value: { anything: [1] } },
  { path: "client_info.added_later", value: null },
];

for (const { path, value } of VALID) {
  Deno.test(`isEnrichedEvent() takes ${path} = ${JSON.stringify(value)}`, () => {
    const event = withField(path, value);
    const before = structuredClone(event);
    assert.equal(isEnrichedEvent(event), true);
    assert.equal(isEnrichedEventQuickly(event), true);
    assert.deepEqual(explainEvent(event), { reason: "", rules: [] });
    assert.deepEqual(event, before, "it is not changed");
  });
}

const INVALID: readonly {
  readonly path: string;
  readonly value: unknown;
  readonly reason: string;
}[] = [
  { path: "event_id", value: "event-1", reason: "event_id: expected UUID" },
  { path: "request_id", value: "", reason: "request_id: expected UUID" },
  {
    path: "event_id",
    value: undefined,
    reason: "event_id: expected string, received nothing",
  },
  { path: "event_type", value: "", reason: "event_type: expected non-empty string" },
  { path: "event_type", value: 7, reason: "event_type: expected string, received number" },
  { path: "user_id", value: null, reason: "user_id: expected string, received null" },
  { path: "session_id", value: ["s"], reason: "session_id: expected string, received array" },
  { path: "page_url", value: "/relative", reason: "page_url: expected absolute URL" },
  { path: "timestamp", value: "2024-01-15", reason: "timestamp: expected RFC 3339 time" },
  { path: "timestamp", value: "2024-01-15 10:30:45Z", reason: "timestamp: expected RFC 3339 time" },
  { path: "timestamp", value: "2024-01-15T10:30:45", reason: "timestamp: expected RFC 3339 time" },
  { path: "timestamp", value: "2023-02-29T10:30:45Z", reason: "timestamp: expected RFC 3339 time" },
  { path: "timestamp", value: "1900-02-29T10:30:45Z", reason: "timestamp: expected RFC 3339 time" },
  { path: "timestamp", value: "2024-04-31T10:30:45Z", reason: "timestamp: expected RFC 3339 time" },
  { path: "timestamp", value: "2024-13-01T10:30:45Z", reason: "timestamp: expected RFC 3339 time" },
  { path: "timestamp", value: "2024-01-00T10:30:45Z", reason: "timestamp: expected RFC 3339 time" },
  { path: "timestamp", value: "2024-01-15T24:00:00Z", reason: "timestamp: expected RFC 3339 time" },
  {
    path: "timestamp",
    value: "2024-01-15T10:30:45+24:00",
    reason: "timestamp: expected RFC 3339 time",
  },
  { path: "event_data", value: [], reason: "event_data: expected object, received array" },
  { path: "event_data", value: null, reason: "event_data: expected object, received null" },
  {
    path: "client_info.language",
    value: 5,
    reason: "client_info.language: expected string, received number",
  },
  {
    path: "service_info",
    value: undefined,
    reason: "service_info: expected object, received nothing",
  },
  {
    path: "processing_info.processing_ms",
    value: -1,
    reason: "processing_info.processing_ms: expected number >= 0",
  },
  {
    path: "processing_info.processing_ms",
    value: "5",
    reason: "processing_info.processing_ms: expected number, received string",
  },
  {
    path: "processing_info.processing_ms",
    value: Infinity,
    reason: "processing_info.processing_ms: expected number, received a number too large",
  },
];

for (const { path, value, reason } of INVALID) {
  Deno.test(`explainEvent() of ${path} = ${shown(value)} says why`, () => {
    const event = withField(path, value);
    assert.equal(isEnrichedEvent(event), false);
    assert.equal(isEnrichedEventQuickly(event), false);
    assert.equal(explainEvent(event).reason, reason);
  });
}

for (const value of [null, undefined, 7, "text", [], true]) {
  Deno.test(`isEnrichedEvent() refuses ${JSON.stringify(value)}`, () => {
    assert.equal(isEnrichedEvent(value), false);
    assert.equal(isEnrichedEventQuickly(value), false);
    assert.match(explainEvent(value).reason, /^expected object, received \w+$/);
  });
}

Deno.test("explainEvent() shows five reasons and counts the rest", () => {
  const reasons = explainEvent({}).reason.split("; ");
  assert.deepEqual([reasons.length, reasons.at(-1)], [6, "and 6 more"]);
});

Deno.test("explainEvent() never shows what the event holds", () => {
  const secret = "s3cret";
  const event = Object.fromEntries(Object.keys(sampleEvent()).map((name) => [name, secret]));
  assert.ok(!JSON.stringify(explainEvent(event)).includes(secret));
  const ofId = explainEvent({ ...sampleEvent(), event_id: secret });
  assert.ok(!JSON.stringify(ofId).includes(secret));
});

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

Deno.test("explainEvent() names each rule that does not hold by path and kind, all of them", () => {
  const event = { ...sampleEvent(), user_id: 1, event_id: "x", client_info: { language: 2 } };
  assert.deepEqual(explainEvent(event).rules, [
    "event_id invalid_format",
    "user_id invalid_type",
    "client_info.user_agent invalid_type",
    "client_info.screen_resolution invalid_type",
    "client_info.language invalid_type",
  ]);
  assert.deepEqual(explainEvent(null).rules, ["invalid_type"]);
});
