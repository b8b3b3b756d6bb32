import assert from "node:assert/strict";
import { formatEcs } from "../../../src/ops/ecs_format.ts";
import type { LogEntry } from "../../../src/ops/log_entry.ts";
import { formatJson, formatPretty } from "../../../src/ops/log_format.ts";
import type { Fields } from "../../../src/processing/message.ts";

const OPTIONS = { stacks: false, serviceVersion: "1.2.3", environment: "production" };
const TIMESTAMP = Date.UTC(2024, 0, 15, 10, 30, 45, 123);

function entry(text: string, fields: Fields = {}, level: LogEntry["level"] = "info"): LogEntry {
  return { level, timestamp: TIMESTAMP, text, fields };
}

function ecs(text: string, fields: Fields = {}, level: LogEntry["level"] = "info") {
  return JSON.parse(formatEcs(entry(text, fields, level), OPTIONS));
}

Deno.test("formatEcs() has the schema's names, and begins with what people read", () => {
  const line = formatEcs(entry("Joined {groupId}", { groupId: "g" }, "warning"), OPTIONS);
  assert.ok(line.startsWith('{"@timestamp":"2024-01-15T10:30:45.123Z","log.level":"warning",'));
  assert.deepEqual(JSON.parse(line), {
    "@timestamp": "2024-01-15T10:30:45.123Z",
    "log.level": "warning",
    message: "Joined g",
    "ecs.version": "8.11.0",
    "service.name": "processing-service",
    "service.version": "1.2.3",
    "service.environment": "production",
    "event.dataset": "processing-service.log",
    "messaging.consumer.group.name": "g",
  });
});

Deno.test("formatEcs() has OpenTelemetry's names for messages and traces, and labels for the rest", () => {
  const fields = {
    topic: "t",
    partition: 3,
    offset: 42,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    durationMs: 5,
    "odd.name": "x",
    nothing: undefined,
  };
  const line = ecs("Done", fields);
  assert.equal(line["messaging.destination.name"], "t");
  assert.equal(line["messaging.destination.partition.id"], "3");
  assert.equal(line["messaging.kafka.offset"], 42);
  assert.equal(line["trace.id"], fields.traceId);
  assert.equal(line["span.id"], fields.spanId);
  assert.deepEqual(line.labels, { duration_ms: "5", odd_name: "x" });
});

Deno.test("formatEcs() gives every field one type, so that no line is refused for another", () => {
  const line = ecs("x", { lag: 5, offset: "unknown", partition: "all", list: ["a"], o: { a: 1 } });
  assert.deepEqual(line.labels, { lag: "5", offset: "unknown", list: "a", o: '{"a":1}' });
  assert.equal(line["messaging.kafka.offset"], undefined);
  assert.equal(line["messaging.destination.partition.id"], "all");
  assert.deepEqual(ecs("x", { lag: "unknown" }).labels, { lag: "unknown" });
});

Deno.test("formatEcs() tells an error by the schema's names, its stack at ERROR only", () => {
  const error = Object.assign(new TypeError("Cannot connect", { cause: "no route" }), {
    code: "ECONNREFUSED",
  });
  const atError = ecs("x", { error }, "error");
  assert.equal(atError["error.type"], "TypeError");
  assert.equal(atError["error.message"], "Cannot connect");
  assert.equal(atError["error.code"], "ECONNREFUSED");
  assert.match(atError["error.stack_trace"], /^TypeError: Cannot connect\n/);
  assert.deepEqual(atError.labels, { error_cause: "no route" });
  assert.equal(ecs("x", { error }, "warning")["error.stack_trace"], undefined);
});

Deno.test("formatEcs() tells the failure of a message as an error", () => {
  const failure = { stage: "handle", code: "E1", reason: "It broke", stack: "Error: It broke\n" };
  const line = ecs("Message dead-lettered", failure, "error");
  assert.equal(line["error.type"], "E1");
  assert.equal(line["error.code"], "E1");
  assert.equal(line["error.message"], "It broke");
  assert.equal(line["error.stack_trace"], failure.stack);
  assert.deepEqual(line.labels, { stage: "handle" });
});

Deno.test("formatEcs() lets no field replace the envelope", () => {
  const line = ecs("x", { message: "y", "log.level": "error", labels: "z", "@timestamp": 1 });
  assert.equal(line.message, "x");
  assert.equal(line["log.level"], "info");
  assert.deepEqual(line.labels, { message: "y", log_level: "error", labels: "z", _timestamp: "1" });
});

Deno.test("No format lets a value forge a line, or a field of one", () => {
  const forged =
    '"\n2024-01-15 10:30:45 - ProcessingService - ERROR - Forged\r\n{"message":"Forged"}' +
    "\u0085\u2028\u2029\u001b[2K\u0000\u007f level=error";
  for (const format of [formatPretty, formatJson, formatEcs]) {
    const line = format(entry("Event {userId}", { userId: forged, [forged]: forged }), OPTIONS);
    // deno-lint-ignore no-control-regex
    assert.ok(!/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(line), JSON.stringify(line));
  }
  assert.equal(ecs("Event", { userId: forged }).labels.user_id, forged);
  const pretty = formatPretty(entry("Event", { userId: forged }), OPTIONS);
  assert.match(pretty, / - Event user_id="\\"\\n2024/);
});
