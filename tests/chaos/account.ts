/** A report as text, for people at a terminal. */
import type { FaultReport, Report } from "./report.ts";

/** The faults by name, the sums, and all that broke a promise, a line each. */
export function describe(report: Report): readonly string[] {
  const { verdict, acknowledged, deadLetters, seconds, violations, late } = report;
  const duplicates = verdict.duplicates;
  const share = (100 * duplicates / Math.max(1, acknowledged)).toFixed(3);
  const mib = Math.round(report.mostRssBytes / 1024 / 1024);
  return [
    "",
    row(["fault", "times", "stall", "bound", "median", "sends", "again", "bound"]),
    ...Map.groupBy(report.faults, ({ name }) => name).values().map(faultRow),
    "",
    `${acknowledged} acknowledged in ${seconds} s, ${deadLetters} dead letters`,
    `lost ${verdict.lost.length}, invented ${verdict.invented.length}, altered ${verdict.altered.length}, ` +
    `out of order ${verdict.orderViolations.length}, committed too early ${verdict.earlyCommits.length}, ` +
    `committed back ${verdict.commitRegresses.length}`,
    `${duplicates} done again (${share} %), ${verdict.excused} overlaps excused`,
    `most memory ${mib} MiB, most files ${report.mostFiles}, ` +
    `memory ${Math.round(report.rssSlopeBytesPerMinute / 1024)} KiB a minute`,
    ...late.map((text) => `late: ${text}`),
    ...violations.map((text) => `BROKEN: ${text}`),
  ];
}

function faultRow(faults: readonly FaultReport[]): string {
  const most = (of: (fault: FaultReport) => number) => Math.max(...faults.map(of));
  const [first] = faults;
  return row([
    first?.name ?? "",
    String(faults.length),
    seconds(most(({ stallMs }) => stallMs)),
    first?.stallBoundMs ? seconds(first.stallBoundMs) : "-",
    seconds(most(({ medianStallMs }) => medianStallMs)),
    seconds(most(({ sendStallMs }) => sendStallMs)),
    String(most(({ duplicates }) => duplicates)),
    String(most(({ duplicateBound }) => duplicateBound ?? -1)).replace("-1", "share"),
  ]);
}

function row(cells: readonly string[]): string {
  return cells.map((cell, at) => at === 0 ? cell.padEnd(40) : cell.padStart(9)).join("");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
