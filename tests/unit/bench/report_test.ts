import assert from "node:assert/strict";
import { performancePage, plottedSections } from "../../../bench/report/page.ts";
import { plotOf } from "../../../bench/report/plot.ts";
import { writeDocs } from "../../../bench/report/docs.ts";
import { markdown, plainText, tableOf } from "../../../bench/report/table.ts";
import { readScale } from "../../../bench/scale/results.ts";
import { merge, readResults, type Row, type Section } from "../../../bench/results.ts";

const DOCS = new URL("../../../docs/", import.meta.url);

const NO_NUMBERS = {
  cpu: null,
  wholeRate: null,
  streamRate: null,
  peakRssBytes: null,
  p50: null,
  p99: null,
} as const;

function row(peer: string, cpu: number | null, own: Partial<Row> = {}): Row {
  const facts = { peer, title: `The ${peer}`, decodes: "whole event", validates: "types" };
  const measured = cpu === null ? {} : {
    cpu: { median: cpu, least: cpu - 0.1, most: cpu + 0.1 },
    wholeRate: { median: 250_000, least: 250_000, most: 250_000 },
    streamRate: { median: 400_400, least: 400_400, most: 400_400 },
    peakRssBytes: { median: 1.5e8, least: 1.5e8, most: 1.5e8 },
  };
  return {
    ...facts,
    isOurs: peer === "service",
    missing: null,
    ...NO_NUMBERS,
    ...measured,
    ...own,
  };
}

function section(own: Partial<Section> = {}): Section {
  return {
    broker: "kafka",
    brokerDescription: "Apache Kafka 4.4.0",
    set: "events",
    title: "750 B events",
    messages: 1_000_000,
    rounds: 5,
    rows: [row("other", 5), row("gone", null, { missing: "no go" }), row("service", 2)],
    date: "2024-01-15T10:30:45.000Z",
    command: "deno task bench --keep",
    commit: "abc",
    machine: {
      cpu: "A processor",
      cores: 2,
      memoryBytes: 24 * 2 ** 30,
      kernel: "linux 6",
      loadBefore: 0.04,
    },
    versions: { Deno: "2.9.6" },
    ...own,
  };
}

Deno.test("tableOf() puts the cheapest first, compares with ours, and says what is missing", () => {
  const { titles, rows } = tableOf(section());
  assert.equal(titles[3], "CPU s / 1M");
  assert.deepEqual(rows.map((cells) => [cells[0], ...cells.slice(3)]), [
    ["The service", "2.00 (1.90–2.10)", "1.00", "250", "400", "150"],
    ["The other", "5.00 (4.90–5.10)", "0.40", "250", "400", "150"],
    ["The gone", "left out: no go", "–", "–", "–", "–"],
  ]);
});

Deno.test("tableOf() shows latencies at a steady rate", () => {
  const times = { median: 4.04, least: 4.04, most: 4.04 };
  const { titles, rows } = tableOf(
    section({
      set: "rate",
      rows: [row("service", 7, { p50: times, p99: times, acknowledgedP99: times })],
    }),
  );
  assert.deepEqual(titles.slice(3), [
    "CPU % of a core",
    "ours ÷ it",
    "p50 ms",
    "p99 ms",
    "acknowledged p99 ms",
    "peak MB",
  ]);
  assert.deepEqual(rows[0]?.slice(3), ["7.0 (6.9–7.1)", "1.00", "4.0", "4.0", "4.0", "150"]);
});

Deno.test("markdown() and plainText() keep columns apart", () => {
  const table = { titles: ["a", "bb"], rows: [["1|2", "x"], ["3", "y"]] };
  assert.equal(markdown(table), "| a | bb |\n| --- | --- |\n| 1\\|2 | x |\n| 3 | y |");
  assert.equal(plainText(table), "a    bb\n1|2  x\n3    y");
});

Deno.test("plotOf() draws a bar for each row with numbers, ours in another colour", () => {
  const svg = plotOf(section({ title: "5 < 6 & more" }));
  const bars = svg.match(/<rect class="bar[^"]*"/g);
  assert.deepEqual(bars, [`<rect class="bar ours"`, `<rect class="bar"`]);
  assert.ok(svg.includes("5 &lt; 6 &amp; more") && !svg.includes("The gone"));
  const widths = [...svg.matchAll(/width="([\d.]+)" height/g)].map(([, width]) => Number(width));
  assert.ok(Math.abs((widths[0] ?? 0) / (widths[1] ?? 1) - 0.4) < 0.01, String(widths));
  assert.ok(!svg.includes("NaN"));
});

Deno.test("plotOf() draws nothing of nothing", () => {
  const svg = plotOf(section({ rows: [row("gone", null, { missing: "no go" })] }));
  assert.ok(svg.includes("</svg>") && !svg.includes("<rect") && !svg.includes("NaN"));
});

Deno.test("performancePage() has each section, where it is from, and a plot of the first set", () => {
  const page = performancePage([
    section({ broker: "static", set: "wide", title: "64 partitions" }),
    section(),
  ]);
  const [kafka = 0, wide = 0] = ["### 750 B events", "### 64 partitions"].map((title) =>
    page.indexOf(title)
  );
  assert.ok(kafka > 0 && wide > kafka);
  assert.equal(page.match(/\(performance-[a-z]+\.svg\)/g)?.join(), "(performance-kafka.svg)");
  assert.match(
    page,
    /`deno task bench --keep` at abc on Apache Kafka 4\.4\.0; A processor, 2 cores, 24 GiB/,
  );
  assert.deepEqual([...plottedSections([section()]).keys()], ["performance-kafka.svg"]);
  assert.match(performancePage([]), /No results are kept yet/);
});

Deno.test("merge() replaces the section of the same broker and set, and no other", () => {
  const [first, other] = [section(), section({ broker: "static" })];
  const again = section({ rounds: 9 });
  assert.deepEqual(merge([first, other], again), [again, other]);
  assert.deepEqual(merge([first], other), [first, other]);
});

Deno.test("docs/performance.md and its plots follow from what is kept in bench/", async () => {
  const results = await readResults();
  if (Deno.env.get("UPDATE_DOCS") === "1") await writeDocs(results);
  assert.equal(
    condensed(await readDoc("performance.md")),
    condensed(performancePage(results, await readScale())),
  );
  for (const [file, plotted] of plottedSections(results)) {
    assert.equal(packed(await readDoc(file)), packed(plotOf(plotted)), file);
  }
});

function readDoc(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, DOCS));
}

/** Without what the formatter pads. */
function condensed(text: string): string {
  return text.replace(/ +/g, " ").replace(/-{3,}/g, "---").trim();
}

/** The same for a plot: blanks say nothing there, nor does the last semicolon of a style. */
function packed(svg: string): string {
  return svg.replace(/\s/g, "").replaceAll(";}", "}");
}
