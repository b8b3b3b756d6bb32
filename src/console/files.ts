/**
 * The console page's files, by the path that each is served under. All are text in the executable: nothing is read, and
 * nothing is asked from elsewhere.
 */
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import type { ConsoleFile } from "../ops/http_server.ts";
import actions from "./page/actions.js" with { type: "text" };
import charts from "./page/charts.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import facts from "./page/facts.js" with { type: "text" };
import figures from "./page/figures.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import page from "./page/index.html" with { type: "text" };
import letters from "./page/letters.js" with { type: "text" };
import lists from "./page/lists.js" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import partitions from "./page/partitions.js" with { type: "text" };
import workers from "./page/workers.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
// A copy of uPlot's: text of a package that is no JavaScript makes executables differ from build to build.
import uplotStyle from "./page/uplot.css" with { type: "text" };

const SCRIPTS: Readonly<Record<string, string>> = {
  "actions.js": actions,
  "charts.js": charts,
  "dom.js": dom,
  "facts.js": facts,
  "figures.js": figures,
  "format.js": format,
  "letters.js": letters,
  "lists.js": lists,
  "main.js": main,
  "partitions.js": partitions,
  "uplot.js": uplot,
  "workers.js": workers,
};

export const CONSOLE_FILES: ReadonlyMap<string, ConsoleFile> = new Map([
  ["/", { contentType: "text/html; charset=utf-8", text: page }],
  ["/console/style.css", { contentType: "text/css; charset=utf-8", text: style }],
  ["/console/uplot.css", { contentType: "text/css; charset=utf-8", text: uplotStyle }],
  ["/console/icon.svg", { contentType: "image/svg+xml", text: icon }],
  ...Object.entries(SCRIPTS).map(([name, text]): [string, ConsoleFile] => [
    `/console/${name}`,
    { contentType: "text/javascript; charset=utf-8", text },
  ]),
]);
