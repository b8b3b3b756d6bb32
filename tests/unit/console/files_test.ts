import assert from "node:assert/strict";
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { CONSOLE_FILES } from "../../../src/console/files.ts";

Deno.test("CONSOLE_FILES holds uPlot's style sheet as it is in the package", () => {
  assert.equal(CONSOLE_FILES.get("/console/uplot.css")?.text, uplotStyle);
});
