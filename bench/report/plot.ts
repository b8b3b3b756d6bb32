/** A section as bars: CPU of each consumer, the cheapest on top, ours in another colour. SVG that fits light and dark pages. */
import type { Row, Section } from "../results.ts";
import { inOrder } from "./table.ts";
import type { Spread } from "./statistics.ts";

const WIDTH = 860;
const LABEL_WIDTH = 360;
const VALUE_WIDTH = 60;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 26;
const TOP = 52;
const BOTTOM = 12;
const FONT = "13px system-ui, sans-serif";

type Measured = Row & { readonly cpu: Spread };

/** Draws the rows that have numbers. */
export function plotOf(section: Section): string {
  const rows = inOrder(section.rows).filter((row): row is Measured => row.cpu !== null);
  const most = Math.max(...rows.map(({ cpu }) => cpu.most), Number.MIN_VALUE);
  const height = TOP + rows.length * ROW_HEIGHT + BOTTOM;
  const title = `CPU seconds for a million messages: ${section.title}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    text({ x: 8, y: 22, anchor: "start" }, title, "title"),
    text({ x: 8, y: 40, anchor: "start" }, `${section.brokerDescription}; less is better`),
    ...rows.flatMap((row, at) => bar(row, { y: TOP + at * ROW_HEIGHT, most })),
    "</svg>",
    "",
  ].join("\n");
}

const STYLE = `text{font:${FONT};fill:#1f2328}.title{font-weight:600}` +
  `.bar{fill:#8c959f}.ours{fill:#0969da}.range{stroke:#1f2328;stroke-width:1}` +
  `@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#6e7681}.ours{fill:#4493f8}.range{stroke:#e6edf3}}`;

function bar(
  { title, cpu, isOurs }: Measured,
  { y, most }: { readonly y: number; readonly most: number },
): readonly string[] {
  const scale = (value: number) => round((value / most) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH));
  const middle = y + BAR_HEIGHT / 2;
  const [from, to] = [LABEL_WIDTH + scale(cpu.least), LABEL_WIDTH + scale(cpu.most)];
  const shape = `x="${LABEL_WIDTH}" y="${y}" width="${scale(cpu.median)}" height="${BAR_HEIGHT}"`;
  const baseline = y + BAR_HEIGHT - 5;
  return [
    text({ x: LABEL_WIDTH - 8, y: baseline, anchor: "end" }, title),
    `<rect class="bar${isOurs ? " ours" : ""}" ${shape}/>`,
    `<line class="range" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`,
    text({ x: to + 6, y: baseline, anchor: "start" }, cpu.median.toFixed(2)),
  ];
}

function text(
  { x, y, anchor }: { readonly x: number; readonly y: number; readonly anchor: "start" | "end" },
  content: string,
  style = "",
): string {
  const ofClass = style === "" ? "" : ` class="${style}"`;
  return `<text x="${round(x)}" y="${y}" text-anchor="${anchor}"${ofClass}>${
    escapeXml(content)
  }</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
