/** What is deployed beside the service follows from the table of metrics, and names nothing that does not exist. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { ALERTS } from "../../../../tools/deploy/alerts.ts";
import {
  ALERTS_DOC,
  alertTable,
  generatedFiles,
  withAlertTable,
} from "../../../../tools/deploy/files.ts";
import {
  dashboardPanels,
  dashboardQueries,
  dashboardVariables,
  documentedQueries,
} from "../../../support/deployed_queries.ts";
import { unknownInQuery, unknownMetrics } from "../../../support/metric_names.ts";

const ROOT = new URL("../../../../", import.meta.url);

for (const [path, content] of generatedFiles()) {
  Deno.test(`${path} is what deno task deploy:generate writes`, async () => {
    assert.deepEqual(parse(await read(path)), parse(content));
  });
}

Deno.test("docs/operations.md has the meaning and the first action of each alert", async () => {
  const text = await read(ALERTS_DOC.path);
  assert.equal(condensed(text), condensed(withAlertTable(text, alertTable())));
  for (const { action } of ALERTS) {
    for (const [, heading] of action.matchAll(/"([^"]+)"/g)) {
      assert.ok(text.includes(`## ${heading}\n`), `${heading} is no heading`);
    }
  }
});

Deno.test("Every query of alerts, dashboard and documents names metrics that exist, with their labels", async () => {
  const alerts = ALERTS.map(({ when }) => when);
  const dashboard = [...dashboardVariables(), ...dashboardQueries()];
  const queries = [...alerts, ...dashboard, ...await documentedQueries()];
  assert.ok(queries.length > 60, String(queries.length));
  for (const query of queries) assert.deepEqual(unknownInQuery(query), [], query);
});

Deno.test("What an alert shows are labels that its series have", () => {
  for (const { name, when, summary } of ALERTS) {
    for (const [, label = ""] of summary.matchAll(/\$labels\.(\w+)/g)) {
      const grouped = /^(?:sum|max) by \(([^)]*)\)|sum by \((le, [^)]*)\)/.exec(when);
      const labels = grouped?.[1] ?? grouped?.[2] ?? "instance, job";
      assert.ok(labels.split(", ").includes(label), `${name}: ${label} of ${labels}`);
    }
  }
});

Deno.test("No document names a metric or a label that does not exist", async () => {
  const folders = ["./", "docs/", "docs/decisions/", "deploy/", "deploy/prometheus/"];
  for (const folder of folders) {
    for await (const { name, isFile } of Deno.readDir(new URL(folder, ROOT))) {
      if (!isFile || !/\.(md|yml)$/.test(name)) continue;
      assert.deepEqual(unknownMetrics(await read(`${folder}${name}`)), [], `${folder}${name}`);
    }
  }
});

Deno.test("unknownInQuery() tells metrics and labels that do not exist", () => {
  assert.deepEqual(unknownInQuery("rate(processing_event_total[5m])"), [
    "no metric processing_event_total",
  ]);
  assert.deepEqual(unknownInQuery('processing_events_total{outcom="x",instance="y"}'), [
    "no label outcom of processing_events_total",
  ]);
  assert.deepEqual(unknownInQuery("sum by (outcome, topic) (processing_events_total)"), [
    "no label topic of processing_events_total",
  ]);
  assert.deepEqual(unknownInQuery("processing_events_total_bucket"), [
    "no metric processing_events_total_bucket",
  ]);
  assert.deepEqual(unknownInQuery('processing_event_age_seconds_bucket{le="1"}'), []);
});

Deno.test("The dashboard's panels do not overlap, and each says what it shows", () => {
  const places = new Set<string>();
  for (const { type, title, description, gridPos: { x, y, w, h } } of dashboardPanels()) {
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        assert.ok(column < 24 && !places.has(`${row}/${column}`), title);
        places.add(`${row}/${column}`);
      }
    }
    assert.ok(type === "row" || (description ?? "") !== "", title);
  }
});

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

/** Without what the formatter pads. */
function condensed(text: string): string {
  return text.replace(/ +/g, " ").replace(/-{3,}/g, "---");
}
