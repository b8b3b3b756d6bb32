/**
 * A program for tests: the service's `run` with a handler that writes down what it does. Arguments: the file to append
 * to, and a HandlerPlan as JSON.
 */
import { run } from "../../src/commands/run.ts";
import { loadConfig } from "../../src/config.ts";
import { recordingHandler } from "./recording_handler.ts";

const [path = "", planText = "{}"] = Deno.args;
const handle = recordingHandler(path, JSON.parse(planText));
Deno.exit(
  await run(
    {
      ...loadConfig({
        flags: new Map(),
        env: Deno.env.toObject(),
        readFile: Deno.readTextFileSync,
      }),
      flags: {},
      argument: null,
      version: "0.0.0-test",
      print: console.log,
    },
    {
      handlersFor: () => ({ byType: {}, default: handle }),
      module: new URL("./recording_worker.ts", import.meta.url),
    },
  ),
);
