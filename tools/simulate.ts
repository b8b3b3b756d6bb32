/**
 * `deno task simulate [core] [group] [calm] [--seeds N] [--from SEED]`: runs the simulations for many seeds, the core's
 * and the group's, and tells how far it is. Each seed that shows a violation is printed with what it shows; exit 1 then.
 */
import { parseArgs } from "node:util";
import { GroupSimulation } from "../tests/support/group_simulation/simulation.ts";
import { Simulation } from "../tests/support/simulation.ts";
import { judgeSimulation } from "../tests/support/simulation_oracle.ts";

/** What to run for a seed: answers the violations. */
const SIMULATIONS: Readonly<Record<string, (seed: number) => Promise<readonly string[]>>> = {
  core: async (seed) => {
    const simulation = new Simulation(seed);
    await simulation.run();
    return judgeSimulation(simulation.history, simulation.limits);
  },
  group: (seed) => runGroup(seed, false),
  calm: (seed) => runGroup(seed, true),
};
const USAGE = "deno task simulate [core] [group] [calm] [--seeds 1000] [--from 1]";
const EXIT_USAGE = 64;
const TELL_EVERY_MS = 10_000;
const SHOWN = 3;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seeds: { type: "string" }, from: { type: "string" } },
  });
  const [seeds, from] = [Number(values.seeds ?? 1_000), Number(values.from ?? 1)];
  const names = positionals.length === 0 ? Object.keys(SIMULATIONS) : positionals;
  const unknown = names.find((name) => SIMULATIONS[name] === undefined);
  if (unknown !== undefined || !Number.isSafeInteger(seeds) || !Number.isSafeInteger(from)) {
    console.error(`Usage: ${USAGE}`);
    return EXIT_USAGE;
  }
  let found = 0;
  for (const name of names) found += await runSeeds(name, { seeds, from });
  return found === 0 ? 0 : 1;
}

/** Answers how many seeds show a violation. */
async function runSeeds(
  name: string,
  { seeds, from }: { readonly seeds: number; readonly from: number },
): Promise<number> {
  const startedAt = performance.now();
  let toldAt = startedAt;
  let found = 0;
  const tell = (done: number) => {
    toldAt = performance.now();
    const perMinute = Math.round(done / (toldAt - startedAt) * 60_000);
    console.log(`${name}: ${done} of ${seeds} seeds, ${perMinute} a minute, ${found} violated`);
  };
  for (let seed = from; seed < from + seeds; seed++) {
    const violations = await SIMULATIONS[name]?.(seed) ?? [];
    if (violations.length > 0) {
      found += 1;
      console.log(`${name}: seed ${seed}:\n  ${violations.slice(0, SHOWN).join("\n  ")}`);
    }
    if (performance.now() - toldAt > TELL_EVERY_MS) tell(seed - from + 1);
  }
  tell(seeds);
  return found;
}

async function runGroup(seed: number, calm: boolean): Promise<readonly string[]> {
  const simulation = new GroupSimulation(seed, { calm });
  await simulation.run();
  return simulation.oracle.violations;
}
