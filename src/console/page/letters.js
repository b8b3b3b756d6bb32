/**
 * Dead letters by cause: what lies in their topics, what a rehearsal says would become of it, and a redrive. Asked for
 * by itself, more seldom than snapshots: somebody has to read it from Kafka.
 */
import { ask } from "./actions.js";
import { byId, find, make, setText } from "./dom.js";
import { dayAndTime, duration, whole } from "./format.js";

/** @import { DeadLettersDocument, LetterCause, RedriveState, RehearsalState, RehearsedCause } from "../../ops/http/dead_letters.ts" */
/** @import { Snapshot } from "../../ops/snapshot.ts" */

const EVERY_MS = 5_000;
/** While somebody waits for what comes of it. */
const BUSY_MS = 500;
const COLUMNS = 9;

let canAct = false;
/** @type {DeadLettersDocument | null} */
let shown = null;
/** What is drawn, so that a table in which nothing changed is left alone. */
let drawn = "";

export function setUpLetters() {
  byId("rehearse-all").addEventListener("click", () => rehearse(null));
  byId("redrive-all").addEventListener("click", () => redrive(null));
  byId("redrive-stop").addEventListener("click", stopRedrive);
  void keepAsking();
}

/** @param {Snapshot} snapshot */
export function showLetterActions(snapshot) {
  if (canAct === snapshot.canAct) return;
  canAct = snapshot.canAct;
  if (shown !== null) show(shown);
}

async function keepAsking() {
  if (!document.hidden) {
    const found = await load();
    if (found !== null) show(found);
  }
  const isBusy = shown?.look === null || (shown !== null && isUnderWay(shown));
  setTimeout(() => void keepAsking(), isBusy ? BUSY_MS : EVERY_MS);
}

/** @returns {Promise<DeadLettersDocument | null>} */
async function load() {
  try {
    const response = await fetch("dead-letters", { signal: AbortSignal.timeout(10_000) });
    return response.ok ? await response.json() : null;
  } catch {
    return null; // the badge above says that nobody answers
  }
}

/** @param {DeadLettersDocument} found */
function show(found) {
  shown = found;
  const { look, rehearsal, redrive: redriving } = found;
  setText(byId("causes-count"), countText(found));
  byId("letter-actions").hidden = !canAct || look === null || look.count === 0;
  for (const id of ["rehearse-all", "redrive-all"]) {
    find(`#${id}`, HTMLButtonElement).disabled = isUnderWay(found);
  }
  const problem = byId("causes-problem");
  problem.hidden = found.problem === null;
  setText(problem, found.problem === null ? "" : `Dead letters cannot be read: ${found.problem}`);
  setText(byId("rehearsal-state"), rehearsal === null ? "" : rehearsalText(rehearsal));
  setText(byId("redrive-state"), redriving === null ? "" : redriveText(redriving));
  byId("redrive-stop").hidden = !canAct || redriving === null || redriving.endedAt !== null;
  const isBusy = isUnderWay(found);
  const key = JSON.stringify([look?.causes, rehearsal, canAct, isBusy, minuteOf(look?.at)]);
  if (key === drawn) return;
  drawn = key;
  drawCauses(found);
  drawFailures(rehearsal);
}

/** @param {DeadLettersDocument} found */
function isUnderWay({ rehearsal, redrive: redriving }) {
  return rehearsal?.endedAt === null || redriving?.endedAt === null;
}

/** @param {DeadLettersDocument} found */
function countText({ topics, look }) {
  if (topics.length === 0) return "DLQ_TOPIC=none: none are kept";
  if (look === null) return "looking";
  const more = look.isComplete ? "" : ", and more: these are the first that could be read";
  const settled = look.settled === null || look.settled === 0
    ? ""
    : `, ${whole(look.settled)} dealt with`;
  return `${whole(look.count)} to deal with${more}${settled}`;
}

