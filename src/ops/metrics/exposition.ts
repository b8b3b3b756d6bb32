/**
 * Metrics as text: Prometheus's format 0.0.4, or OpenMetrics 1.0.0 for those that ask for it
 * (prometheus.io/docs/instrumenting/exposition_formats, prometheus.io/docs/specs/om/open_metrics_spec).
 */
import type { Histogram } from "./histogram.ts";
import type { Metric } from "./metric.ts";

export type ExpositionFormat = "text" | "openmetrics";

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

export class Exposition {
  readonly #format: ExpositionFormat;
  #text = "";

  constructor(format: ExpositionFormat) {
    this.#format = format;
  }

  /** Begins a metric; its series follow, each with a text by `labelText`. */
  begin({ name, type, help }: Metric): void {
    // In OpenMetrics the family of a counter has its name without the suffix that its series have.
    const isShort = this.#format === "openmetrics" && type === "counter";
    const family = isShort ? name.replace(/_total$/, "") : name;
    this.#text += `# HELP ${family} ${escapedHelp(help)}\n# TYPE ${family} ${type}\n`;
  }

  value({ name }: Metric, labels: string, value: number): void {
    this.#text += `${name}${labels} ${numberText(value)}\n`;
  }

  histogram({ name }: Metric, labels: string, { bounds, counts, sum }: Histogram): void {
    const open = labels === "" ? "{" : `${labels.slice(0, -1)},`;
    let total = 0;
    for (const [i, count] of counts.entries()) {
      total += count;
      const bound = bounds[i];
      this.#text += `${name}_bucket${open}le="${boundText(bound)}"} ${total}\n`;
    }
    this.#text += `${name}_sum${labels} ${numberText(sum)}\n${name}_count${labels} ${total}\n`;
  }

  /** Everything so far; nothing can be added. */
  end(): string {
    return this.#format === "openmetrics" ? `${this.#text}# EOF\n` : this.#text;
  }
}

/** What the `Accept` header would rather have: Prometheus asks for OpenMetrics, a browser does not. */
export function preferredFormat(accept: string | null): ExpositionFormat {
  let text = 0;
  let openmetrics = 0;
  for (const range of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((each) => each.trim().toLowerCase());
    const quality = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1);
    if (type === "application/openmetrics-text") openmetrics = Math.max(openmetrics, quality);
    else if (type === "text/plain") text = Math.max(text, quality);
  }
  return openmetrics > text ? "openmetrics" : "text";
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

/** As a float, as OpenMetrics wants it, in both formats: the same series whatever was asked for. */
function boundText(bound: number | undefined): string {
  if (bound === undefined) return "+Inf";
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function escapedHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
