import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  type DeadLetterFacts,
  deadLetterFor,
  type Reduction,
  REDUCTIONS,
} from "../../../src/processing/dead_letter.ts";
import { fingerprintOf } from "../../../src/processing/fingerprint.ts";
import type { Header } from "../../../src/processing/message.ts";
import { message } from "../../support/processing_bench.ts";
import { bytesOf } from "../../support/sample_event.ts";

const [WHOLE, COMPRESSED, WITHOUT_VALUE, BARE] = REDUCTIONS as readonly [
  Reduction,
  Reduction,
  Reduction,
  Reduction,
];

const FACTS: DeadLetterFacts = {
  failure: { stage: "handle", code: "no_user", message: "No such user", stack: "Error: ..." },
  attempts: 3,
  firstFailedAt: Date.UTC(2024, 0, 15, 10, 30, 45),
  lastFailedAt: Date.UTC(2024, 0, 15, 10, 31, 0, 500),
  groupId: "processing-service-group",
  serviceVersion: "1.2.3",
};

const HEADERS: readonly Header[] = [
  ["trace", bytesOf("1")],
  ["trace", bytesOf("2")],
  ["empty", null],
];
const MESSAGE = message(42, { key: "user-123", value: "{", headers: HEADERS });

/** What is ours, as texts. */
function texts(headers: readonly Header[]): Record<string, string> {
  const ours = headers.filter(([name]) => name.startsWith("__dlq."));
  return Object.fromEntries(
    ours.map(([name, content]) => [name, new TextDecoder().decode(content ?? undefined)]),
  );
}

Deno.test("deadLetterFor() keeps key, value and headers as received, and tells the error", () => {
  const letter = deadLetterFor(MESSAGE, { facts: FACTS, reduction: WHOLE });
  assert.deepEqual(letter.source, { topic: "t", partition: 0, offset: 42 });
  assert.deepEqual([letter.key, letter.value], [MESSAGE.key, MESSAGE.value]);
  assert.deepEqual(letter.headers.slice(0, 3), HEADERS);
  assert.deepEqual(texts(letter.headers), {
    "__dlq.errors.topic": "t",
    "__dlq.errors.partition": "0",
    "__dlq.errors.offset": "42",
    "__dlq.errors.group": "processing-service-group",
    "__dlq.errors.delivery.count": "3",
    "__dlq.errors.message": "No such user",
    "__dlq.processing.stage": "handle",
    "__dlq.processing.code": "no_user",
    "__dlq.processing.fingerprint": fingerprintOf(FACTS.failure),
    "__dlq.processing.attempts": "3",
    "__dlq.processing.first.failure.time": "2024-01-15T10:30:45.000Z",
    "__dlq.processing.last.failure.time": "2024-01-15T10:31:00.500Z",
    "__dlq.processing.original.timestamp": "1705314645000",
    "__dlq.processing.replay.count": "0",
    "__dlq.processing.service.version": "1.2.3",
    "__dlq.processing.stack": "Error: ...",
  });
});

Deno.test("deadLetterFor() has no stack where there is none, and a null key", () => {
  const { stack: _, ...failure } = FACTS.failure;
  const unkeyed = message(42, { key: null });
  const letter = deadLetterFor(unkeyed, { facts: { ...FACTS, failure }, reduction: WHOLE });
  assert.equal("__dlq.processing.stack" in texts(letter.headers), false);
  assert.equal(letter.key, null);
});

Deno.test("REDUCTIONS leave out ever more, and say what", () => {
  const said = REDUCTIONS.map(({ reduced, compressed }) => [reduced, compressed]);
  assert.deepEqual(said, [
    ["no", false],
    ["compressed", true],
    ["without_value", true],
    ["without_value", false],
  ]);
  const held = REDUCTIONS.map((reduction) => {
    const { key, value, headers } = deadLetterFor(MESSAGE, { facts: FACTS, reduction });
    return [key !== null, value !== null, headers.some(([name]) => name === "trace")];
  });
  assert.deepEqual(held, [
    [true, true, true],
    [true, true, true],
    [true, false, true],
    [false, false, false],
  ]);
});

