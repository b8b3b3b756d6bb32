/**
 * A short run of every fuzz target with a new seed each time, and the cases that were found once. `deno task fuzz` runs
 * more; TEST_SEED=x repeats a run.
 */
import assert from "node:assert/strict";
import { readCorpus } from "../fuzz/corpus.ts";
import { fuzzOne, problemWith } from "../fuzz/target.ts";
import { TARGETS } from "../fuzz/targets.ts";

const SEED = Number(Deno.env.get("TEST_SEED") ?? Math.floor(Math.random() * 1e9));
const MAX_VALUES = 1_000;
const MIN_VALUES = 20;
const BUDGET_MS = 700;

for (const target of TARGETS) {
  Deno.test(`Fuzzing shows nothing wrong: ${target.name}`, async () => {
    const startedAt = performance.now();
    try {
      for (let index = 0; index < MAX_VALUES; index++) {
        if (index >= MIN_VALUES && performance.now() - startedAt > BUDGET_MS) break;
        await fuzzOne(target, { seed: SEED, index });
      }
      for (const { why, input } of await readCorpus(target.name)) {
        assert.equal(await problemWith(target, input), null, why);
      }
    } finally {
      await target.close?.();
    }
  });
}
