import assert from "node:assert/strict";
import { EVERY_LETTER, type LetterFilter, matches } from "../../../src/dead_letters/filter.ts";
import type { Letter } from "../../../src/dead_letters/letter.ts";

const LETTER: Letter = {
  place: { topic: "events.dlq", partition: 1, offset: 7 },
  family: "ours",
  stage: "validate",
  code: "schema_mismatch",
  reason: "user_id: expected string, received number",
  fingerprint: "0123456789",
  failedAt: 1_000,
  attempts: 1,
  replays: 0,
  group: "g",
  source: { topic: "events", partition: 0, offset: 42, timestamp: 900 },
  key: null,
  value: null,
  headers: [],
  obstacle: null,
};

const HOLD: readonly Partial<LetterFilter>[] = [
  {},
  { fingerprint: "0123456789" },
  { reason: "schema_mismatch" },
  { reason: "expected string" },
  { topic: "events", partition: 0 },
  { since: 1_000, until: 1_001 },
];

const FAIL: readonly Partial<LetterFilter>[] = [
  { fingerprint: "012345678" },
  { reason: "schema" },
  { topic: "events.dlq" },
  { partition: 1 },
  { since: 1_001 },
  { until: 1_000 },
  { fingerprint: "0123456789", partition: 1 },
];

Deno.test("matches() asks for each condition that is set", () => {
  for (const each of HOLD) assert.equal(matches(LETTER, { ...EVERY_LETTER, ...each }), true);
  for (const each of FAIL) assert.equal(matches(LETTER, { ...EVERY_LETTER, ...each }), false);
});

Deno.test("matches() takes a letter that does not say where it was by where it lies", () => {
  const source = { topic: null, partition: null, offset: null, timestamp: null };
  const letter = { ...LETTER, source, code: null, reason: null, failedAt: -1 };
  const isMatch = (filter: Partial<LetterFilter>) =>
    matches(letter, { ...EVERY_LETTER, ...filter });
  assert.equal(isMatch({ topic: "events.dlq", partition: 1 }), true);
  assert.equal(isMatch({ reason: "schema_mismatch" }), false);
  assert.equal(isMatch({ until: 5_000 }), false);
});
