/** Numbers and times as people read them. What is not known is a dash. */

const UNKNOWN = "–";
const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const UNITS = /** @type {const} */ ([["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]]);

/** 1,234,567. @param {number | null | undefined} value */
export function whole(value) {
  return value === null || value === undefined ? UNKNOWN : count.format(value);
}

/** 1.23M. @param {number | null | undefined} value */
export function short(value) {
  if (value === null || value === undefined) return UNKNOWN;
  return Math.abs(value) < 10_000 ? count.format(value) : compact.format(value);
}

/** A rate: 0.05, 3.4, 1,200. @param {number | null | undefined} value */
export function rate(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value === 0) return "0";
  if (value < 1) return value.toPrecision(1);
  return value < 10 ? value.toFixed(1) : short(value);
}

/** 0.2 %, 12 %. @param {number | null | undefined} value as a part of 1 */
export function share(value) {
  if (value === null || value === undefined) return UNKNOWN;
  const percent = value * 100;
  if (percent === 0) return "0 %";
  return `${percent < 10 ? percent.toPrecision(1) : percent.toFixed(0)} %`;
}

/** 0.4 s, 12 s, 3 min 5 s, 2 h 10 min. @param {number | null | "never" | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds === "never") return "never";
  if (seconds > 0 && seconds < 10) return `${seconds.toFixed(1)} s`;
  let rest = Math.round(seconds);
  const first = UNITS.findIndex(([, size]) => rest >= size);
  if (first === -1) return "0 s";
  const parts = UNITS.slice(first, first + 2).map(([unit, size]) => {
    const number = Math.floor(rest / size);
    rest -= number * size;
    return number > 0 ? `${number} ${unit}` : "";
  });
  return parts.filter((part) => part !== "").join(" ");
}

/** 0.4 ms, 12 ms, 3.4 s. @param {number | null | undefined} ms */
export function milliseconds(ms) {
  if (ms === null || ms === undefined) return UNKNOWN;
  if (ms >= 1000) return duration(ms / 1000);
  return `${ms < 10 ? ms.toPrecision(2) : ms.toFixed(0)} ms`;
}

/** 15 Jan, 14:03, in the time of the reader. @param {number} at milliseconds since 1970 */
export function dayAndTime(at) {
  return day.format(at);
}

/** 14:03:59, in the time of the reader. @param {number} at milliseconds since 1970 */
export function timeOfDay(at) {
  return clock.format(at);
}
