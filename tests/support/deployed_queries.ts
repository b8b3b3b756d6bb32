/** The queries of the dashboard, and those that documents recommend. */
import { generatedFiles } from "../../tools/deploy/files.ts";

/** A panel as Grafana imports it. */
export interface PanelModel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string }[];
}

const ROOT = new URL("../../", import.meta.url);
const DOCUMENTS = ["docs/metrics.md", "docs/operations.md"];
/** What calls a function of PromQL or aggregates, among the pieces of code of a text. */
const QUERY = /\b(?:rate|increase|sum|max|min|histogram_quantile)\b ?[( ]/;

export function dashboardPanels(): readonly PanelModel[] {
  return dashboard().panels;
}

/** PromQL of the panels. */
export function dashboardQueries(): readonly string[] {
  return dashboardPanels().flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** `label_values(…)`: what Grafana asks to fill the variables. */
export function dashboardVariables(): readonly string[] {
  return dashboard().templating.list.map(({ definition }) => definition ?? "");
}

export async function documentedQueries(): Promise<readonly string[]> {
  const texts = await Promise.all(
    DOCUMENTS.map((path) => Deno.readTextFile(new URL(path, ROOT))),
  );
  return texts.flatMap((text) => {
    const prose = text.replaceAll(/```.*?```/gs, "");
    const pieces = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, piece = ""]) => piece);
    return pieces.filter((piece) => QUERY.test(piece));
  });
}

interface Dashboard {
  readonly panels: readonly PanelModel[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

function dashboard(): Dashboard {
  return JSON.parse(generatedFiles().get("deploy/grafana/processing-service.json") ?? "");
}
