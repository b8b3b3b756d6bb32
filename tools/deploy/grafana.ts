/** Panels to what Grafana imports: its JSON model, laid out in rows (schema version 39, Grafana 10.4 and newer). */

/** PromQL, and what its series are called in the legend. */
export type Query = readonly [query: string, legend: string];

export interface Panel {
  readonly kind: "stat" | "lines";
  readonly title: string;
  readonly description: string;
  /** Of Grafana's units: `s`, `bytes`, `short`, `percentunit`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** From where on a value is yellow and red. */
  readonly thresholds?: { readonly warning: number; readonly critical: number };
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface DashboardOptions {
  readonly title: string;
  readonly uid: string;
  /** Name, series, and the label whose values it offers. */
  readonly variables: readonly (readonly [name: string, series: string, label: string])[];
  readonly rows: readonly Row[];
}

/** Grafana's grid is so many columns wide. */
const COLUMNS = 24;
const STAT = { w: 6, h: 4 };
const LINES = { w: 12, h: 8 };
const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

export function grafanaDashboard({ title, uid, variables, rows }: DashboardOptions): unknown {
  return {
    title,
    uid,
    tags: ["kafka", "processing-service"],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    timezone: "",
    annotations: { list: [] },
    links: [],
    templating: { list: [datasourceVariable(), ...variables.map(labelVariable)] },
    panels: laidOut(rows),
  };
}

function datasourceVariable(): unknown {
  return {
    name: "datasource",
    label: "Data source",
    type: "datasource",
    query: "prometheus",
    current: {},
    hide: 0,
    refresh: 1,
  };
}

function labelVariable([name, series, label]: readonly [string, string, string]): unknown {
  const query = `label_values(${series}, ${label})`;
  return {
    name,
    type: "query",
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: name },
    includeAll: true,
    multi: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    refresh: 2,
    sort: 1,
    hide: 0,
  };
}

function laidOut(rows: readonly Row[]): readonly unknown[] {
  const panels: unknown[] = [];
  let y = 0;
  for (const row of rows) {
    const at = { x: 0, y, w: COLUMNS, h: 1 };
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: at,
      panels: [],
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      const size = panel.kind === "stat" ? STAT : LINES;
      if (x + size.w > COLUMNS) [x, y] = [0, y + height];
      panels.push({ id: panels.length + 1, ...panelModel(panel), gridPos: { x, y, ...size } });
      x += size.w;
      height = size.h;
    }
    y += height;
  }
  return panels;
}

function panelModel({ kind, title, description, unit, queries, thresholds }: Panel) {
  return {
    type: kind === "stat" ? "stat" : "timeseries",
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(kind === "stat" ? statColours(thresholds) : { custom: { fillOpacity: 5 } }),
      },
      overrides: [],
    },
    options: kind === "stat"
      ? { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value", graphMode: "area" }
      : {
        legend: { displayMode: "list", placement: "bottom" },
        tooltip: { mode: "multi", sort: "desc" },
      },
    targets: queries.map(([expr, legendFormat], at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: DATASOURCE,
      expr,
      legendFormat,
      range: true,
    })),
  };
}

function statColours(thresholds: Panel["thresholds"]) {
  if (thresholds === undefined) return { color: { mode: "fixed", fixedColor: "blue" } };
  const steps = [
    { color: "green", value: null },
    { color: "yellow", value: thresholds.warning },
    { color: "red", value: thresholds.critical },
  ].filter(({ color }) => color !== "yellow" || thresholds.warning !== thresholds.critical);
  return { color: { mode: "thresholds" }, thresholds: { mode: "absolute", steps } };
}
