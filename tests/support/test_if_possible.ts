/**
 * Tests that need something which not every machine has. Where it is missing the test is ignored and its name says
 * why; `deno task test` shows the reasons at its end.
 */

/** Registers a test; `missing` says what it needs and is not there, null when all is there. */
export function testIfPossible(
  name: string,
  missing: string | null,
  body: (t: Deno.TestContext) => void | Promise<void>,
): void {
  if (missing === null) Deno.test(name, body);
  else Deno.test({ name: `${name} (ignored: ${missing})`, ignore: true, fn: body });
}
