/** What the suite `compiled` runs on: an executable that is made for it, or the one in COMPILED. */
import { compileForTests, COMPILER_VARIABLE, compileWith } from "../tests/support/compiler.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** For the environment of the tests. */
export interface TestExecutable {
  readonly environment: Readonly<Record<string, string>>;
  /** Why there is none, as a phrase. */
  readonly missing: string | null;
}

/** Makes it in `directory`, with a second one that exports telemetry; where COMPILED names one already, that is it. */
export async function provideExecutable(directory: string): Promise<TestExecutable> {
  const given = Deno.env.get("COMPILED");
  if (given) return { environment: { APP_COMMAND: await Deno.realPath(given) }, missing: null };
  const startedAt = performance.now();
  const compiler = await compileForTests(directory);
  if (typeof compiler === "string") {
    return { environment: { TEST_EXECUTABLE_MISSING: compiler }, missing: compiler };
  }
  const problem = await compileWith(compiler, { root: ROOT, output: directory, args: ["--otel"] });
  if (problem !== null) throw new Error(problem);
  const executable = `${directory}/processing-service`;
  const tookMs = performance.now() - startedAt;
  console.log(`${executable}: by ${compiler.description} (${(tookMs / 1000).toFixed(1)} s)`);
  return {
    environment: {
      APP_COMMAND: executable,
      COMPILED: executable,
      COMPILED_OTEL: `${executable}-otel`,
      [COMPILER_VARIABLE]: JSON.stringify(compiler),
    },
    missing: null,
  };
}
