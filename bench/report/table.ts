/** A section as a table, for the terminal and for docs/performance.md. */
import type { Row, Section } from "../results.ts";
import type { Spread } from "./statistics.ts";

/** Titles and cells. The first column is text, of the others some are numbers. */
export interface Table {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The row that others are compared with. */
export const REFERENCE = "service";

const NONE = "–";

/** The table of a section: rows with numbers first, cheapest first, then what is missing. */
export function tableOf(section: Section): Table {
  const isAtRate = section.rows.some(({ p99 }) => p99 !== null);
  const reference = section.rows.find(({ peer }) => peer === REFERENCE)?.cpu?.median ?? null;
  const columns = isAtRate ? rateColumns(reference) : backlogColumns(reference);
  return {
    titles: ["consumer", "decodes", "validates", ...columns.map(([title]) => title)],
    rows: inOrder(section.rows).map((row) => [
      row.title,
      row.decodes,
      row.validates,
      ...(row.missing === null
        ? columns.map(([, cell]) => cell(row))
        : [`left out: ${row.missing}`, ...columns.slice(1).map(() => NONE)]),
    ]),
  };
}

/** Cheapest first; what is missing comes last. */
export function inOrder(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => (a.cpu?.median ?? Infinity) - (b.cpu?.median ?? Infinity));
}

/** As Markdown. */
export function markdown({ titles, rows }: Table): string {
  const lines = [titles, titles.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map(escapeCell).join(" | ")} |`).join("\n");
}

/** For a terminal, in columns of even width. */
export function plainText({ titles, rows }: Table): string {
  const widths = titles.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ").trimEnd();
  return [titles, ...rows].map(line).join("\n");
}

type Column = readonly [title: string, cell: (row: Row) => string];

function backlogColumns(reference: number | null): readonly Column[] {
  return [
    ["CPU s / 1M", ({ cpu }) => spreadText(cpu, 2)],
    ["ours ÷ it", ({ cpu }) => ratio(cpu, reference)],
    ["k msg/s", ({ wholeRate }) => thousands(wholeRate)],
    ["k msg/s from the first", ({ streamRate }) => thousands(streamRate)],
    ["peak MB", ({ peakRssBytes }) => megabytes(peakRssBytes)],
  ];
}

function rateColumns(reference: number | null): readonly Column[] {
  return [
    ["CPU % of a core", ({ cpu }) => spreadText(cpu, 1)],
    ["ours ÷ it", ({ cpu }) => ratio(cpu, reference)],
    ["p50 ms", ({ p50 }) => spreadText(p50, 1)],
    ["p99 ms", ({ p99 }) => spreadText(p99, 1)],
    ["acknowledged p99 ms", ({ acknowledgedP99 }) => spreadText(acknowledgedP99 ?? null, 1)],
    ["peak MB", ({ peakRssBytes }) => megabytes(peakRssBytes)],
  ];
}

/** `2.51 (2.47–2.60)`; the range only where it says something. */
export function spreadText(value: Spread | null, digits: number): string {
  if (value === null) return NONE;
  const [middle, least, most] = [value.median, value.least, value.most].map((each) =>
    each.toFixed(digits)
  );
  return least === most ? `${middle}` : `${middle} (${least}–${most})`;
}

function ratio(value: Spread | null, reference: number | null): string {
  return value === null || reference === null ? NONE : (reference / value.median).toFixed(2);
}

function thousands(value: Spread | null): string {
  return value === null ? NONE : Math.round(value.median / 1000).toString();
}

function megabytes(value: Spread | null): string {
  return value === null ? NONE : Math.round(value.median / 1e6).toString();
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
