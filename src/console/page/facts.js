/** What changes seldom: group and connection, settings, log level, build. */
import { ask } from "./actions.js";
import { byId, find, make, setText } from "./dom.js";
import { duration, milliseconds, timeOfDay, whole } from "./format.js";

/** @import { Snapshot, StatusDocument } from "../../ops/snapshot.ts" */

/** How long the log says more than LOG_LEVEL asks for. */
const LEVEL_FOR_MINUTES = 15;

let level = "";

export function setUpFacts() {
  const details = find("#settings", HTMLDetailsElement);
  details.addEventListener("toggle", () => {
    if (details.open) void showSettings();
  });
  const box = levelBox();
  for (const each of ["debug", "info", "warning", "error"]) {
    box.append(make("option", { text: each }));
  }
  box.addEventListener("change", () => {
    askForLevel(box.value);
    box.value = level; // until the service says that it has changed
  });
}

/** @param {Snapshot} snapshot */
export function showFacts(snapshot) {
  const { lastRebalance: last, build, counts, log } = snapshot;
  const facts = {
    "Group": snapshot.groupId,
    "Generation": snapshot.generation === null ? "not a member" : `${snapshot.generation}`,
    "Last rebalance": last === null
      ? "none"
      : `${timeOfDay(last.at)}, took ${milliseconds(last.durationMs)}, ${last.protocol}` +
        (last.members === null ? "" : `, members: ${last.members}`),
    "Last heartbeat": ago(snapshot.heartbeatAgeMs),
    "Last answer to a fetch": ago(snapshot.fetchAgeMs),
    "Commits": `${whole(counts.commits)}, ${whole(counts.commitFailures)} failed` +
      (snapshot.offsetsAreCommitted ? "" : ": ENABLE_AUTO_COMMIT=false, nothing is committed"),
    "Processed": whole(counts.processed),
    "Dead letters": whole(counts.deadLettered),
    ...Object.fromEntries(snapshot.deadLetterTopics.map(({ topic, depth, oldestAt }) => [
      `In ${topic}`,
      oldestAt === null
        ? whole(depth)
        : `${whole(depth)}, the oldest ${duration((snapshot.at - oldestAt) / 1000)} old`,
    ])),
    "Up for": duration((snapshot.at - snapshot.startedAt) / 1000),
  };
  const list = byId("group-facts");
  for (const [name, text] of Object.entries(facts)) setText(valueOf(list, name), text);
  setText(
    byId("build"),
    `Processing Service ${build.version} · Deno ${build.deno} · kafkajs ${build.kafkajs}`,
  );
  showLevel(snapshot.canAct, log);
}

/**
 * @param {boolean} canAct
 * @param {Snapshot["log"]} log
 */
function showLevel(canAct, log) {
  const box = levelBox();
  if (level !== log.level && document.activeElement !== box) box.value = log.level;
  level = log.level;
  box.disabled = !canAct;
  const isOwn = log.level === log.configuredLevel;
  setText(byId("log-level-note"), isOwn ? "" : `LOG_LEVEL is ${log.configuredLevel}`);
}

/** @param {string} wanted */
function askForLevel(wanted) {
  ask({
    path: "actions/log-level",
    title: `Log from ${wanted} on`,
    text: `For ${LEVEL_FOR_MINUTES} minutes, then LOG_LEVEL holds again.`,
    verb: "Change",
    needsReason: false,
    body: { level: wanted, minutes: LEVEL_FOR_MINUTES },
    done: `The log level is ${wanted}`,
  });
}

async function showSettings() {
  const response = await fetch("status");
  /** @type {StatusDocument} */
  const status = await response.json();
  const rows = status.configuration.map(({ name, value, origin }) => {
    const head = make("th", { text: name });
    head.scope = "row";
    return make("tr", {}, head, make("td", { text: value ?? "" }), make("td", { text: origin }));
  });
  find("#settings tbody", HTMLTableSectionElement).replaceChildren(...rows);
}

/** The value beside a name, added with it. @param {HTMLElement} list @param {string} name */
function valueOf(list, name) {
  for (const term of list.querySelectorAll("dt")) {
    if (term.textContent === name && term.nextElementSibling !== null) {
      return term.nextElementSibling;
    }
  }
  const value = make("dd");
  list.append(make("dt", { text: name }), value);
  return value;
}

/** @param {number | null} ms */
function ago(ms) {
  return ms === null ? "never" : `${milliseconds(ms)} ago`;
}

function levelBox() {
  return find("#log-level", HTMLSelectElement);
}
