/**
 * What `deno task chaos --seed N --minutes M` runs: a storm of faults on a real cluster of three nodes, judged by the oracle.
 * Exit 1 when a promise was broken. `--every S` lets a fault begin every so many seconds and spares one process, `--rate N` sends so many
 * messages a second, `--keep` keeps the result for docs/reliability.md.
 */
import { parseArgs } from "node:util";
import { describe } from "../tests/chaos/account.ts";
import { ChaosCluster } from "../tests/chaos/cluster.ts";
import { keepResult, resultOf } from "../tests/chaos/results.ts";
import { storm } from "../tests/chaos/storm.ts";

const EXIT_USAGE = 64;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      seed: { type: "string", default: String(Math.trunc(Math.random() * 1_000_000)) },
      minutes: { type: "string", default: "10" },
      every: { type: "string", default: "0" },
      rate: { type: "string", default: "300" },
      keep: { type: "boolean", default: false },
    },
  });
  const [seed, minutes, every] = [values.seed, values.minutes, values.every].map(Number);
  if (seed === undefined || minutes === undefined || every === undefined) return EXIT_USAGE;
  console.log(`Seed ${seed}, ${minutes} minutes`);
  await using cluster = await ChaosCluster.start();
  const report = await storm(cluster, {
    seed,
    durationMs: minutes * 60_000,
    everyMs: every * 1000,
    bench: { rate: Number(values.rate), sparesFirst: every > 0 },
    onFault: (line) => console.log(line),
  });
  console.log(describe(report).join("\n"));
  const fault = `a storm of ${minutes} minutes, seed ${seed}`;
  const pace = every > 0 ? `a fault every ${every} s` : "one fault after the other";
  if (values.keep) await keepResult(resultOf({ fault, expected: pace }, report));
  return report.violations.length === 0 ? 0 : 1;
}
