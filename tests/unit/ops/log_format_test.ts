import assert from "node:assert/strict";
import type { LogEntry } from "../../../src/ops/log_entry.ts";
import { formatJson, formatPretty } from "../../../src/ops/log_format.ts";
import type { Fields } from "../../../src/processing/message.ts";

const OPTIONS = { stacks: false, serviceVersion: "1.2.3", environment: "test" };
/** In local time, as the lines are. */
const TIMESTAMP = new Date(2024, 0, 15, 10, 30, 45, 123).getTime();

function entry(text: string, fields: Fields = {}, level: LogEntry["level"] = "info"): LogEntry {
  return { level, timestamp: TIMESTAMP, text, fields };
}

function pretty(text: string, fields: Fields = {}): string {
  const line = formatPretty(entry(text, fields), OPTIONS);
  assert.ok(line.startsWith("2024-01-15 10:30:45 - ProcessingService - INFO - "), line);
  return line.slice("2024-01-15 10:30:45 - ProcessingService - INFO - ".length);
}

function json(text: string, fields: Fields = {}, level: LogEntry["level"] = "info") {
  return JSON.parse(formatJson(entry(text, fields, level), OPTIONS));
}

/** An error as the code below Kafka throws it. */
function connectionError(): Error {
  const error = new Error("Cannot connect", { cause: new TypeError("no route") });
  return Object.assign(error, { name: "ConnectionError", code: "ECONNREFUSED" });
}

Deno.test("formatPretty() is the owner's line", () => {
  assert.equal(
    formatPretty(entry("Starting Processing Service..."), OPTIONS),
    "2024-01-15 10:30:45 - ProcessingService - INFO - Starting Processing Service...",
  );
  const levels = (["debug", "info", "warning", "error"] as const).map((level) =>
    formatPretty(entry("x", {}, level), OPTIONS).split(" - ")[2]
  );
  assert.deepEqual(levels, ["DEBUG", "INFO", "WARNING", "ERROR"]);
});

Deno.test("formatPretty() fills in fields, and appends those that the text does not show", () => {
  const fields = { type: "page_view", eventId: "e-1", offset: 7, missing: undefined };
  assert.equal(
    pretty("Processing event: {type} {missing}", fields),
    "Processing event: page_view {missing} event_id=e-1 offset=7",
  );
});

Deno.test("formatPretty() shows a list of texts as one would write it, formatJson() as a list", () => {
  const fields = { brokers: ["kafka-1:9092", "kafka-2:9092"], none: [], mixed: ["a", 1] };
  assert.equal(
    pretty("x", fields),
    'x brokers=kafka-1:9092,kafka-2:9092 none=[] mixed="[\\"a\\",1]"',
  );
  const line = JSON.parse(formatJson(entry("x", fields), OPTIONS));
  assert.deepEqual(line.brokers, fields.brokers);
});

Deno.test("formatPretty() quotes what would not stand as one word", () => {
  const fields = { a: "two words", b: 'say "hi"', c: "a=b", d: "", e: "back\\slash", f: "plain-1" };
  assert.equal(
    pretty("x", fields),
    'x a="two words" b="say \\"hi\\"" c="a=b" d="" e="back\\\\slash" f=plain-1',
  );
});

Deno.test("formatPretty() and formatJson() keep an entry on one line, whatever it holds", () => {
  const nasty = "a\nb\r\tc\u001b[31m\u0085\u2028\u2029d\u007f";
  for (const format of [formatPretty, formatJson]) {
    const line = format(entry("Event {nasty}", { nasty, other: nasty }), OPTIONS);
    // deno-lint-ignore no-control-regex
    assert.ok(!/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(line), JSON.stringify(line));
  }
});

Deno.test("formatPretty() tells an error by name, message, code and cause, its stack at ERROR only", () => {
  const fields = { error: connectionError() };
  const expected = 'x error="ConnectionError: Cannot connect" error_code=ECONNREFUSED ' +
    'error_cause="TypeError: no route"';
  assert.equal(pretty("x", fields), expected);
  assert.ok(!pretty("x", { stack: "at handler" }).includes("stack"));
  const atError = formatPretty(entry("x", fields, "error"), OPTIONS);
  assert.match(atError, / stack="ConnectionError: Cannot connect\\n +at /);
  const debugging = formatPretty(entry("x", fields), { ...OPTIONS, stacks: true });
  assert.match(debugging, / stack="/);
});

Deno.test("formatJson() has OpenTelemetry's names and UTC", () => {
  const fields = {
    topic: "t",
    partition: 3,
    offset: 42,
    groupId: "g",
    durationMs: 5,
    eventId: "e",
  };
  assert.deepEqual(json("Done with {topic}", fields, "warning"), {
    timestamp: new Date(TIMESTAMP).toISOString(),
    severity_text: "WARNING",
    severity_number: 13,
    body: "Done with t",
    "service.name": "processing-service",
    "service.version": "1.2.3",
    "messaging.destination.name": "t",
    "messaging.destination.partition.id": "3",
    "messaging.kafka.offset": 42,
    "messaging.consumer.group.name": "g",
    duration_ms: 5,
    event_id: "e",
  });
});

Deno.test("formatJson() tells an error by OpenTelemetry's names", () => {
  const line = json("x", { error: connectionError() });
  assert.equal(line["error.type"], "ECONNREFUSED");
  assert.equal(line["exception.type"], "ConnectionError");
  assert.equal(line["exception.message"], "Cannot connect");
  assert.equal(line["exception.cause"], "TypeError: no route");
  assert.equal(line["exception.stacktrace"], undefined);
  const atError = json("x", { error: connectionError() }, "error");
  assert.match(atError["exception.stacktrace"], /^ConnectionError: Cannot connect\n/);
});

Deno.test("formatJson() lets no field replace the envelope", () => {
  const line = json("x", { body: "y", timestamp: 1 });
  assert.equal(line.body, "x");
  assert.equal(line["attributes.body"], "y");
  assert.equal(line["attributes.timestamp"], 1);
});

Deno.test("formatPretty() and formatJson() show bytes by their number, and survive every value", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const fields = {
    key: new TextEncoder().encode("secret"),
    nested: { value: new TextEncoder().encode("secret"), big: 10n },
    circular,
    big: 9n,
    nan: NaN,
    none: null,
    fn: () => 1,
    long: "x".repeat(10_000),
  };
  for (const format of [formatPretty, formatJson]) {
    const line = format(entry("x", fields), OPTIONS);
    assert.ok(!line.includes("secret") && line.includes("<6 bytes>"), line);
    assert.ok(!line.includes("115,101,99"), line);
    assert.ok(line.includes("[cannot be shown]") && line.includes("(1808 more)"), line);
  }
});
