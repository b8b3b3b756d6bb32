/** A program for tests: the service, in which something breaks that nobody catches. Argument: `rejection` or `error`. */
import { host } from "../../src/commands/host.ts";
import { loadConfig } from "../../src/config.ts";
import { createHandlers } from "../../src/handlers/mod.ts";

const { config } = loadConfig({
  flags: new Map(),
  env: Deno.env.toObject(),
  readFile: Deno.readTextFileSync,
});
const { exitCode } = await host({
  config,
  version: "0.0.0-test",
  rows: [],
  unknown: [],
  handlers: createHandlers(config),
  until: () => {
    if (Deno.args[0] === "rejection") void Promise.reject(new Error("Nobody catches this"));
    else setTimeout(() => breakDown(), 0);
    return new Promise<never>(() => {});
  },
});
Deno.exit(exitCode);

function breakDown(): never {
  throw new Error("Nobody catches this");
}
