/** Tables and texts for people who look at dead letters on a terminal. */
import { durationText } from "../../doctor/text.ts";
import type { Coordinates } from "../../processing/message.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Columns as wide as they have to be, two spaces between them; the last one is as long as it is. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) =>
      columns[i]?.align === "right" ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)
    ).join("  ").trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)].map((each) => `  ${each}`);
}

export function number(count: number): string {
  return count.toLocaleString("en-US");
}

/** `2024-01-15 10:30:45`, in UTC. */
export function timeText(ms: number | null): string {
  if (ms === null) return "unknown";
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? String(ms)
    : date.toISOString().slice(0, 19).replace("T", " ");
}

/** `3 hours ago`, to the second. */
export function agoText(ms: number | null, now: number): string {
  if (ms === null) return "unknown";
  const seconds = Math.max(0, Math.round((now - ms) / SECOND_MS));
  return seconds === 0 ? "now" : `${durationText(seconds * SECOND_MS)} ago`;
}

/** For machines; null stays null. */
export function isoText(ms: number | null): string | null {
  if (ms === null) return null;
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** `topic[0]@17`, as `show` takes it. */
export function placeText({ topic, partition, offset }: Coordinates): string {
  return `${topic}[${partition}]@${offset}`;
}

/** One bar for each count, the highest one full. */
export function sparkline(counts: readonly number[]): string {
  const most = Math.max(...counts);
  return counts.map((count) => {
    if (count === 0) return ".";
    return BARS[Math.min(BARS.length - 1, Math.floor(BARS.length * count / most))];
  }).join("");
}

const SECOND_MS = 1_000;
const BARS = "▁▂▃▄▅▆▇█";

export function clipped(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
