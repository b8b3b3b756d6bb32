/** docs/performance.md: what was measured, how, and where it ends. Every number in it comes from the results. */
import { DATA_SETS } from "../data/data_sets.ts";
import type { Section } from "../results.ts";
import { scalePart } from "../scale/page.ts";
import type { ScaleResults } from "../scale/results.ts";
import { markdown, tableOf } from "./table.ts";

/** The set that the plots show. */
const PLOTTED = DATA_SETS[0]?.name;

const INTRODUCTION = `# Performance

What the service costs beside the consumers that one could take instead, measured by \`deno task bench\` ([bench/README.md](../bench/README.md)). This page is made from
\`bench/results.json\` and \`bench/scale.json\`; a test says so.`;

const METHOD = `## Method

- Every consumer reads the same topic from its first message to its last, in a process of its own and as a new group. They take turns: all once, then all again in another order. The
  median counts; least and most stand in brackets.
- CPU is user and system time of the whole process, all threads, from its start to its last message. Start, compilation of code and joining the group are in it.
- "k msg/s" is the whole run, start included; "from the first" begins at the first message. Broker and consumer share the machine's cores, so both depend on the
  broker, too.
- "peak MB" is the most memory that was ever resident.
- "ours ÷ it" is the CPU of the service, with a handler that reads three fields, over that of the row: below 1 the service is cheaper.
- Every consumer counts what it handled and what it rejected, and sums up a checksum of three fields. A row that counts something else than was sent is refused.
- The service runs as in production: full validation, lanes, retries and dead letters, metrics, HTTP, commits. Others do what stands beside them, with their defaults, and are
  written as their documentation begins.
- Apache Kafka is one node. The static server is the embedded broker with record batches that were built before, served from memory: it takes less of
  the machine, so that consumers differ more.
- At a steady rate, single messages come at 1,000 a second. Latency is from the producer's clock just before it sends to the handler's, on one machine.
  "acknowledged" is how long the broker took until the producer knew: a latency cannot be judged where that is as long. A broker that has just started is made warm first.`;

const DATA = `## Data

Events as the Ingestion-Service makes them, from a seed, with random ids, tokens and users; up to 64,000 different ones, repeated.

| set | what it is | partitions | messages |
| --- | --- | --- | --- |
${
  DATA_SETS.map((set) =>
    `| \`${set.name}\` | ${set.title} | ${set.partitions} | ${
      set.messages.toLocaleString("en-US")
    } |`
  ).join("\n")
}

Of the invalid messages half are cut off and half have no \`user_id\`, so that every consumer that decodes can see it. The service writes each to the dead-letter topic; the others
count it.`;

const LIMITS = `## Limits

- One machine, one kind of event, no TLS. Numbers of different sections were not taken at the same moment: compare within a table.
- Differences below 5 % are noise, and so are those within the brackets.
- Not all check the same: msgspec and Go build times but look at no URL and no UUID; json and orjson check nothing. Where a row decodes three fields only, it checks only those.
- "Tuned" lifts librdkafka's limits on prefetching (\`queued.min.messages\`, \`queued.max.messages.kbytes\`): faster by the clock, and paid for in memory.`;

const REPEATING = `## How to repeat it

\`\`\`
deno task bench --quick     # a minute: does everything run?
deno task bench --keep      # all of it, for this page
deno task bench:scale       # how it grows; with --keep for this page
deno task bench:guard       # is it slower than it was?
\`\`\``;

const NOTHING_YET = `## Results

No results are kept yet.`;

/** The whole page. */
export function performancePage(
  sections: readonly Section[],
  scale: ScaleResults | null = null,
): string {
  const results = sections.length === 0 ? [NOTHING_YET] : [
    ...partOf("On Apache Kafka", sections.filter(({ broker }) => broker === "kafka")),
    ...partOf("On the static server", sections.filter(({ broker }) => broker === "static")),
  ];
  return `${
    [INTRODUCTION, ...results, scalePart(scale), METHOD, DATA, LIMITS, REPEATING].join("\n\n")
  }\n`;
}

/** The plots that the page shows, by name of file. */
export function plottedSections(sections: readonly Section[]): ReadonlyMap<string, Section> {
  const plotted = sections.filter(({ set }) => set === PLOTTED);
  return new Map(plotted.map((section) => [plotFile(section), section]));
}

function plotFile({ broker }: Section): string {
  return `performance-${broker}.svg`;
}

function partOf(title: string, sections: readonly Section[]): readonly string[] {
  if (sections.length === 0) return [];
  return [`## ${title}`, ...sections.flatMap(sectionText)];
}

function sectionText(section: Section): readonly string[] {
  const plot = section.set === PLOTTED
    ? [`![CPU seconds for a million messages](${plotFile(section)})`]
    : [];
  return [`### ${section.title}`, ...plot, markdown(tableOf(section)), originOf(section)];
}

function originOf(section: Section): string {
  const { machine, versions, brokerDescription, messages, rounds, date, commit, command } = section;
  const gigabytes = Math.round(machine.memoryBytes / 2 ** 30);
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `<details><summary>${date.slice(0, 10)}, ${messages.toLocaleString("en-US")} messages, ` +
    `${rounds} ${rounds === 1 ? "round" : "rounds"}</summary>\n\n` +
    `\`${command}\` at ${commit} on ${brokerDescription}; ${machine.cpu}, ${machine.cores} cores, ` +
    `${gigabytes} GiB, ${machine.kernel}, load before ${machine.loadBefore.toFixed(1)}. ` +
    `${named.join(", ")}.\n\n</details>`;
}
