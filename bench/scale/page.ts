/** The part of docs/performance.md about how cost grows: what was measured, and what follows from how it is built. */
import { markdown, spreadText, type Table } from "../report/table.ts";
import type { GroupPlanResult } from "./group_plans.ts";
import type { AxisResult, ScaleResults } from "./results.ts";

const RULES = `### On paper

| what grows | what grows with it | limit |
| --- | --- | --- |
| messages a second | nearly all of the cost, in proportion: the table at the top | one core an instance; more instances, up to one for each partition |
| bytes a message | decompression, text and JSON, in proportion | \`MAX_DECOMPRESSED_BYTES\` for a batch; the brokers' \`message.max.bytes\` |
| partitions | a window and a position each; every fetch names each partition that has room, as sessions of fetching are not used: about 40 bytes each, there and back; one metadata request in \`METADATA_MAX_AGE_MS\` for all | memory: \`MAX_BUFFER_BYTES\` in even shares and a batch each, whatever comes first |
| brokers | a loop of fetching and a connection for each that leads something of ours, and one for metadata, group, heartbeat and commits | none in the service: each answer is taken on by itself |
| keys | a lane for each key that has a message in flight, gone when it is done; none for those that rest | a key is handled one message after the other: at most 1 / (time of the handler) a second, whatever \`CONCURRENCY\` |
| handlers that wait | nothing but memory | \`CONCURRENCY\` / (time of the handler) messages a second |
| members of the group | one heartbeat a member in \`HEARTBEAT_INTERVAL_MS\`; a plan at each rebalance, made by the leader | the coordinator: it sends every subscription to the leader, with all that each one owns |
| commits | one in \`AUTO_COMMIT_INTERVAL_MS\` with all partitions that moved, and one early where \`COMMIT_MAX_MESSAGES\` are done | none of its own |`;

/** Nothing where nothing was measured: rules alone are told anyway. */
export function scalePart(results: ScaleResults | null): string {
  const measured = results === null ? [] : [
    "Measured by `deno task bench:scale` on the static server, which shares the machine's cores with the service: CPU is " +
    "the service's own, the rate is of both together. Start and joining are in the CPU, about half a second each.",
    ...results.axes.flatMap((axis) => [`### By ${axis.title}`, markdown(axisTable(axis))]),
    "### By members of the group",
    "A member joins a balanced group: what the leader works out, without any broker.",
    markdown(planTable(results.plans)),
    originOf(results),
  ];
  return ["## How it grows", ...measured, RULES].join("\n\n");
}

/** An axis as a table. */
export function axisTable({ title, points }: AxisResult): Table {
  const hasIdle = points.some(({ idle }) => idle !== null);
  return {
    titles: [
      title,
      "messages",
      "CPU s / 1M",
      "k msg/s",
      "peak MB",
      ...(hasIdle ? ["idle, % of a core"] : []),
    ],
    rows: points.map(({ label, messages, cpu, streamRate, peakRssBytes, idle }) => [
      label,
      messages.toLocaleString("en-US"),
      spreadText(cpu, 2),
      Math.round(streamRate.median / 1000).toString(),
      Math.round(peakRssBytes.median / 1e6).toString(),
      ...(hasIdle ? [spreadText(idle, 1)] : []),
    ]),
  };
}

/** Plans of groups as a table. */
export function planTable(plans: readonly GroupPlanResult[]): Table {
  return {
    titles: ["members", "partitions", "plan ms", "partitions that move", "subscriptions KB"],
    rows: plans.map(({ members, partitions, planMs, moved, joinBytes }) => [
      members.toLocaleString("en-US"),
      partitions.toLocaleString("en-US"),
      planMs.toFixed(1),
      moved.toLocaleString("en-US"),
      Math.round(joinBytes / 1000).toString(),
    ]),
  };
}

function originOf({ machine, date, command, commit, rounds }: ScaleResults): string {
  return `<details><summary>${date.slice(0, 10)}, ${rounds} ${
    rounds === 1 ? "round" : "rounds"
  }</summary>\n\n\`${command}\` at ${commit}; ${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, ` +
    `load before ${machine.loadBefore.toFixed(1)}.\n\n</details>`;
}