Deno.test("deadLetterFor() describes the value that it leaves out by size and SHA-256", () => {
  const { headers } = deadLetterFor(MESSAGE, { facts: FACTS, reduction: WITHOUT_VALUE });
  const said = texts(headers);
  assert.equal(said["__dlq.processing.value.bytes"], "1");
  assert.equal(
    said["__dlq.processing.value.sha256"],
    createHash("sha256").update("{").digest("hex"),
  );
  const whole = texts(deadLetterFor(MESSAGE, { facts: FACTS, reduction: COMPRESSED }).headers);
  assert.equal("__dlq.processing.value.bytes" in whole, false);
});

Deno.test("deadLetterFor() describes key and headers that it leaves out", () => {
  const said = texts(deadLetterFor(MESSAGE, { facts: FACTS, reduction: BARE }).headers);
  assert.equal(said["__dlq.processing.key.bytes"], "8");
  assert.equal(said["__dlq.processing.headers.count"], "3");
  assert.equal(said["__dlq.processing.headers.bytes"], "17");
  const unkeyed = deadLetterFor(message(1, { key: null }), { facts: FACTS, reduction: BARE });
  assert.equal(texts(unkeyed.headers)["__dlq.processing.key.bytes"], "-1");
});

Deno.test("deadLetterFor() keeps the first origin of a message that was a dead letter before", () => {
  const first = deadLetterFor(MESSAGE, { facts: FACTS, reduction: WHOLE });
  const again = message(7, { key: "user-123", value: "{", headers: first.headers });
  const facts: DeadLetterFacts = {
    ...FACTS,
    failure: { stage: "decode", code: "not_json", message: "the value is not JSON" },
    attempts: 1,
    firstFailedAt: FACTS.lastFailedAt,
  };
  const { headers } = deadLetterFor(again, { facts, reduction: WHOLE });
  const said = texts(headers);
  assert.deepEqual(headers.filter(([name]) => !name.startsWith("__dlq.")), HEADERS);
  assert.equal(headers.length, HEADERS.length + Object.keys(said).length, "each name once");
  assert.equal(said["__dlq.errors.offset"], "42");
  assert.equal(said["__dlq.processing.first.failure.time"], "2024-01-15T10:30:45.000Z");
  assert.equal(said["__dlq.processing.original.timestamp"], "1705314645000");
  assert.equal(said["__dlq.processing.code"], "not_json");
  assert.equal(said["__dlq.processing.last.source"], "t/0/7");
  assert.equal("__dlq.processing.stack" in said, false, "the last error has none");
});

Deno.test("deadLetterFor() believes no forged or half origin", () => {
  const forged: readonly Header[] = [
    ["__dlq.errors.topic", bytesOf("elsewhere")],
    ["__dlq.errors.partition", bytesOf("0")],
    ["__dlq.errors.offset", bytesOf("-1 or so")],
  ];
  const letter = deadLetterFor(message(42, { headers: forged }), {
    facts: FACTS,
    reduction: WHOLE,
  });
  assert.equal(texts(letter.headers)["__dlq.errors.topic"], "t");
  assert.equal(texts(letter.headers)["__dlq.errors.offset"], "42");
});

Deno.test("deadLetterFor() cuts long texts at a character", () => {
  const failure = {
    ...FACTS.failure,
    message: `x${"é".repeat(2_000)}`,
    stack: "s".repeat(10_000),
  };
  const { headers } = deadLetterFor(MESSAGE, { facts: { ...FACTS, failure }, reduction: WHOLE });
  const said = texts(headers);
  assert.equal(said["__dlq.errors.message"], `x${"é".repeat(511)}`);
  assert.equal(said["__dlq.processing.stack"]?.length, 4_096);
});
