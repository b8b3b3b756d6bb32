/**
 * What workers of breaking_service.ts are started with. By the last argument worker 1 breaks (`rejection`, `error`) or
 * takes a second before it does anything (`late`); handlers always throw a FatalError.
 */
import { FatalError } from "../../src/processing/failure.ts";
import { runWorker } from "../../src/workers/pipeline.ts";

const LATE_MS = 1_000;
const what = Deno.args.at(-1);

runWorker(() => {
  if (globalThis.name === "worker-1") goWrong();
  return { byType: {}, default: throwFatal };
});

function throwFatal(): never {
  throw new FatalError("as the test wants");
}

function goWrong(): void {
  if (what === "rejection") void Promise.reject(new Error("Nobody catches this"));
  if (what === "error") setTimeout(() => breakDown(), 0);
  const until = performance.now() + (what === "late" ? LATE_MS : 0);
  while (performance.now() < until);
}

function breakDown(): never {
  throw new Error("Nobody catches this");
}