/** @param {RehearsalState} rehearsal */
function rehearsalText({ by, fingerprint, endedAt, isComplete, problem, count, causes }) {
  const what = fingerprint === null ? "all causes" : fingerprint;
  if (endedAt === null) return `Rehearsing ${what} for ${by}: ${whole(count)} so far`;
  const sum = (/** @type {keyof RehearsedCause} */ name) =>
    causes.reduce((all, cause) => all + Number(cause[name]), 0);
  const parts = [
    `${whole(sum("passes"))} would pass`,
    ...(sum("valid") > 0 ? [`${whole(sum("valid"))} fit the schema`] : []),
    `${whole(sum("fails"))} would fail again`,
    ...(sum("never") > 0 ? [`${whole(sum("never"))} can never be redriven`] : []),
  ];
  const end = problem !== null ? `. It ended early: ${problem}` : isComplete ? "" : ". Time was up";
  return `Rehearsed ${what} for ${by} at ${dayAndTime(endedAt)}, nothing was changed: ${
    parts.join(", ")
  }${end}`;
}

/** What has become of letters so far, or in the end. @param {RedriveState} redriving */
function redriveText({ by, fingerprint, endedAt, state, ending, problem, ...counts }) {
  const what = fingerprint === null ? "all causes" : fingerprint;
  const parts = [
    `${whole(counts.processed)} processed`,
    ...(counts.skipped > 0 ? [`${whole(counts.skipped)} without a value`] : []),
    ...(counts.returned > 0 ? [`${whole(counts.returned)} failed again`] : []),
    ...(counts.parked > 0 ? [`${whole(counts.parked)} parked`] : []),
  ];
  const done = `${whole(counts.taken)} begun, ${parts.join(", ")}`;
  if (endedAt === null) {
    const now = state === "stopping" ? "Stopping the redrive of" : "Redriving";
    return `${now} ${what} for ${by}: ${done}`;
  }
  const end = problem !== null ? `. It ended early: ${problem}` : ENDINGS[ending ?? ""] ?? "";
  return `Redrove ${what} for ${by} until ${dayAndTime(endedAt)}: ${done}${end}`;
}

/** @type {Readonly<Record<string, string>>} */
const ENDINGS = {
  stopped: ". It was stopped: redrive once more to go on",
  marks: ". There is no room for more marks: dead-letters redrive says what to do",
  uncommitted: ". The last commit was not acknowledged: what was done last may be done again",
};

/** @param {DeadLettersDocument} found */
function drawCauses(found) {
  const { look, rehearsal } = found;
  const body = find("#causes-table tbody", HTMLTableSectionElement);
  const focused = document.activeElement?.id ?? "";
  const causes = look?.causes ?? [];
  const isBusy = isUnderWay(found);
  const rows = causes.map((cause) => causeRow(cause, { at: look?.at ?? 0, rehearsal, isBusy }));
  if (look !== null && look.moreCauses > 0) {
    rows.push(wideRow(`and ${whole(look.moreCauses)} causes more`));
  }
  if (rows.length === 0) rows.push(wideRow(look === null ? "Not looked yet" : "None"));
  body.replaceChildren(...rows);
  if (/^re(hearse|drive)-/.test(focused)) document.getElementById(focused)?.focus();
}

/** @param {string} text */
function wideRow(text) {
  const cell = make("td", { text, className: "quiet" });
  cell.colSpan = COLUMNS;
  return make("tr", {}, cell);
}

/**
 * @param {LetterCause} cause
 * @param {{ at: number, rehearsal: RehearsalState | null, isBusy: boolean }} options
 */
function causeRow(cause, { at, rehearsal, isBusy }) {
  const { fingerprint, count, firstAt, lastAt, trend, samples } = cause;
  const name = make("th", { text: fingerprint ?? "unknown" });
  name.scope = "row";
  const act = make("td");
  if (canAct && fingerprint !== null && fingerprint !== "other") {
    const rehearseIt = causeButton("Rehearse", { fingerprint, isBusy, run: rehearse });
    const redriveIt = causeButton("Redrive", { fingerprint, isBusy, run: redrive });
    act.append(rehearseIt, " ", redriveIt);
  }
  const ends = samples.length > 2 ? [samples.slice(0, 1), samples.slice(-1)].flat() : samples;
  const places = ends.map(({ topic, partition, offset }) =>
    make("span", { text: `${topic}[${partition}]@${offset}` })
  );
  return make(
    "tr",
    {},
    name,
    make("td", { text: whole(count), className: "number" }),
    make("td", {}, trendOf(trend)),
    make("td", { text: agoText(firstAt, at) }),
    make("td", { text: agoText(lastAt, at) }),
    make("td", { text: prospectText(fingerprint, rehearsal) }),
    make("td", { text: whyText(cause), className: "reason" }),
    make("td", { className: "places" }, ...places),
    act,
  );
}

