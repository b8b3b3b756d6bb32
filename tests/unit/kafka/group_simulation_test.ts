/**
 * Whole instances of the service and a cluster without sockets, in virtual time: nothing is lost, started by two, or
 * committed too early, whatever fails. `deno task simulate group` runs more seeds, TEST_SEED=x repeats one and tells
 * what happened.
 */
import assert from "node:assert/strict";
import { GroupSimulation } from "../../support/group_simulation/simulation.ts";

const FAULTY_SEEDS = 50;
const CALM_SEEDS = 25;
const SEED = Deno.env.get("TEST_SEED");
const SHOWN = 5;

Deno.test("A group loses nothing, keeps the order of keys and never commits too early under faults", async () => {
  await runAll(FAULTY_SEEDS, { calm: false });
});

Deno.test("A group does nothing twice while members, leaders and coordinators come and go in order", async () => {
  await runAll(CALM_SEEDS, { calm: true });
});

Deno.test("The group simulation repeats a seed exactly", async () => {
  const told: string[][] = [[], []];
  for (const lines of told) {
    await new GroupSimulation(7, { tell: (line) => lines.push(line) }).run();
  }
  assert.ok((told[0] ?? []).length > 100);
  assert.deepEqual(told[0], told[1]);
});

async function runAll(seeds: number, { calm }: { readonly calm: boolean }): Promise<void> {
  const all = Array.from({ length: seeds }, (_, at) => at + 1);
  for (const seed of SEED === undefined ? all : [Number(SEED)]) {
    const tell = SEED === undefined ? {} : { tell: (line: string) => console.log(line) };
    const simulation = new GroupSimulation(seed, { calm, ...tell });
    await simulation.run();
    const { violations } = simulation.oracle;
    if (violations.length === 0) continue;
    const found = violations.slice(0, SHOWN).join("\n  ");
    assert.fail(`TEST_SEED=${seed} shows ${violations.length} violations:\n  ${found}`);
  }
}
