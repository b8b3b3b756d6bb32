/**
 * Tests that need something which not every machine has. Where it is missing the test is ignored and its name says
 * why; `deno task test` shows the reasons at its end.
 */

/**
 * Registers a test; `missing` says what it needs and is not there, null when all is there. `options` are for tests that
 * share what they use, and so cannot close it.
 */
export function testIfPossible(
  name: string,
  missing: string | null,
  body: (t: Deno.TestContext) => void | Promise<void>,
  options: Partial<Pick<Deno.TestDefinition, "sanitizeOps" | "sanitizeResources">> = {},
): void {
  if (missing === null) Deno.test({ ...options, name, fn: body });
  else Deno.test({ name: `${name} (ignored: ${missing})`, ignore: true, fn: body });
}
