/** What happened of late: messages in flight, dead letters, warnings and errors, lost offsets. The newest come first. */
import { byId, find, make, setText, showList } from "./dom.js";
import { milliseconds, timeOfDay, whole } from "./format.js";

/** @import { RecentDeadLetter, RecentLine, RecentLoss } from "../../ops/recent.ts" */
/** @import { SlowSnapshot, Snapshot } from "../../ops/snapshot.ts" */

/** @param {Snapshot} snapshot */
export function showLists(snapshot) {
  showList(byId("letters"), snapshot.recentDeadLetters, {
    keyOf: ({ at, topic, partition, offset }) => `${at} ${topic}/${partition}/${offset}`,
    draw: drawLetter,
    empty: "None since the start",
  });
  showList(byId("lines"), snapshot.recentLines, {
    keyOf: ({ at, text, times }) => `${at} ${text} ${times}`,
    draw: drawLine,
    empty: "None since the start",
  });
  showList(byId("losses"), snapshot.lostRanges, {
    keyOf: ({ at, topic, partition, from }) => `${at} ${topic}/${partition}/${from}`,
    draw: drawLoss,
    empty: "None",
  });
  showRunning(snapshot.slowest);
}

/** @param {readonly SlowSnapshot[]} slowest */
function showRunning(slowest) {
  const body = find("#running-table tbody", HTMLTableSectionElement);
  while (body.rows.length > Math.max(1, slowest.length)) body.deleteRow(-1);
  if (slowest.length === 0) return showNoneRunning(body);
  if (body.rows[0]?.cells.length === 1) body.deleteRow(0);
  slowest.forEach((message, i) => {
    const row = body.rows[i] ?? addRunningRow(body);
    const { topic, partition, offset, key, value, doing, attempt, ageMs, waitingBehind } = message;
    const texts = [
      `${topic}/${partition}, offset ${offset}`,
      key ?? "none",
      doing.replace("_", " "),
      whole(attempt),
      milliseconds(ageMs),
      whole(waitingBehind),
    ];
    row.title = value ?? "";
    texts.forEach((text, column) => {
      const cell = row.cells[column];
      if (cell !== undefined) setText(cell, text);
    });
  });
}

/** @param {HTMLTableSectionElement} body */
function showNoneRunning(body) {
  if (body.rows[0]?.cells.length === 1) return;
  const cell = make("td", { text: "None", className: "quiet" });
  cell.colSpan = 6;
  body.replaceChildren(make("tr", {}, cell));
}

/** @param {HTMLTableSectionElement} body */
function addRunningRow(body) {
  const row = body.insertRow();
  for (const className of ["", "", "", "number", "number", "number"]) {
    row.append(make("td", { className }));
  }
  return row;
}

/** @param {RecentDeadLetter} letter */
function drawLetter(
  { at, topic, partition, offset, stage, code, fingerprint, reason, attempts, stored, key, value },
) {
  const where = stored === null
    ? "dropped, DLQ_TOPIC=none"
    : `stored at ${stored.topic}/${stored.partition}, offset ${stored.offset}`;
  const tries = attempts > 1 ? `, ${attempts} attempts` : "";
  return make(
    "li",
    {},
    drawTime(at),
    make("strong", { text: code }),
    document.createTextNode(` ${reason}`),
    make("span", {
      className: "detail",
      text: `${topic}/${partition}, offset ${offset}, key ${
        key ?? "none"
      } · ${stage}${tries}, fingerprint ${fingerprint} · ${where}`,
    }),
    ...(value === null ? [] : [make("span", { className: "detail", text: value })]),
  );
}

/** The log has it; here it would hide the rest. */
const LEFT_OUT = "stack";

/** @param {RecentLine} line */
function drawLine({ at, level, text, fields, times }) {
  const often = times > 1 ? `${whole(times)} times` : "";
  const details = Object.entries(/** @type {object} */ (fields ?? {}))
    .filter(([name]) => name !== LEFT_OUT)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return make(
    "li",
    {},
    drawTime(at),
    make("strong", { text: level, className: level === "error" ? "bad" : "warn" }),
    document.createTextNode(` ${text}`),
    make("span", {
      className: "detail",
      text: [often, ...details].filter((part) => part !== "").join(" · "),
    }),
  );
}

/** @param {RecentLoss} loss */
function drawLoss({ at, topic, partition, from, to, cause }) {
  return make(
    "li",
    {},
    drawTime(at),
    document.createTextNode(
      `${topic}/${partition}: ${from} to ${to - 1}, ${whole(to - from)} offsets, by ${cause}`,
    ),
  );
}

/** @param {number} at */
function drawTime(at) {
  const time = make("time", { text: timeOfDay(at) });
  time.dateTime = new Date(at).toISOString();
  return time;
}
