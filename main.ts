/** Arguments and environment in, the service run, its exit code out. */
import deno from "./deno.json" with { type: "json" };
import { helpText, parseCommandLine } from "./src/cli.ts";
import { run } from "./src/commands/run.ts";
import { ConfigError, loadConfig } from "./src/config.ts";
import { EXIT } from "./src/ops/exit.ts";

async function main(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(args);
  if (line.kind === "usage") {
    console.error(`${line.problem}\nSee --help`);
    return EXIT.USAGE;
  }
  if (line.kind !== "run") {
    console.log(line.kind === "help" ? helpText() : deno.version);
    return EXIT.OK;
  }
  try {
    const readFile = (path: string) => Deno.readTextFileSync(path);
    return await run(
      loadConfig({ flags: line.flags, env: Deno.env.toObject(), readFile }),
      deno.version,
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return EXIT.CONFIG;
  }
}

Deno.exit(await main(Deno.args));
