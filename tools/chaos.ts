/**
 * `deno task chaos --seed N --minutes M`: a storm of faults on a real cluster of three nodes, judged by the oracle.
 * Exit 1 when a promise was broken.
 */
import { parseArgs } from "node:util";
import { describe } from "../tests/chaos/account.ts";
import { ChaosCluster } from "../tests/chaos/cluster.ts";
import { storm } from "../tests/chaos/storm.ts";

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      seed: { type: "string", default: String(Math.trunc(Math.random() * 1_000_000)) },
      minutes: { type: "string", default: "10" },
      every: { type: "string", default: "0" },
      rate: { type: "string", default: "1500" },
      json: { type: "string" },
    },
  });
  const seed = Number(values.seed);
  const minutes = Number(values.minutes);
  console.log(`Seed ${seed}, ${minutes} minutes`);
  await using cluster = await ChaosCluster.start();
  const report = await storm(cluster, {
    seed,
    durationMs: minutes * 60_000,
    everyMs: Number(values.every) * 1000,
    bench: { rate: Number(values.rate) },
    onFault: (line) => console.log(line),
  });
  console.log(describe(report).join("\n"));
  if (values.json !== undefined) {
    await Deno.writeTextFile(values.json, JSON.stringify(report, null, 2));
  }
  return report.violations.length === 0 ? 0 : 1;
}
