import assert from "node:assert/strict";
import { fill } from "../../../src/doctor/finding.ts";
import { FINDING_IDS, findingOf } from "../../../src/doctor/findings.ts";
import { diagnosisSamples } from "../../support/diagnosis_samples.ts";

Deno.test("FINDINGS: every one says what to do, without a period, or leaves it to diagnose()", () => {
  const samples = diagnosisSamples();
  for (const id of FINDING_IDS) {
    const { title, fix, commands } = findingOf(id);
    assert.match(title, /^[A-Z].*[^.]$/, id);
    if (fix === null) assert.ok(samples.has(id), `no sample of the diagnosis ${id}`);
    else assert.match(fix, /[^.]$/, id);
    for (const command of commands) assert.match(command, /^[\w{]/, id);
  }
});

Deno.test("FINDINGS: every kind of failed connection has a row", () => {
  for (const kind of diagnosisSamples().keys()) {
    assert.ok(FINDING_IDS.some((id) => id === kind), kind);
  }
});

Deno.test("fill() puts facts in, and refuses a text whose fact is missing", () => {
  assert.equal(fill("{a}, {b} and {a}", { a: 1, b: "two" }), "1, two and 1");
  assert.throws(() => fill("{a} {c}", { a: 1 }), /c$/);
});
