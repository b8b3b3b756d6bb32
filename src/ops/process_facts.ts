/** What the machine says of this process. */
import process from "node:process";
import type { ProcessFacts } from "./metrics/collect.ts";

/** `elsewhere` is the heap of other threads, which only they know; the rest is of the whole process. */
export function processFacts({ startedAt, elsewhere }: {
  readonly startedAt: number;
  readonly elsewhere: Pick<ProcessFacts, "heapUsedBytes" | "externalBytes"> | null;
}): ProcessFacts {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = Deno.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapUsedBytes: heapUsed + (elsewhere?.heapUsedBytes ?? 0),
    externalBytes: external + (elsewhere?.externalBytes ?? 0),
    startedAt,
  };
}
