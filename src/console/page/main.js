/** The console: a snapshot comes each second, and each part of the page shows what it makes of it. */
import { setUpActions, showActions } from "./actions.js";
import { addToCharts, setUpCharts } from "./charts.js";
import { setUpFacts, showFacts } from "./facts.js";
import { showFigures } from "./figures.js";
import { setUpLetters, showLetterActions } from "./letters.js";
import { showLists } from "./lists.js";
import { setUpPartitions, showPartitions } from "./partitions.js";
import { showWorkers } from "./workers.js";
import { byId, setClass, setText } from "./dom.js";

/** @import { Snapshot } from "../../ops/snapshot.ts" */

/** Without news for so long what is shown is old. */
const STALE_MS = 3_500;

let newsAt = 0;

setUpCharts();
setUpPartitions();
setUpActions();
setUpFacts();
setUpLetters();
listen();
setInterval(showStream, 500);

function listen() {
  const source = new EventSource("events");
  source.addEventListener("snapshot", (event) => {
    newsAt = performance.now();
    /** @type {Snapshot} */
    const snapshot = JSON.parse(event.data);
    performance.mark("snapshot");
    show(snapshot);
    performance.measure("show", "snapshot");
  });
  source.addEventListener("error", () => {
    // A browser gives up for good when it is refused, as while too many listen.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(listen, 2_000);
  });
}

/** @param {Snapshot} snapshot */
function show(snapshot) {
  showStream();
  showFigures(snapshot);
  addToCharts(snapshot);
  showPartitions(snapshot);
  showWorkers(snapshot);
  showLists(snapshot);
  showFacts(snapshot);
  showActions(snapshot);
  showLetterActions(snapshot);
}

/** Old numbers must not look like new ones. */
function showStream() {
  const badge = byId("stream");
  const isLive = newsAt > 0 && performance.now() - newsAt < STALE_MS;
  const oldFor = Math.round((performance.now() - newsAt) / 1000);
  setText(badge, isLive ? "live" : newsAt === 0 ? "connecting" : `no news for ${oldFor} s`);
  setClass(badge, isLive ? "badge good" : newsAt === 0 ? "badge" : "badge bad");
}
