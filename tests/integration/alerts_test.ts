/** Prometheus's own opinion of deploy/prometheus: it can read the files, and each alert fires when it should alone. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { ALERTS } from "../../tools/deploy/alerts.ts";
import { ALERTS_DOC } from "../../tools/deploy/files.ts";
import { dashboardQueries, documentedQueries } from "../support/deployed_queries.ts";
import { ALERT_CASES, type AlertCase, type Series } from "../support/alert_cases.ts";
import { prometheusProgram, prometheusTest } from "../support/prometheus.ts";

const DEPLOY = new URL("../../deploy/prometheus/", import.meta.url).pathname;

Deno.test("Each alert has a case in which it fires and one in which it does not", () => {
  assert.deepEqual(ALERT_CASES.map(({ alert }) => alert), ALERTS.map(({ name }) => name));
});

prometheusTest("promtool finds nothing wrong with configuration and alerts", async () => {
  const said = await promtool(["check", "config", `${DEPLOY}prometheus.yml`]);
  assert.match(said, new RegExp(`SUCCESS: ${ALERTS.length} rules found`));
  await promtool(["check", "rules", "--lint-fatal", `${DEPLOY}alerts.yml`]);
});

prometheusTest("promtool can read every query of the dashboard and of the documents", async () => {
  const queries = [...dashboardQueries(), ...await documentedQueries()];
  assert.ok(queries.length > 50, String(queries.length));
  const rules = queries.map((expr, at) => ({ record: `query:${at}`, expr }));
  const file = await Deno.makeTempFile({ suffix: ".yml" });
  await Deno.writeTextFile(file, stringify({ groups: [{ name: "queries", rules }] }));
  await promtool(["check", "rules", file]);
  await Deno.remove(file);
});

prometheusTest("Each alert fires when it should, and not when it should not", async () => {
  const file = await Deno.makeTempFile({ suffix: ".yml" });
  const tests = ALERT_CASES.flatMap((each) => [ruleTest(each, true), ruleTest(each, false)]);
  const rules = { rule_files: [`${DEPLOY}alerts.yml`], evaluation_interval: "1m", tests };
  await Deno.writeTextFile(file, stringify(rules, { aliasDuplicateObjects: false }));
  await promtool(["test", "rules", file]);
  await Deno.remove(file);
});

function ruleTest(each: AlertCase, fires: boolean): unknown {
  const alert = ALERTS.find(({ name }) => name === each.alert);
  if (alert === undefined) throw new Error(`Cannot find an alert: ${each.alert}`);
  const { severity, meaning: description, action } = alert;
  const annotations = { summary: each.summary, description, action, runbook: ALERTS_DOC.path };
  const expected = { exp_labels: { ...each.labels, severity }, exp_annotations: annotations };
  return {
    name: `${each.alert} ${fires ? "fires" : "is quiet"}`,
    interval: "1m",
    input_series: inputSeries(fires ? each.fires : each.quiet),
    alert_rule_test: [
      { eval_time: each.at, alertname: each.alert, exp_alerts: fires ? [expected] : [] },
    ],
  };
}

function inputSeries(series: Series): readonly unknown[] {
  return Object.entries(series).map(([name, values]) => ({ series: name, values }));
}

/** What it says; throws with that when it finds something wrong. */
async function promtool(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(await prometheusProgram("promtool"), {
    args: [...args],
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  return said;
}
