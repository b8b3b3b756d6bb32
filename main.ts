import project from "./deno.json" with { type: "json" };
import { runCommandLine } from "./src/cli.ts";
import { errorPrinterTo, printerTo } from "./src/commands/output.ts";

Deno.exit(
  await runCommandLine({
    args: Deno.args,
    env: Deno.env.toObject(),
    readFile: Deno.readTextFileSync,
    version: project.version,
    commit: readCommit(),
    print: printerTo(Deno.stdout),
    printError: errorPrinterTo(Deno.stderr),
  }),
);

/** What the executable was made from: tools/compile.ts puts it in. Null when this is no executable. */
function readCommit(): string | null {
  if (!Deno.build.standalone) return null;
  try {
    return Deno.readTextFileSync(new URL("./commit.txt", import.meta.url)).trim();
  } catch {
    return null; // compiled by hand
  }
}
