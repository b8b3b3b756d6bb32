/**
 * Makes the executable that tests run: by the Deno of the tests where it can have its runtime part, else by a stand-in.
 */
import { run, runForResult } from "./command.ts";
import { standInMissing, standInRuntime } from "./stand_in_runtime.ts";

/** Something that can run tools/compile.ts to its end. */
export interface Compiler {
  /** For people. */
  readonly description: string;
  readonly deno: string;
  /** Variables beside those of the tests. */
  readonly env: Readonly<Record<string, string>>;
}

/** Tests are told of it in this variable, as JSON. */
export const COMPILER_VARIABLE = "TEST_COMPILER";
const ROOT = new URL("../../", import.meta.url).pathname;
const COMPILE_DEADLINE_MS = 240_000;

/** Compiles to `output`. Answers what did it, or why nothing could, as a phrase. */
export async function compileForTests(output: string): Promise<Compiler | string> {
  const own: Compiler = {
    description: `Deno ${Deno.version.deno}`,
    deno: Deno.execPath(),
    env: {},
  };
  const first = await compileWith(own, { root: ROOT, output });
  if (first === null) return own;
  const missing = await standInMissing();
  if (missing !== null) return `${firstLine(first)}; ${missing}`;
  const { deno, denort } = await standInRuntime();
  const standIn: Compiler = {
    description:
      "Deno 2.8.3 with the runtime part of 2.6.10, as that of this Deno cannot be downloaded",
    deno,
    env: { DENORT_BIN: denort, DENO_DIR: await denoDirectoryIn(output) },
  };
  const second = await compileWith(standIn, { root: ROOT, output });
  return second === null ? standIn : firstLine(second);
}

/** Compiles the sources under `root`. Answers what went wrong, null when nothing did. */
export async function compileWith(
  { deno, env }: Compiler,
  { root, output, args = [] }: {
    readonly root: string;
    readonly output: string;
    readonly args?: readonly string[];
  },
): Promise<string | null> {
  const tool = ["run", "-A", "tools/compile.ts", "--no-check", "--output", output];
  const { code, stderr } = await runForResult([deno, ...tool, ...args], {
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    deadlineMs: COMPILE_DEADLINE_MS,
  });
  return code === 0 ? null : stderr.trim() || `exit code ${code}`;
}

/** Two Denos of different versions empty each other's caches; the packages are the same for both. */
async function denoDirectoryIn(directory: string): Promise<string> {
  const info = await run([Deno.execPath(), "info", "--json"], {
    cwd: ROOT,
    deadlineMs: COMPILE_DEADLINE_MS,
  });
  const { npmCache } = JSON.parse(info);
  const path = `${directory}/deno-cache`;
  await Deno.mkdir(path, { recursive: true });
  await Deno.symlink(npmCache, `${path}/npm`);
  return path;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
