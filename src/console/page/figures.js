/** What stands at the top: is it ready, what is wrong, how far behind, how fast. */
import { byId, make, setClass, setText } from "./dom.js";
import { duration, rate, share, short, whole } from "./format.js";

/** @import { Snapshot } from "../../ops/snapshot.ts" */

/** @param {Snapshot} snapshot */
export function showFigures(snapshot) {
  const { totals, rates, readiness, phase, connection, inFlight } = snapshot;
  const readinessBadge = byId("readiness");
  setText(readinessBadge, readiness.ok ? "ready" : `not ready: ${phase}`);
  setClass(readinessBadge, readiness.ok ? "badge good" : "badge bad");
  const connectionBadge = byId("connection");
  setText(connectionBadge, `Kafka ${connection}`);
  setClass(connectionBadge, connection === "connected" ? "badge good" : "badge warn");
  setText(byId("group"), `${snapshot.groupId} · ${snapshot.environment}`);

  setText(byId("lag-seconds"), duration(totals.lagSeconds));
  setText(byId("lag"), short(totals.lag));
  const drain = byId("drain");
  setText(drain, totals.lag === 0 ? "0 s" : duration(totals.timeToDrainSeconds));
  setClass(drain, totals.timeToDrainSeconds === "never" ? "bad" : "");
  const done = rates === null ? null : rates.processed + rates.deadLettered;
  setText(byId("throughput"), rate(done));
  const errorShare = byId("error-share");
  setText(errorShare, share(rates?.errorShare));
  setClass(errorShare, (rates?.errorShare ?? 0) > 0.05 ? "warn" : "");
  setText(byId("in-flight"), whole(inFlight));
  showProblems(snapshot);
  setText(document.head.querySelector("title") ?? document, titleOf(snapshot));
}

/** Readable on a tab among many. @param {Snapshot} snapshot */
function titleOf({ readiness, totals }) {
  const state = readiness.ok ? `lag ${short(totals.lag)}` : "not ready";
  return `${state} – Processing Service`;
}

/** @param {Snapshot} snapshot */
function showProblems({ readiness, stalls }) {
  const failed = readiness.checks.filter((check) => !check.ok);
  const lines = [
    ...failed.map(({ name, text }) => text === "" ? name : `${name}: ${text}`),
    ...stalls.map((stall) =>
      `${stall.topic}/${stall.partition} stands still for ${duration(stall.forMs / 1000)}: ` +
      `${stall.reason}`
    ),
  ];
  const section = byId("problems");
  section.hidden = lines.length === 0;
  const list = section.querySelector("ul");
  // Told again to screen readers only when it is another problem, not when a number moved.
  const kinds = [
    ...failed.map(({ name }) => name),
    ...stalls.map((each) => `${each.topic}/${each.partition}`),
  ].join();
  section.ariaLive = section.dataset["kinds"] === kinds ? "off" : "polite";
  section.dataset["kinds"] = kinds;
  if (list !== null) setLines(list, lines);
}

/**
 * @param {Element} list
 * @param {readonly string[]} lines
 */
function setLines(list, lines) {
  while (list.children.length > lines.length) list.lastElementChild?.remove();
  while (list.children.length < lines.length) list.append(make("li"));
  lines.forEach((line, i) => setText(/** @type {Element} */ (list.children[i]), line));
}
