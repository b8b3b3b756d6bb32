/** docs/metrics.md says what the table of metrics says. UPDATE_DOCS=1 writes it anew; run `deno fmt` on it afterwards. */
import assert from "node:assert/strict";
import { ALL_METRICS } from "../../../../src/ops/metrics.ts";
import { metricTables } from "../../../support/metrics_docs.ts";

const METRICS_DOC = new URL("../../../../docs/metrics.md", import.meta.url);
const UPDATE = Deno.env.get("UPDATE_DOCS") === "1";

Deno.test("docs/metrics.md holds the table of each group of metrics", async () => {
  let text = await Deno.readTextFile(METRICS_DOC);
  for (const [group, table] of metricTables()) {
    const [start, end] = [`<!-- metrics: ${group} -->`, "<!-- end of metrics -->"];
    const from = text.indexOf(start);
    const to = text.indexOf(end, from);
    assert.ok(from >= 0 && to > from, `${start} ... ${end} is missing`);
    if (UPDATE) text = `${text.slice(0, from)}${start}\n\n${table}\n\n${text.slice(to)}`;
    else assert.equal(condensed(text.slice(from + start.length, to)), condensed(table), group);
  }
  if (UPDATE) await Deno.writeTextFile(METRICS_DOC, text);
});

Deno.test("docs/metrics.md names no metric and no label that does not exist", async () => {
  const text = await Deno.readTextFile(METRICS_DOC);
  const known = new Set(
    ALL_METRICS.flatMap(({ name, type }) =>
      type === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
    ),
  );
  const named = [...text.matchAll(/\b(?:processing|messaging|process)_[a-z_]+[a-z]\b/g)];
  assert.ok(named.length > known.size / 2);
  const labels = new Set(ALL_METRICS.flatMap((metric) => metric.labels));
  for (const [name] of named) assert.ok(known.has(name) || labels.has(name), name);
});

/** Without what the formatter pads. */
function condensed(table: string): string {
  return table.trim().replace(/ +/g, " ").replace(/-{3,}/g, "---");
}
