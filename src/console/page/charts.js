/**
 * Four charts of the last five minutes, by uPlot. What they show is kept here: the service keeps no history, so a page
 * that was just opened begins at its right edge. The figures of the moment stand beside each title, for who cannot see.
 */
import { find, make, setText } from "./dom.js";
import { milliseconds, rate, short, timeOfDay } from "./format.js";

/** @import { Snapshot } from "../../ops/snapshot.ts" */

/**
 * @typedef {object} Series
 * @property {string} label
 * @property {(snapshot: Snapshot, before: Snapshot | null) => number | null} valueOf
 */

/**
 * @typedef {object} Chart
 * @property {string} id
 * @property {(value: number | null | undefined) => string} format
 * @property {readonly Series[]} series
 */

/** @type {readonly Chart[]} */
const CHARTS = [
  {
    id: "throughput",
    format: rate,
    series: [
      {
        label: "done/s",
        valueOf: perSecond((counts) => counts.processed + counts.skipped + counts.deadLettered),
      },
    ],
  },
  {
    id: "lag",
    format: short,
    series: [{ label: "messages", valueOf: ({ totals }) => totals.lag }],
  },
  {
    id: "time",
    format: milliseconds,
    series: [
      { label: "p50", valueOf: ({ rates }) => rates?.processMs.p50 ?? null },
      { label: "p95", valueOf: ({ rates }) => rates?.processMs.p95 ?? null },
      { label: "p99", valueOf: ({ rates }) => rates?.processMs.p99 ?? null },
    ],
  },
  {
    id: "errors",
    format: rate,
    series: [
      { label: "retries/s", valueOf: perSecond((counts) => counts.retried) },
      { label: "dead letters/s", valueOf: perSecond((counts) => counts.deadLettered) },
    ],
  },
];

const HISTORY = 300;
const COLOURS = ["--accent", "--second", "--third"];

/** One shorter than the snapshots that were seen, at most HISTORY. @type {number[]} */
const times = [];
/** @type {Map<string, (number | null)[][]>} */
const values = new Map();
/** @type {Map<string, { setData(data: unknown): void, setSize(size: object): void, destroy(): void }>} */
const plots = new Map();
/** @type {Snapshot | null} */
let before = null;

export function setUpCharts() {
  for (const { id, series } of CHARTS) values.set(id, series.map(() => []));
  drawAnew();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAnew);
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target instanceof HTMLElement) {
        plots.get(target.dataset["chart"] ?? "")?.setSize(sizeOf(target));
      }
    }
  });
  for (const { id } of CHARTS) {
    const place = placeOf(id);
    place.dataset["chart"] = id;
    observer.observe(place);
  }
}

/** @param {Snapshot} snapshot */
export function addToCharts(snapshot) {
  keep(times, snapshot.at / 1000);
  for (const { id, series, format } of CHARTS) {
    const lists = values.get(id) ?? [];
    const now = series.map(({ valueOf }) => valueOf(snapshot, before));
    now.forEach((value, i) => keep(lists[i] ?? [], value));
    plots.get(id)?.setData([times, ...lists]);
    showNow(id, series.map(({ label }, i) => `${format(now[i])} ${label}`));
  }
  before = snapshot;
}

/** The figures of the moment, in the colours of their lines. @param {string} id @param {readonly string[]} texts */
function showNow(id, texts) {
  const output = find(`#chart-${id} output`, HTMLOutputElement);
  while (output.children.length < texts.length) {
    output.append(make("span", { className: `key-${output.children.length}` }), " ");
  }
  texts.forEach((text, i) => setText(/** @type {Element} */ (output.children[i]), text));
}

/** Colours are read from the style sheet, so another scheme needs other plots. */
function drawAnew() {
  for (const chart of CHARTS) {
    plots.get(chart.id)?.destroy();
    plots.set(chart.id, plot(chart));
  }
}

/** @param {Chart} chart */
function plot({ id, series, format }) {
  const place = placeOf(id);
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => resolved(style.getPropertyValue(name));
  const axis = {
    stroke: colour("--quiet"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const options = {
    ...sizeOf(place),
    legend: { show: false },
    cursor: { sync: { key: "console" }, points: { size: 6 } },
    scales: { x: { range: lastMinutes }, y: { range: fromZero } },
    series: [
      {},
      ...series.map(({ label }, i) => ({
        label,
        stroke: colour(COLOURS[i] ?? "--accent"),
        width: 1.5,
        spanGaps: false,
        points: { show: false },
      })),
    ],
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
        incrs: [60],
        values: (/** @type {unknown} */ _, /** @type {number[]} */ splits) =>
          splits.map((at) => timeOfDay(at * 1000).slice(0, 5)),
      },
      {
        ...axis,
        size: 62,
        values: (/** @type {unknown} */ _, /** @type {number[]} */ splits) =>
          splits.map((value) => format(value)),
      },
    ],
  };
  const UPlot = /** @type {any} */ (globalThis)["uPlot"];
  return new UPlot(options, [times, ...(values.get(id) ?? [])], place);
}

/** `light-dark()` as the colour that it is now. @param {string} value */
function resolved(value) {
  const probe = document.createElement("i");
  probe.style.color = value;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @returns {[number, number]} */
function lastMinutes() {
  const last = times.at(-1) ?? Date.now() / 1000;
  return [last - HISTORY, last];
}

/**
 * @param {unknown} _plot
 * @param {number} _min
 * @param {number} max
 * @returns {[number, number]}
 */
function fromZero(_plot, _min, max) {
  return [0, max > 0 ? max * 1.1 : 1];
}

/** @param {HTMLElement} place */
function sizeOf(place) {
  return { width: Math.max(120, place.clientWidth), height: Math.max(80, place.clientHeight) };
}

/** @param {string} id */
function placeOf(id) {
  return find(`#chart-${id} .plot`, HTMLElement);
}

/**
 * What moved since the snapshot before, by the second.
 *
 * @param {(counts: Snapshot["counts"]) => number} of
 * @returns {Series["valueOf"]}
 */
function perSecond(of) {
  return (snapshot, earlier) => {
    if (earlier === null || earlier.startedAt !== snapshot.startedAt) return null;
    const seconds = (snapshot.at - earlier.at) / 1000;
    return seconds > 0 ? Math.max(0, of(snapshot.counts) - of(earlier.counts)) / seconds : null;
  };
}

/**
 * @template T
 * @param {T[]} list
 * @param {T} item
 */
function keep(list, item) {
  list.push(item);
  if (list.length > HISTORY) list.shift();
}
