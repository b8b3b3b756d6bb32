import assert from "node:assert/strict";
import { Health, livez, type Phase, readyz, startupz } from "../../../src/ops/health.ts";

function answers(health: Health) {
  const facts = health.facts();
  return [livez(facts).ok, readyz(facts).ok, startupz(facts).ok];
}

Deno.test("Health answers livez, readyz and startupz by phase", () => {
  const health = new Health();
  const expected: readonly (readonly [Phase, readonly boolean[]])[] = [
    ["starting", [true, false, false]],
    ["connecting", [true, false, false]],
    ["running", [true, true, true]],
    ["draining", [true, false, true]],
    ["stopped", [false, false, true]],
  ];
  for (const [phase, answer] of expected) {
    health.setPhase(phase);
    assert.deepEqual(answers(health), answer, phase);
  }
});

Deno.test("Health.setProblem() makes the service not ready, with the reason, and never dead", () => {
  const health = new Health();
  health.setPhase("running");
  health.setProblem("kafka", "no broker answers");
  assert.deepEqual(answers(health), [true, false, true]);
  const failed = readyz(health.facts()).checks.filter(({ ok }) => !ok);
  assert.deepEqual(failed, [{
    name: "kafka",
    ok: false,
    text: "no broker answers",
    isNote: false,
  }]);
  health.setProblem("kafka", null);
  assert.deepEqual(answers(health), [true, true, true]);
});

Deno.test("Health.addCheck() looks at the part whenever somebody asks", () => {
  const health = new Health();
  health.setPhase("running");
  let problem: string | null = null;
  health.addCheck("lease", () => problem);
  assert.deepEqual(answers(health), [true, true, true]);
  problem = "no heartbeat was answered within the session";
  assert.deepEqual(answers(health), [true, false, true]);
});

Deno.test("Health.addNote() is told and does not make the service less ready", () => {
  const health = new Health();
  health.setPhase("running");
  let note: string | null = null;
  health.addNote("assignment", () => note);
  health.addCheck("lease", () => null);
  const told = () => readyz(health.facts()).checks.map(({ name, text }) => [name, text]);
  assert.deepEqual(told(), [["phase", "running"], ["lease", ""], ["assignment", ""]]);
  note = "no partition is ours";
  assert.deepEqual(told().at(-1), ["assignment", "no partition is ours"]);
  assert.equal(readyz(health.facts()).ok, true);
});
