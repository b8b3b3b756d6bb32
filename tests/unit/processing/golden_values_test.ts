import assert from "node:assert/strict";
import { type Decode, decode, decodeQuickly } from "../../../src/processing/decode.ts";
import type { EnrichedEvent } from "../../../src/event.ts";
import { findDifference } from "../../../src/processing/golden_values.ts";

Deno.test("findDifference() finds none between the ways to decode that there are", () => {
  assert.equal(findDifference(decode, decode), null);
  assert.equal(findDifference(decode, decodeQuickly), null);
});

const DEFECTS: Readonly<Record<string, Decode>> = {
  "takes everything that is JSON": (value) => {
    try {
      const event = JSON.parse(new TextDecoder().decode(value)) as EnrichedEvent;
      return { event, failure: null };
    } catch {
      return decode(value);
    }
  },
  "takes what is not UTF-8": (value) =>
    decode(new TextEncoder().encode(new TextDecoder().decode(value))),
  "keeps the first of two fields with the same name": (value) => {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
    return decode(new TextEncoder().encode(text.replace(/("user_id":8,)("user_id":[^,]+,)/, "$1")));
  },
  "reads each letter as one byte": (value) => {
    const text = value.reduce((sum, byte) => sum + String.fromCharCode(byte), "");
    return decode(new TextEncoder().encode(text));
  },
  "says another reason": (value) => {
    const { event, failure } = decode(value);
    return event === null
      ? { event, failure: { ...failure, message: "no" } }
      : { event, failure: null };
  },
  "throws": () => {
    throw new RangeError("out of bounds");
  },
};

for (const [what, other] of Object.entries(DEFECTS)) {
  Deno.test(`findDifference() finds a way to decode that ${what}`, () => {
    assert.match(findDifference(decode, other) ?? "", /^golden value \d+ /);
  });
}
