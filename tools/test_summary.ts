/**
 * What a test run says at its end: a line for each suite, what was ignored and why, what failed, and as the very last
 * line `N passed, N failed`, which continuous integration reads.
 */
import type { TestCase } from "./junit.ts";

/** What became of one suite. */
export interface SuiteResult {
  readonly suite: string;
  readonly tests: readonly TestCase[];
  readonly durationMs: number;
  /** What went wrong beside the tests: a file that does not load, a deadline. */
  readonly problems: readonly string[];
}

/** Most names shown under one reason. */
const MAX_SHOWN_NAMES = 5;
/** Most lines shown of one failure. */
const MAX_FAILURE_LINES = 12;
const REASON = / \(ignored: (.+)\)$/;

/** True when something failed, or when nothing ran at all. */
export function hasFailed(results: readonly SuiteResult[]): boolean {
  return count(results, "failed") > 0 || count(results, "passed") === 0;
}

/** The lines of the summary, the closing line last. */
export function summarize(results: readonly SuiteResult[]): readonly string[] {
  return [...table(results), ...ignored(results), ...failures(results), closingLine(results)];
}

/** `N passed, N failed`, and `, N skipped` when there are any. */
export function closingLine(results: readonly SuiteResult[]): string {
  const skipped = count(results, "skipped");
  const line = `${count(results, "passed")} passed, ${count(results, "failed")} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

function table(results: readonly SuiteResult[]): readonly string[] {
  const row = (cells: readonly string[]) =>
    cells.map((cell, at) => at === 0 ? cell.padEnd(14) : cell.padStart(9)).join("");
  const rows = results.map((result) =>
    row([
      result.suite,
      ...(["passed", "failed", "skipped"] as const).map((kind) => `${count([result], kind)}`),
      `${(result.durationMs / 1000).toFixed(1)} s`,
    ])
  );
  return [row(["suite", "passed", "failed", "ignored", "took"]), ...rows, ""];
}

function ignored(results: readonly SuiteResult[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const test of results.flatMap(({ tests }) => tests)) {
    if (test.outcome !== "skipped") continue;
    const reason = REASON.exec(test.name)?.[1] ?? "no reason given";
    const names = byReason.get(reason) ?? [];
    names.push(test.name.replace(REASON, ""));
    byReason.set(reason, names);
  }
  const lines: string[] = [];
  for (const [reason, names] of byReason) {
    lines.push(`Ignored, ${names.length} x: ${reason}`);
    lines.push(...names.slice(0, MAX_SHOWN_NAMES).map((name) => `  ${name}`));
    if (names.length > MAX_SHOWN_NAMES) lines.push(`  … ${names.length - MAX_SHOWN_NAMES} more`);
  }
  return lines.length === 0 ? [] : [...lines, ""];
}

function failures(results: readonly SuiteResult[]): readonly string[] {
  const lines = results.flatMap(({ suite, tests, problems }) => [
    ...tests.filter(({ outcome }) => outcome === "failed").flatMap(failure),
    ...problems.map((problem) => `Failed: ${suite}: ${problem}`),
  ]);
  if (lines.length === 0 && count(results, "passed") === 0) return ["Failed: no test ran", ""];
  return lines.length === 0 ? [] : [...lines, ""];
}

/** Its name, and the first lines of what it failed with: often all that is left of a run elsewhere. */
function failure({ file, name, failure }: TestCase): readonly string[] {
  const lines = failure.split("\n").filter((line) => line.trim() !== "");
  return [
    `Failed: ${file} => ${name}`,
    ...lines.slice(0, MAX_FAILURE_LINES).map((line) => `  ${line}`),
  ];
}

/** Counts tests of that outcome. A problem beside the tests counts as one that failed. */
function count(results: readonly SuiteResult[], outcome: TestCase["outcome"]): number {
  let sum = 0;
  for (const { tests, problems } of results) {
    sum += tests.filter((test) => test.outcome === outcome).length;
    if (outcome === "failed") sum += problems.length;
  }
  return sum;
}
