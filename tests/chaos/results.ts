/**
 * What became of the rows of the table, a line each in a file that is kept, and of which docs/reliability.md has its
 * table.
 */
import { kafkaVersion } from "../support/kafka_jars.ts";
import type { Report } from "./report.ts";

/** The file that is kept. */
export const RESULTS = new URL("./results.jsonl", import.meta.url).pathname;

/** What is kept of a row. */
export interface RowResult {
  readonly fault: string;
  readonly expected: string;
  /** When the row was over, in ISO 8601. */
  readonly at: string;
  /** How many faults were injected. */
  readonly times: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly invented: number;
  readonly outOfOrder: number;
  readonly earlyCommits: number;
  readonly commitsBack: number;
  readonly duplicates: number;
  /** The most after one fault, and what was allowed then; null where a share of all is. */
  readonly mostDuplicates: number;
  readonly duplicateBound: number | null;
  readonly stallMs: number;
  readonly stallBoundMs: number | null;
  readonly sendStallMs: number;
  readonly seconds: number;
  readonly mostRssBytes: number;
  readonly rssSlopeBytesPerMinute: number;
  readonly mostFiles: number;
  /** Of Kafka and Deno. */
  readonly versions: string;
  /** All that broke a promise, and stalls beyond their bound. */
  readonly violations: readonly string[];
  readonly late: readonly string[];
}

/** Keeps a result in place of the one that the row had before. */
export async function keepResult(result: RowResult, path: string = RESULTS): Promise<void> {
  const others = (await readResults(path)).filter(({ fault }) => fault !== result.fault);
  const lines = [...others, result].map((each) => `${JSON.stringify(each)}\n`);
  await Deno.writeTextFile(path, lines.join(""));
}

/** What is kept; nothing where there is no such file yet. */
export async function readResults(path: string = RESULTS): Promise<readonly RowResult[]> {
  try {
    const lines = (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
    return lines.map(parseResult);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Reads one line. */
export function parseResult(line: string): RowResult {
  return JSON.parse(line);
}

/** What is kept of a report. */
export function resultOf(
  { fault, expected }: { readonly fault: string; readonly expected: string },
  report: Report,
): RowResult {
  const { verdict, faults } = report;
  const worst = faults.toSorted((a, b) => b.duplicates - a.duplicates)[0];
  const slowest = faults.toSorted((a, b) => b.stallMs - a.stallMs)[0];
  return {
    fault,
    expected,
    at: new Date().toISOString(),
    times: faults.length,
    acknowledged: report.acknowledged,
    lost: verdict.lost.length,
    invented: verdict.invented.length + verdict.altered.length,
    outOfOrder: verdict.orderViolations.length,
    earlyCommits: verdict.earlyCommits.length,
    commitsBack: verdict.commitRegresses.length,
    duplicates: verdict.duplicates,
    mostDuplicates: worst?.duplicates ?? 0,
    duplicateBound: worst?.duplicateBound ?? null,
    stallMs: slowest?.stallMs ?? 0,
    stallBoundMs: slowest?.stallBoundMs ?? null,
    sendStallMs: slowest?.sendStallMs ?? 0,
    seconds: report.seconds,
    mostRssBytes: report.mostRssBytes,
    rssSlopeBytesPerMinute: report.rssSlopeBytesPerMinute,
    mostFiles: report.mostFiles,
    versions: `Apache Kafka ${kafkaVersion()}, Deno ${Deno.version.deno}`,
    violations: report.violations,
    late: report.late,
  };
}

/**
 * The table as Markdown, rows in the order of their names. Of the worst fault of each row: how much was done again and
 * how long a partition stood still, each with its bound.
 */
export function resultTable(results: readonly RowResult[]): string {
  const head = [
    "fault",
    "times",
    "acknowledged",
    "lost",
    "invented",
    "out of order",
    "early commits",
    "commits back",
    "done again, most after one (bound)",
    "longest stall (bound)",
    "producer's own stall",
    "verdict",
  ];
  const rows = results.toSorted((a, b) => a.fault < b.fault ? -1 : 1).map((result) => [
    `${result.fault}: ${result.expected}`,
    String(result.times),
    String(result.acknowledged),
    String(result.lost),
    String(result.invented),
    String(result.outOfOrder),
    String(result.earlyCommits),
    String(result.commitsBack),
    `${result.duplicates}, ${result.mostDuplicates} (${result.duplicateBound ?? "0.1 %"})`,
    `${seconds(result.stallMs)} (${
      result.stallBoundMs === null ? "none" : seconds(result.stallBoundMs)
    })`,
    seconds(result.sendStallMs),
    verdictOf(result),
  ]);
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** When and on what the rows were run. */
export function resultSummary(results: readonly RowResult[]): string {
  const days = [...new Set(results.map(({ at }) => at.slice(0, 10)))].sort();
  const versions = [...new Set(results.map(({ versions }) => versions))].sort();
  const sum = (of: (result: RowResult) => number) =>
    results.reduce((all, each) => all + of(each), 0);
  return `${results.length} rows, ${days.join(", ")}, ${versions.join("; ")}: ` +
    `${sum(({ acknowledged }) => acknowledged)} acknowledged, ${sum(({ lost }) => lost)} lost, ` +
    `${sum(({ duplicates }) => duplicates)} done again, ${sum(({ times }) => times)} faults.` +
    longestRun(results);
}

/** What time does to a process shows only in a long run. */
function longestRun(results: readonly RowResult[]): string {
  const [longest] = results.toSorted((a, b) => b.seconds - a.seconds);
  if (longest === undefined) return "";
  const { fault, seconds, rssSlopeBytesPerMinute, mostRssBytes, mostFiles } = longest;
  const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  return ` The longest run, ${fault}, took ${seconds} s: memory of the oldest process ` +
    `${mib(rssSlopeBytesPerMinute)} MiB a minute, ${mib(mostRssBytes)} MiB at most in any, ` +
    `${mostFiles} open files at most.`;
}

function verdictOf({ violations, late }: RowResult): string {
  if (violations.length > 0) return "**broken**";
  return late.length > 0 ? "kept, late" : "kept";
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
