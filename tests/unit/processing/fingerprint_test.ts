import assert from "node:assert/strict";
import { decode } from "../../../src/processing/decode.ts";
import { fingerprintOf } from "../../../src/processing/fingerprint.ts";
import { bytesOf, sampleEvent } from "../../support/sample_event.ts";

function fingerprintOfEvent(changes: Readonly<Record<string, unknown>>): string {
  const { failure } = decode(bytesOf({ ...sampleEvent(), ...changes }));
  assert.ok(failure !== null);
  return fingerprintOf(failure);
}

Deno.test("fingerprintOf() is the same in every version: old dead letters are found by it", () => {
  assert.equal(fingerprintOf({ stage: "decode", code: "not_json" }), "6ab8afb935");
  const rules = ["user_id invalid_type"];
  assert.equal(fingerprintOf({ stage: "validate", code: "schema_mismatch", rules }), "8ff24198ff");
});

Deno.test("fingerprintOf() tells causes apart by stage, code and rules", () => {
  const causes = [
    { stage: "handle", code: "a" },
    { stage: "handle", code: "b" },
    { stage: "read", code: "a" },
    { stage: "handle", code: "a", rules: ["x invalid_type"] },
    { stage: "handle", code: "a", rules: ["x too_small"] },
    { stage: "handle", code: "a", rules: ["x invalid_type", "y invalid_type"] },
  ];
  assert.equal(new Set(causes.map(fingerprintOf)).size, causes.length);
});

Deno.test("fingerprintOf() does not depend on the order of the rules, nor on repetition", () => {
  const cause = { stage: "validate", code: "schema_mismatch" };
  const one = fingerprintOf({ ...cause, rules: ["a x", "b y"] });
  assert.equal(fingerprintOf({ ...cause, rules: ["b y", "a x", "b y"] }), one);
});

Deno.test("fingerprintOf() is the same whatever value breaks a rule, and another for another field", () => {
  const asNumber = fingerprintOfEvent({ user_id: 1 });
  assert.equal(fingerprintOfEvent({ user_id: { name: "x" } }), asNumber);
  assert.equal(fingerprintOfEvent({ user_id: 1, event_data: { any: "thing" } }), asNumber);
  assert.notEqual(fingerprintOfEvent({ session_id: 1 }), asNumber);
  assert.notEqual(fingerprintOfEvent({ user_id: 1, session_id: 1 }), asNumber);
});
