/** Numbers and times as people read them. */

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** `2026-12-24`; what is no date of four-digit years stays a number. */
export function dateText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().slice(0, 10);
}

/** `7 days`, `90 minutes`: the largest unit that leaves at least two of it, or a whole one. */
export function durationText(ms: number): string {
  const units = [[DAY_MS, "day"], [HOUR_MS, "hour"], [MINUTE_MS, "minute"], [
    SECOND_MS,
    "second",
  ]] as const;
  for (const [unit, name] of units) {
    if (ms >= 2 * unit || ms === unit) return counted(Math.round(ms / unit), name);
  }
  return `${Math.round(ms)} ms`;
}

/** `1 partition`, `12,000 messages`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}

/** The first few, and how many more there are. */
export function listed(items: readonly string[], most = 5): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(", ")} and ${more} more` : items.join(", ");
}

/** On one line and harmless for a terminal, whatever is in it. */
export function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}