/**
 * @param {string} verb
 * @param {{ fingerprint: string, isBusy: boolean, run: (fingerprint: string) => void }} options
 */
function causeButton(verb, { fingerprint, isBusy, run }) {
  const button = make("button", { text: verb });
  button.type = "button";
  button.id = `${verb.toLowerCase()}-${fingerprint}`;
  button.ariaLabel = `${verb} ${fingerprint}`;
  button.disabled = isBusy;
  button.addEventListener("click", () => run(fingerprint));
  return button;
}

/** @param {string | null} fingerprint */
function rehearse(fingerprint) {
  const what = fingerprint === null ? "all dead letters" : `dead letters of ${fingerprint}`;
  ask({
    path: "actions/rehearse",
    title: `Rehearse ${what}`,
    text: "Checks them against today's schema, and tries out handlers that are dryRunnable. " +
      "Nothing is changed.",
    verb: "Rehearse",
    needsReason: false,
    body: { fingerprint },
    done: `Rehearsing ${what}`,
  });
}

/** @param {string | null} fingerprint */
function redrive(fingerprint) {
  const what = fingerprint === null ? "all dead letters" : `dead letters of ${fingerprint}`;
  ask({
    path: "actions/redrive",
    title: `Redrive ${what}`,
    text:
      "Takes those that lie there now through validation and handlers of this version, in the " +
      "order of their keys. What fails again goes back, and is parked after DLQ_MAX_REPLAYS.",
    verb: "Redrive",
    needsReason: false,
    body: { fingerprint },
    done: `Redriving ${what}`,
  });
}

function stopRedrive() {
  ask({
    path: "actions/redrive-stop",
    title: "Stop the redrive",
    text: "Begins nothing more, and ends what is under way. Another redrive goes on with the rest.",
    verb: "Stop",
    needsReason: false,
    body: {},
    done: "The redrive stops",
  });
}

/** @param {LetterCause} cause */
function whyText({ stage, code, reason, replays }) {
  const why = [stage, code].filter((part) => part !== null).join(" ");
  const again = replays > 0 ? `, redriven up to ${whole(replays)} times in vain` : "";
  return `${why}${reason === null ? "" : `: ${reason}`}${again}`;
}

/**
 * @param {string | null} fingerprint
 * @param {RehearsalState | null} rehearsal
 */
function prospectText(fingerprint, rehearsal) {
  const found = rehearsal?.causes.find((cause) => cause.fingerprint === fingerprint);
  if (found === undefined) return "";
  const parts = [
    found.passes > 0 ? `${whole(found.passes)} pass` : "",
    found.valid > 0 ? `${whole(found.valid)} valid` : "",
    found.fails > 0 ? `${whole(found.fails)} fail` : "",
    found.never > 0 ? `${whole(found.never)} never` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** One bar an hour. @param {readonly number[]} trend */
function trendOf(trend) {
  const most = Math.max(1, ...trend);
  const bars = trend.map((count) =>
    count === 0 ? "·" : "▁▂▃▄▅▆▇█"[Math.min(7, Math.floor((8 * count) / most))] ?? ""
  );
  const bar = make("span", { text: bars.join(""), className: "trend" });
  bar.role = "img";
  const sum = trend.reduce((all, count) => all + count, 0);
  bar.ariaLabel = `${whole(sum)} in the last 24 hours, ${whole(trend.at(-1))} in the last one`;
  bar.title = bar.ariaLabel;
  return bar;
}

/** @param {RehearsalState | null} rehearsal */
function drawFailures(rehearsal) {
  const failures = rehearsal?.failures ?? [];
  byId("failures").hidden = failures.length === 0;
  byId("failures-list").replaceChildren(
    ...failures.map(({ count, stage, code, reason, sample }) =>
      make(
        "li",
        { text: `${whole(count)} would fail with ${stage} ${code}: ${reason}` },
        make("span", {
          className: "detail",
          text: `one of them: ${sample.topic}[${sample.partition}]@${sample.offset}`,
        }),
      )
    ),
  );
}

/**
 * @param {number | null} when
 * @param {number} at
 */
function agoText(when, at) {
  return when === null ? "unknown" : `${duration(Math.max(0, at - when) / 1000)} ago`;
}

/** @param {number | undefined} at */
function minuteOf(at) {
  return at === undefined ? 0 : Math.floor(at / 60_000);
}
