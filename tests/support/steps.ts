/** Steps of a test that run at the same time: for many slow cases that do not disturb each other. */

/** How `stepsAtOnce` runs them. */
export interface StepsAtOnce<Case> {
  /** How many steps run at the same time. */
  readonly atOnce: number;
  /** The step's name. */
  readonly name: (each: Case) => string;
  readonly body: (each: Case) => Promise<void>;
}

/** One step a case. What a step leaves open is found at the end of the test as a whole, not of the step. */
export async function stepsAtOnce<Case>(
  t: Deno.TestContext,
  cases: readonly Case[],
  options: StepsAtOnce<Case>,
): Promise<void> {
  const rest = [...cases];
  const runRest = async () => {
    for (let each = rest.shift(); each !== undefined; each = rest.shift()) {
      const taken = each;
      await t.step({
        name: options.name(taken),
        fn: () => options.body(taken),
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
      });
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, runRest));
}
