/** A table of failed starts and what diagnose() must say of each, as tests. */
import assert from "node:assert/strict";
import { ConnectionError } from "../../src/kafka/connections.ts";
import { diagnose, type DiagnosisContext, type DiagnosisKind } from "../../src/kafka/diagnosis.ts";

export interface DiagnosisCase {
  readonly when: string;
  readonly error: unknown;
  readonly context: DiagnosisContext;
  readonly kind: DiagnosisKind;
  readonly exitCode: 77 | 78 | null;
  /** In the hint, each of them. */
  readonly names: readonly string[];
}

/** Registers one test a case. */
export function testDiagnoses(cases: readonly DiagnosisCase[]): void {
  for (const { when, error, context, kind, exitCode, names } of cases) {
    Deno.test(`diagnose() says ${kind}, exit code ${exitCode}, when ${when}`, () => {
      const diagnosis = diagnose(error, context);
      assert.equal(diagnosis.kind, kind);
      assert.equal(diagnosis.exitCode, exitCode);
      for (const name of names) assert.ok(diagnosis.hint.includes(name), diagnosis.hint);
      assert.match(diagnosis.text, /[^.]$/);
      assert.match(diagnosis.hint, /[^.]$/);
      if (error instanceof ConnectionError) assert.ok(diagnosis.text.includes(error.broker));
    });
  }
}
