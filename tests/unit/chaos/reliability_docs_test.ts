/** docs/reliability.md holds the results that are kept, and names tests that exist. UPDATE_DOCS=1 writes the table anew. */
import assert from "node:assert/strict";
import { readResults, resultSummary, resultTable } from "../../chaos/results.ts";

const ROOT = new URL("../../../", import.meta.url);
const RELIABILITY = new URL("docs/reliability.md", ROOT);
const UPDATE = Deno.env.get("UPDATE_DOCS") === "1";
const [START, END] = ["<!-- chaos results -->", "<!-- end of chaos results -->"] as const;

Deno.test("docs/reliability.md shows the last result of each row", async () => {
  const results = await readResults();
  const shown = `${resultSummary(results)}\n\n${resultTable(results)}`;
  const text = await Deno.readTextFile(RELIABILITY);
  const from = text.indexOf(START);
  const to = text.indexOf(END);
  assert.ok(from >= 0 && to > from, `${START} ... ${END} is missing`);
  if (UPDATE) {
    const updated = `${text.slice(0, from)}${START}\n\n${shown}\n\n${text.slice(to)}`;
    await Deno.writeTextFile(RELIABILITY, updated);
  } else {
    assert.equal(condensed(text.slice(from + START.length, to)), condensed(shown));
  }
});

Deno.test("docs/reliability.md names tests that are there", async () => {
  const text = await Deno.readTextFile(RELIABILITY);
  const named = new Set(text.matchAll(/`(tests\/[^`]+\.ts)`/g).map(([, path]) => path ?? ""));
  assert.ok(named.size > 10);
  for (const path of named) await Deno.stat(new URL(path, ROOT));
});

/** Without what the formatter pads. */
function condensed(table: string): string {
  return table.trim().replace(/ +/g, " ").replace(/-{3,}/g, "---");
}
