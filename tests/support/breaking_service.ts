/**
 * A program for tests: the service, in which something breaks that nobody catches. Arguments: `rejection` or `error`,
 * with `worker` before it in a worker of two, where it may also be what breaking_worker.ts says.
 */
import { host } from "../../src/commands/host.ts";
import { loadConfig } from "../../src/config.ts";
import { createHandlers } from "../../src/handlers/mod.ts";

const { config, sources } = loadConfig({
  flags: new Map(),
  env: Deno.env.toObject(),
  readFile: Deno.readTextFileSync,
});
const module = new URL("./breaking_worker.ts", import.meta.url);
const inWorker = Deno.args[0] === "worker";
const { exitCode } = await host({
  config,
  version: "0.0.0-test",
  rows: [],
  unknown: [],
  handlers: createHandlers(config),
  ...(inWorker ? { workers: { count: 2, module, sources } } : {}),
  until: () => {
    if (Deno.args[0] === "rejection") void Promise.reject(new Error("Nobody catches this"));
    else if (!inWorker) setTimeout(() => breakDown(), 0);
    return new Promise<never>(() => {});
  },
});
Deno.exit(exitCode);

function breakDown(): never {
  throw new Error("Nobody catches this");
}
