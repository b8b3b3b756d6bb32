/**
 * What an operator can do here: pause and resume, and change the log level, with CONSOLE_TOKEN. The token is kept in
 * this page's memory alone, in no storage, and goes out in the Authorization header.
 */
import { byId, find, setText } from "./dom.js";

/** @import { Snapshot } from "../../ops/snapshot.ts" */

/**
 * @typedef {object} Action
 * @property {string} path
 * @property {string} title
 * @property {string} text what it will do
 * @property {string} verb
 * @property {boolean} needsReason
 * @property {Record<string, unknown>} body
 * @property {string} done
 */

/** @typedef {readonly { topic: string, partition: number }[] | "all"} Scope */

let token = "";
let by = "";
/** @type {Action | null} */
let pending = null;

export function setUpActions() {
  byId("pause-all").addEventListener("click", () => pausePartitions("all"));
  byId("resume-all").addEventListener("click", () => resumePartitions("all"));
  byId("action-cancel").addEventListener("click", () => dialog().close());
  dialog().addEventListener("close", () => {
    pending = null;
    field("action-token").value = "";
  });
  find("#action-dialog form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
}

/** @param {Snapshot} snapshot */
export function showActions({ canAct }) {
  byId("all-actions").hidden = !canAct;
  byId("read-only").hidden = canAct;
}

/** @param {Scope} partitions */
export function pausePartitions(partitions) {
  ask({
    path: "actions/pause",
    title: `Pause ${namesOf(partitions)}`,
    text:
      "What runs ends, nothing new starts and nothing more is fetched, until it is resumed. No rebalance.",
    verb: "Pause",
    needsReason: true,
    body: { partitions },
    done: `Paused ${namesOf(partitions)}`,
  });
}

/** @param {Scope} partitions */
export function resumePartitions(partitions) {
  ask({
    path: "actions/resume",
    title: `Resume ${namesOf(partitions)}`,
    text: "Goes on where it stands.",
    verb: "Resume",
    needsReason: false,
    body: { partitions },
    done: `Resumed ${namesOf(partitions)}`,
  });
}

/** Shows what will happen, and asks for what is needed to do it. @param {Action} action */
export function ask(action) {
  pending = action;
  setText(byId("action-title"), action.title);
  setText(byId("action-text"), action.text);
  setText(byId("action-do"), action.verb);
  byId("action-reason-label").hidden = !action.needsReason;
  const reason = field("action-reason");
  reason.required = action.needsReason;
  reason.value = "";
  field("action-by").value = by;
  field("action-token").value = token;
  showProblem("");
  dialog().showModal();
  (action.needsReason ? reason : field("action-by")).focus();
}

async function send() {
  const action = pending;
  if (action === null) return;
  by = field("action-by").value.trim();
  const given = field("action-token").value;
  if (given === "") return showProblem("Give CONSOLE_TOKEN");
  const reason = action.needsReason ? { reason: field("action-reason").value } : {};
  const body = { ...action.body, ...reason, ...(by === "" ? {} : { by }) };
  const problem = await post(action.path, { body, token: given });
  if (pending !== action) return; // called off
  if (problem !== null) return showProblem(problem);
  token = given;
  dialog().close();
  setText(byId("outcome"), action.done);
}

/**
 * What went wrong; null when nothing did.
 *
 * @param {string} path
 * @param {{ body: unknown, token: string }} options
 * @returns {Promise<string | null>}
 */
async function post(path, { body, token: bearer }) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "authorization": `Bearer ${bearer}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = (await response.text()).trim();
    if (response.ok) return null;
    return response.status === 401 ? "This is not CONSOLE_TOKEN" : text;
  } catch (error) {
    return `No answer: ${error instanceof Error ? error.message : error}`;
  }
}

/** @param {string} text */
function showProblem(text) {
  const problem = byId("action-problem");
  problem.hidden = text === "";
  setText(problem, text);
}

/** @param {Scope} partitions */
function namesOf(partitions) {
  if (partitions === "all") return "all partitions";
  return partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(", ");
}

function dialog() {
  return find("#action-dialog", HTMLDialogElement);
}

/** @param {string} id */
function field(id) {
  return find(`#${id}`, HTMLInputElement);
}
