import assert from "node:assert/strict";
import { decode } from "../../../src/processing/decode.ts";
import { badMessages, events } from "../../support/events.ts";

Deno.test("events() makes valid events, the same ones for the same seed", () => {
  const made = events({ seed: 7, count: 50, users: 3 });
  for (const { value } of made) {
    assert.equal(decode(new TextEncoder().encode(value)).failure, null);
  }
  assert.deepEqual(events({ seed: 7, count: 50, users: 3 }), made);
  assert.notDeepEqual(events({ seed: 8, count: 50, users: 3 }), made);
  assert.equal(new Set(made.map(({ eventId }) => eventId)).size, 50);
  assert.equal(new Set(made.map(({ key }) => key)).size, 3);
});

Deno.test("badMessages() are refused, each for the reason that it names", () => {
  for (const { kind, code, value } of badMessages(7)) {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    assert.equal(decode(bytes).failure?.code, code, kind);
  }
});
