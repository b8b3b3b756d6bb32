import project from "./deno.json" with { type: "json" };
import { runCommandLine } from "./src/cli.ts";

Deno.exit(
  await runCommandLine({
    args: Deno.args,
    env: Deno.env.toObject(),
    readFile: Deno.readTextFileSync,
    version: project.version,
    print: console.log,
    printError: console.error,
  }),
);
