/**
 * The core under faults at every step, in virtual time. TEST_SEEDS=n runs more seeds, TEST_SEED=x repeats one and
 * prints its history.
 */
import assert from "node:assert/strict";
import { Simulation } from "../../support/simulation.ts";
import type { Entry } from "../../support/simulation_history.ts";
import { judgeSimulation } from "../../support/simulation_oracle.ts";

const SEEDS = Number(Deno.env.get("TEST_SEEDS") ?? 300);
const SEED = Deno.env.get("TEST_SEED");
const SHOWN = 5;

Deno.test("The core loses nothing, keeps the order of keys and keeps to its limits under faults", async () => {
  const all = Array.from({ length: SEEDS }, (_, at) => at + 1);
  for (const seed of SEED === undefined ? all : [Number(SEED)]) {
    const simulation = new Simulation(seed);
    await simulation.run();
    const violations = judgeSimulation(simulation.history, simulation.limits);
    if (SEED !== undefined) show(simulation.history);
    if (violations.length === 0) continue;
    const found = violations.slice(0, SHOWN).join("\n  ");
    assert.fail(`TEST_SEED=${seed} shows ${violations.length} violations:\n  ${found}`);
  }
});

Deno.test("The simulation lets everything happen that it judges", async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    const simulation = new Simulation(seed);
    await simulation.run();
    for (const entry of simulation.history) seen.add(nameOf(entry));
  }
  assert.deepEqual([...seen].sort(), [
    ...[
      "abandoned",
      "answered false",
      "answered true",
      "asked",
      "assigned",
      "committed",
      "delayed",
    ],
    ...["delivered", "drained false", "drained true", "draining", "dropped", "elsewhere"],
    ...[
      "ended failed",
      "ended fatal",
      "ended ok",
      "ended permanent",
      "goes_on",
      "held",
      "lease",
      "let_go",
    ],
    ...["letter", "letter_failed", "log", "lost", "observed", "offered", "outcome dead_lettered"],
    ...["outcome elsewhere", "outcome processed", "outcome skipped", "over", "passed", "paused"],
    "readopted",
    ...["resumed", "retried", "started", "stored", "suspended"],
  ]);
});

Deno.test("The simulation repeats a seed exactly", async () => {
  const [one, again] = [new Simulation(7), new Simulation(7)];
  await one.run();
  await again.run();
  assert.deepEqual(one.history, again.history);
});

function nameOf(entry: Entry): string {
  switch (entry.kind) {
    case "answered":
      return `answered ${entry.isTaken}`;
    case "drained":
      return `drained ${entry.isDrained}`;
    case "ended":
      return `ended ${entry.how}`;
    case "outcome":
      return `outcome ${entry.outcome}`;
    default:
      return entry.kind;
  }
}

function show(history: readonly Entry[]): void {
  console.log(history.map((entry, at) => `${at} ${JSON.stringify(entry)}`).join("\n"));
}
