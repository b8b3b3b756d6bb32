/**
 * What `deno task test` is told on its command line: which suites or files, and what goes on to `deno test`.
 */

/** The suites, in the order in which they run. */
export const SUITES = [
  "unit",
  "integration",
  "e2e",
  "compiled",
  "image",
  "browser",
  "chaos",
] as const;
/** Those that run when none is named: the others want an executable, an image or a browser, or take minutes for each test. */
const USUAL_SUITES = ["unit", "integration", "e2e"] as const;
/** A folder under tests/. */
export type Suite = typeof SUITES[number];

/** One `deno test` to run. */
export interface Selection {
  readonly suite: Suite;
  /** Files or folders. */
  readonly paths: readonly string[];
}

/** What to run and how. */
export interface TestArguments {
  readonly selections: readonly Selection[];
  /** Passed on to `deno test` as they are: `--filter`, `--fail-fast`, `--shuffle`. */
  readonly extra: readonly string[];
}

/**
 * Words up to the first flag name suites or paths under tests/; without any, the usual suites run.
 * Throws when a word is neither.
 */
export function parseTestArguments(args: readonly string[]): TestArguments {
  const words = args.filter((word, at) => word !== "--" || at > 0);
  const flagAt = words.findIndex((word) => word.startsWith("-"));
  const chosen = flagAt === -1 ? words : words.slice(0, flagAt);
  const extra = flagAt === -1 ? [] : words.slice(flagAt);
  const paths = (chosen.length === 0 ? USUAL_SUITES : chosen).map(pathOf);
  const selections = SUITES.map((suite) => ({
    suite,
    paths: paths.filter((path) => `${path}/`.startsWith(`tests/${suite}/`)),
  }));
  return { selections: selections.filter(({ paths }) => paths.length > 0), extra };
}

/** True when tests are chosen by name, so that the others count as neither run nor ignored. */
export function isFiltered(extra: readonly string[]): boolean {
  return extra.some((flag) => flag === "--filter" || flag.startsWith("--filter="));
}

function pathOf(word: string): string {
  const path = word.replace(/^\.\//, "").replace(/\/$/, "");
  if (SUITES.some((suite) => suite === path)) return `tests/${path}`;
  if (SUITES.some((suite) => `${path}/`.startsWith(`tests/${suite}/`))) return path;
  throw new Error(
    `Cannot tell which tests are meant: ${word}. Name ${SUITES.join(", ")} or a path under tests/`,
  );
}
