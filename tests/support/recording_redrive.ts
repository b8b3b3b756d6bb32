/**
 * A program for tests: `dead-letters redrive` with a handler that writes down what it does. Arguments: the file to
 * append to, a HandlerPlan as JSON, and the command's own flags as JSON where they differ from their defaults.
 */
import { ExitError } from "../../src/commands/command.ts";
import { redrive } from "../../src/commands/dead_letters/redrive.ts";
import type { ActionFlags } from "../../src/commands/dead_letters/specs.ts";
import { loadConfig } from "../../src/config.ts";
import { recordingHandler } from "./recording_handler.ts";

const DEFAULTS: ActionFlags = {
  fingerprint: null,
  reason: null,
  topic: null,
  partition: null,
  since: null,
  until: null,
  count: null,
  rate: null,
  dryRun: false,
  yes: true,
  json: true,
};

const [path = "", planText = "{}", flagsText = "{}"] = Deno.args;
const handle = recordingHandler(path, JSON.parse(planText));
const loaded = loadConfig({
  flags: new Map(),
  env: Deno.env.toObject(),
  readFile: Deno.readTextFileSync,
});
Deno.exit(await end());

async function end(): Promise<number> {
  try {
    return await redrive(
      {
        ...loaded,
        flags: { ...DEFAULTS, ...JSON.parse(flagsText) },
        argument: null,
        version: "0.0.0-test",
        print: console.log,
      },
      () => ({ byType: {}, default: handle }),
    );
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    console.error(error.message);
    return error.exitCode;
  }
}
