/** Writes what follows from the results into docs/. */
import { run } from "../../tests/support/command.ts";
import { RESULTS, type Section } from "../results.ts";
import { readScale, SCALE } from "../scale/results.ts";
import { performancePage, plottedSections } from "./page.ts";
import { plotOf } from "./plot.ts";

const DOCS = new URL("../../docs/", import.meta.url);
const FORMAT_DEADLINE_MS = 60_000;

/** Writes page and plots anew, formatted as the repository is. */
export async function writeDocs(sections: readonly Section[]): Promise<void> {
  const scale = await readScale();
  const page = new URL("performance.md", DOCS).pathname;
  await Deno.writeTextFile(page, performancePage(sections, scale));
  const written = [page];
  if (sections.length > 0) written.push(RESULTS);
  if (scale !== null) written.push(SCALE);
  for (const [file, section] of plottedSections(sections)) {
    const plot = new URL(file, DOCS).pathname;
    await Deno.writeTextFile(plot, plotOf(section));
    written.push(plot);
  }
  await run([Deno.execPath(), "fmt", "--quiet", ...written], { deadlineMs: FORMAT_DEADLINE_MS });
}
