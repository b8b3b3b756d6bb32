import assert from "node:assert/strict";
import { type Decode, decode, decodeQuickly } from "../../../src/processing/decode.ts";
import { bytesOf, sampleEvent } from "../../support/sample_event.ts";

/** What is said of one of them holds for each. */
const WAYS: readonly (readonly [string, Decode])[] = [
  ["decode", decode],
  ["decodeQuickly", decodeQuickly],
];

const EVENT_TEXT = JSON.stringify(sampleEvent());
const SECRET = "s3cret";

const GOOD: readonly { readonly name: string; readonly text: string }[] = [
  { name: "an event", text: EVENT_TEXT },
  { name: "an event after a byte order mark", text: `\ufeff${EVENT_TEXT}` },
  { name: "an event between white space", text: ` \r\n${EVENT_TEXT}\t\n` },
  {
    name: "the last of two fields with the same name",
    text: `{"user_id":7,${EVENT_TEXT.slice(1)}`,
  },
];

for (const [way, decode] of WAYS) {
  for (const { name, text } of GOOD) {
    Deno.test(`${way}() reads ${name}`, () => {
      assert.deepEqual(decode(bytesOf(text)), { event: sampleEvent(), failure: null });
    });
  }

  Deno.test(`${way}() keeps fields that the contract does not name`, () => {
    const { event } = decode(bytesOf({ ...sampleEvent(), added_later: [1] }));
    assert.deepEqual(event, { ...sampleEvent(), added_later: [1] });
  });
}

const BAD: readonly {
  readonly name: string;
  readonly value: Uint8Array;
  readonly stage: "decode" | "validate";
  readonly code: string;
  readonly message: string | RegExp;
}[] = [
  {
    name: "0 bytes",
    value: new Uint8Array(),
    stage: "decode",
    code: "empty_value",
    message: "the value has 0 bytes",
  },
  {
    name: "bytes that are not UTF-8",
    value: Uint8Array.of(0x7b, 0xff, 0x7d),
    stage: "decode",
    code: "not_utf8",
    message: "the value is not UTF-8",
  },
  {
    name: "a character that is cut off",
    value: bytesOf("é").subarray(0, 1),
    stage: "decode",
    code: "not_utf8",
    message: "the value is not UTF-8",
  },
  {
    name: "JSON that ends too early",
    value: bytesOf(EVENT_TEXT.slice(0, -1)),
    stage: "decode",
    code: "not_json",
    message: /^the value is not JSON/,
  },
  {
    name: "no JSON",
    value: bytesOf(`{"user_id": ${SECRET}}`),
    stage: "decode",
    code: "not_json",
    message: /^the value is not JSON/,
  },
  {
    name: "white space alone",
    value: bytesOf(" "),
    stage: "decode",
    code: "not_json",
    message: /^the value is not JSON/,
  },
  {
    name: "JSON nested too deep",
    value: bytesOf("[".repeat(200_000)),
    stage: "decode",
    code: "not_json",
    message: /^the value is not JSON/,
  },
  {
    name: "another schema",
    value: bytesOf({ ...sampleEvent(), user_id: { name: SECRET } }),
    stage: "validate",
    code: "schema_mismatch",
    message: "user_id: expected string, received object",
  },
  {
    name: "null",
    value: bytesOf("null"),
    stage: "validate",
    code: "schema_mismatch",
    message: "expected object, received null",
  },
];

for (const [way, decode] of WAYS) {
  for (const { name, value, stage, code, message } of BAD) {
    Deno.test(`${way}() says ${code} of ${name}`, () => {
      const { event, failure } = decode(value);
      assert.equal(event, null);
      assert.deepEqual([failure?.stage, failure?.code], [stage, code]);
      if (typeof message === "string") assert.equal(failure?.message, message);
      else assert.match(failure?.message ?? "", message);
      assert.ok(!failure?.message.includes(SECRET), "no piece of the value is shown");
      assert.ok(!failure?.message.includes("\n"), "one line");
    });
  }
}

const PLACES: readonly { readonly text: string; readonly where: string }[] = [
  { text: `{"a": 1 2}`, where: ": syntax error at position 8" },
  { text: `{"a": 1} 2`, where: ": syntax error at position 9" },
  { text: `{"a": `, where: ": it ends too early" },
  { text: `{"a": x}`, where: "" },
  { text: "x JSON at position 9 (line 1 column 10)", where: "" },
];

for (const { text, where } of PLACES) {
  Deno.test(`decode() says where ${text} is wrong, as far as it is known`, () => {
    assert.equal(decode(bytesOf(text)).failure?.message, `the value is not JSON${where}`);
  });
}

for (const [way, decode] of WAYS) {
  Deno.test(`${way}() never throws, whatever the bytes are`, () => {
    const event = bytesOf(sampleEvent());
    for (let at = 0; at < event.length; at++) {
      const damaged = event.slice();
      damaged[at] = 0x22;
      const { event: read, failure } = decode(damaged);
      assert.equal(read === null, failure !== null);
    }
  });
}
