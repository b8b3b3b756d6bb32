/** The files under deploy/ that follow from the table of metrics, and the table of alerts in docs/operations.md. */
import { stringify } from "yaml";
import { type Alert, ALERTS } from "./alerts.ts";
import { dashboard } from "./dashboard.ts";

const NOTE =
  "Made by `deno task deploy:generate` from tools/deploy/; a test fails where it differs.";

/** Content by path. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ["deploy/prometheus/alerts.yml", alertRules()],
    ["deploy/grafana/processing-service.json", `${JSON.stringify(dashboard(), null, 2)}\n`],
  ]);
}

export const ALERTS_DOC = {
  path: "docs/operations.md",
  start: "<!-- alerts -->",
  end: "<!-- end of alerts -->",
} as const;

/** What each alert means and what to do first, as a table. */
export function alertTable(): string {
  const rows = ALERTS.map(({ name, severity, meaning, action }) =>
    `| \`${name}\` | ${severity} | ${meaning} | ${action} |`
  );
  const head = ["| alert | severity | meaning | first action |", "| --- | --- | --- | --- |"];
  return [...head, ...rows].join("\n");
}

/** A document with another table of alerts in its place. */
export function withAlertTable(text: string, table: string): string {
  const from = text.indexOf(ALERTS_DOC.start);
  const to = text.indexOf(ALERTS_DOC.end);
  if (from < 0 || to < from) {
    throw new Error(`Cannot find ${ALERTS_DOC.start} and ${ALERTS_DOC.end} in ${ALERTS_DOC.path}`);
  }
  return `${text.slice(0, from)}${ALERTS_DOC.start}\n\n${table}\n\n${text.slice(to)}`;
}

function alertRules(): string {
  const groups = [{ name: "processing-service", rules: ALERTS.map(rule) }];
  return `# ${NOTE}\n${stringify({ groups }, { lineWidth: 0 })}`;
}

function rule({ name, when, for: duration, severity, summary, meaning, action }: Alert) {
  return {
    alert: name,
    expr: when,
    for: duration,
    labels: { severity },
    annotations: { summary, description: meaning, action, runbook: ALERTS_DOC.path },
  };
}
