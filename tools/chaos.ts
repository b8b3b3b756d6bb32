/**
 * `deno task chaos --seed N --minutes M`: runs a storm (storm.ts), and ends its cluster, its services and all that belongs
 * to them, also when it is told to stop before the storm is over. Exit as the storm's, or 128 and the signal.
 */
import { runContained } from "./process_group.ts";

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const STORM = new URL("./storm.ts", import.meta.url).pathname;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const [signal, number] of Object.entries(SIGNALS)) {
    Deno.addSignalListener(signal as Deno.Signal, () => stop.abort(number));
  }
  const { code } = await runContained([STORM, ...Deno.args], { stop: stop.signal });
  if (!stop.signal.aborted) return code;
  console.log(
    "Stopped before the storm was over: its cluster and its processes are ended, their data is deleted, and nothing " +
      "is kept in tests/chaos/results.jsonl, as there is no verdict",
  );
  return 128 + Number(stop.signal.reason);
}
