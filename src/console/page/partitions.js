/**
 * The table of partitions. A row stays with its partition and only cells that changed are written, so that hundreds of
 * partitions cost little each second; the order follows the numbers only while nobody is at work in the table.
 */
import { pausePartitions, resumePartitions } from "./actions.js";
import { byId, find, make, setClass, setText } from "./dom.js";
import { duration, rate, whole } from "./format.js";

/** @import { PartitionSnapshot, Snapshot } from "../../ops/snapshot.ts" */

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {boolean} [isNumber]
 * @property {(partition: PartitionSnapshot) => string} text
 * @property {(partition: PartitionSnapshot) => number | string} by what it is sorted by
 */

/** @type {readonly Column[]} */
const COLUMNS = [
  {
    title: "Partition",
    text: nameOf,
    by: ({ topic, partition }) => `${topic}/${String(partition).padStart(9, "0")}`,
  },
  { title: "State", text: stateOf, by: stateOf },
  number("Lag", ({ lag }) => lag, whole),
  number("Lag, time", ({ lagSeconds }) => lagSeconds, duration),
  {
    title: "To drain",
    isNumber: true,
    text: ({ lag, timeToDrainSeconds }) => lag === 0 ? "0 s" : duration(timeToDrainSeconds),
    by: ({ lag, timeToDrainSeconds: time }) =>
      lag === 0 ? 0 : time === "never" ? Infinity : time ?? -1,
  },
  number("Done/s", ({ processedPerSecond }) => processedPerSecond, rate),
  number("In flight", ({ inFlight }) => inFlight, whole),
  number("Held", ({ windowMessages }) => windowMessages, whole),
  number("Committed", ({ committed }) => committed, whole),
  number("Position", ({ position }) => position, whole),
  number("Log end", ({ logEnd }) => logEnd, whole),
];

/** @type {Map<string, { row: HTMLTableRowElement, cells: HTMLElement[], why: HTMLElement, act: HTMLElement }>} */
const rows = new Map();
let sortBy = 0;
let isDescending = false;
/** @type {Snapshot | null} */
let shown = null;

export function setUpPartitions() {
  const heads = COLUMNS.map(({ title, isNumber }, i) => {
    const button = make("button", { text: title });
    button.type = "button";
    button.addEventListener("click", () => sort(i));
    const head = make("th", { className: isNumber ? "number" : "" }, button);
    head.scope = "col";
    return head;
  });
  for (const title of ["Why it stands still", "Action"]) {
    const head = make("th", { text: title });
    head.scope = "col";
    heads.push(head);
  }
  find("#partition-table thead tr", HTMLTableRowElement).append(...heads);
  filterBox().addEventListener("change", showAgain);
  markSort();
}

/** @param {Snapshot} snapshot */
export function showPartitions(snapshot) {
  shown = snapshot;
  const body = find("#partition-table tbody", HTMLTableSectionElement);
  const wanted = snapshot.partitions.filter(isWanted);
  const names = new Set(wanted.map(nameOf));
  for (const [name, { row }] of rows) {
    if (names.has(name)) continue;
    row.remove();
    rows.delete(name);
  }
  const { by } = columnAt(sortBy);
  const sign = isDescending ? -1 : 1;
  const ordered = wanted.map((partition) => ({ partition, by: by(partition) }))
    .sort((a, b) => sign * (a.by < b.by ? -1 : a.by > b.by ? 1 : 0));
  const isInUse = body.contains(document.activeElement);
  let place = body.firstElementChild;
  for (const { partition } of ordered) {
    const row = showRow(partition, snapshot.canAct);
    if (row === place) place = place.nextElementSibling;
    else if (!isInUse || !row.isConnected) body.insertBefore(row, place);
  }
  const { length } = snapshot.partitions;
  setText(
    byId("partition-count"),
    wanted.length === length ? `${length}` : `${wanted.length} of ${length}`,
  );
}

/**
 * @param {PartitionSnapshot} partition
 * @param {boolean} canAct
 */
function showRow(partition, canAct) {
  const { row, cells, why, act } = rows.get(nameOf(partition)) ?? addRow(partition);
  COLUMNS.forEach(({ text }, i) => setText(/** @type {HTMLElement} */ (cells[i]), text(partition)));
  const reason = whyStill(partition);
  setText(why, reason);
  setClass(row, reason === "" ? "" : "still");
  showButton(act, { partition, canAct });
  return row;
}

/** @param {PartitionSnapshot} partition */
function addRow(partition) {
  const cells = COLUMNS.map(({ isNumber }, i) => {
    const cell = i === 0 ? make("th") : make("td", { className: isNumber ? "number" : "" });
    if (cell instanceof HTMLTableCellElement && i === 0) cell.scope = "row";
    return cell;
  });
  const why = make("td", { className: "reason" });
  const act = make("td");
  const row = make("tr", {}, ...cells, why, act);
  const made = { row, cells, why, act };
  rows.set(nameOf(partition), made);
  return made;
}

/**
 * @param {HTMLElement} cell
 * @param {{ partition: PartitionSnapshot, canAct: boolean }} facts
 */
function showButton(cell, { partition, canAct }) {
  const wanted = !canAct ? "" : partition.pausedBy.includes("operator") ? "Resume" : "Pause";
  if ((cell.textContent ?? "") === wanted) return;
  const hadFocus = cell.contains(document.activeElement);
  cell.replaceChildren();
  if (wanted === "") return;
  const button = make("button", { text: wanted });
  button.type = "button";
  button.ariaLabel = `${wanted} ${nameOf(partition)}`;
  const { topic, partition: index } = partition;
  const act = wanted === "Pause" ? pausePartitions : resumePartitions;
  button.addEventListener("click", () => act([{ topic, partition: index }]));
  cell.append(button);
  if (hadFocus) button.focus();
}

/** @param {number} column */
function sort(column) {
  isDescending = column === sortBy ? !isDescending : columnAt(column).isNumber === true;
  sortBy = column;
  markSort();
  showAgain();
}

function markSort() {
  const heads = document.querySelectorAll("#partition-table thead th");
  COLUMNS.forEach((_, i) => {
    heads[i]?.setAttribute(
      "aria-sort",
      i !== sortBy ? "none" : isDescending ? "descending" : "ascending",
    );
  });
}

function showAgain() {
  if (shown !== null) showPartitions(shown);
}

/** @param {PartitionSnapshot} partition */
function isWanted(partition) {
  const filter = filterBox().value;
  if (filter === "lag") return (partition.lag ?? 0) > 0;
  return filter !== "still" || whyStill(partition) !== "";
}

function filterBox() {
  return find("#partition-filter", HTMLSelectElement);
}

/** @param {number} index */
function columnAt(index) {
  return /** @type {Column} */ (COLUMNS[index]);
}

/** @param {PartitionSnapshot} partition */
function nameOf({ topic, partition }) {
  return `${topic}/${partition}`;
}

/** @param {PartitionSnapshot} partition */
function stateOf({ state, pausedBy }) {
  return pausedBy.length > 0 ? `paused by ${pausedBy.join(", ")}` : state;
}

/** @param {PartitionSnapshot} partition */
function whyStill({ pause, stalled }) {
  if (pause === null) return stalled ?? "";
  return `paused by ${pause.by}: ${pause.reason}`;
}

/**
 * @template {number | null} T
 * @param {string} title
 * @param {(partition: PartitionSnapshot) => T} of
 * @param {(value: T) => string} format
 * @returns {Column}
 */
function number(title, of, format) {
  return {
    title,
    isNumber: true,
    text: (partition) => format(of(partition)),
    by: (partition) => of(partition) ?? -1,
  };
}
