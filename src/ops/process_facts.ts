/** What the machine says of this process. */
import process from "node:process";
import type { ProcessFacts } from "./metrics/collect.ts";

export function processFacts({ startedAt }: { readonly startedAt: number }): ProcessFacts {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = Deno.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    startedAt,
  };
}
