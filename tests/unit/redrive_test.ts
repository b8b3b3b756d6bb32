import assert from "node:assert/strict";
import { EVERY_LETTER } from "../../src/dead_letters/filter.ts";
import { isTaken } from "../../src/redrive.ts";
import { letter } from "../support/letters.ts";

Deno.test("isTaken() leaves what is no message to be parked", () => {
  for (const obstacle of ["raw_batch", "value_left_out"] as const) {
    const dead = letter({ obstacle, value: null });
    assert.equal(isTaken(dead, { what: "redrive", filter: EVERY_LETTER }), false, obstacle);
    assert.equal(isTaken(dead, { what: "park", filter: EVERY_LETTER }), true, obstacle);
  }
});

Deno.test("isTaken() goes by the filter", () => {
  const filter = { ...EVERY_LETTER, fingerprint: "0123456789" };
  for (const what of ["redrive", "park"] as const) {
    assert.equal(isTaken(letter(), { what, filter }), true);
    assert.equal(isTaken(letter({ fingerprint: "other" }), { what, filter }), false);
  }
});
