/** The executable that tests are about, and the ways to start it that a shell or an operating system has. */
import { testIfPossible } from "./test_if_possible.ts";

/** Of the suite `compiled`; set whenever a test of it runs. */
export const EXECUTABLE = Deno.env.get("APP_COMMAND") ?? "";

/**
 * Registers a test of the executable; `missing` says what else it needs of this machine, as a phrase, and null when all
 * is there.
 */
export function compiledTest(
  name: string,
  missing: string | null,
  body: () => Promise<void>,
): void {
  testIfPossible(name, executableMissing() ?? missing, body);
}

function executableMissing(): string | null {
  if (EXECUTABLE !== "") return null;
  return Deno.env.get("TEST_EXECUTABLE_MISSING") ?? "run it by deno task test compiled";
}
