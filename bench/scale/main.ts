/**
 * `deno task bench:scale`: how the cost of the service grows with partitions, brokers, keys and the size of messages, on
 * the static server, and with the members of the group, without any. For what is no question of this machine's speed,
 * docs/performance.md has the rules. `--rounds N`, `--only AXIS,...`, `--keep` for docs/performance.md.
 */
import { parseArgs } from "node:util";
import { expectedTally, makePool } from "../data/bench_events.ts";
import { writeKept } from "../kept.ts";
import { PEERS } from "../peers/mod.ts";
import type { PeerCommand } from "../peers/peer.ts";
import { writeDocs } from "../report/docs.ts";
import { spreadOf } from "../report/statistics.ts";
import { plainText, REFERENCE } from "../report/table.ts";
import { readResults } from "../results.ts";
import { runPeer, type Sample } from "../run/child.ts";
import { describeCommit, describeMachine } from "../run/machine.ts";
import { startStaticServer } from "../run/static_server.ts";
import { AXES, type Axis, type Point } from "./axes.ts";
import { measureGroupPlan } from "./group_plans.ts";
import { axisTable, planTable } from "./page.ts";
import { type AxisResult, type PointResult, SCALE, type ScaleResults } from "./results.ts";

const DEFAULT_ROUNDS = 3;
const DEADLINE_MS = 180_000;
const IDLE_MS = 5_000;
/** Where it is of interest what the service costs with nothing to do. */
const IDLE_AXES: readonly string[] = ["partitions", "brokers"];
const GROUP_SIZES = [[1, 1_000], [10, 1_000], [100, 1_000], [500, 1_000], [100, 10_000]] as const;
const EXIT_USAGE = 64;

if (import.meta.main) Deno.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      rounds: { type: "string", default: String(DEFAULT_ROUNDS) },
      only: { type: "string" },
      keep: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  const only = values.only?.split(",") ?? null;
  const axes = AXES.filter(({ name }) => only?.includes(name) ?? true);
  const isUsable = Number.isSafeInteger(rounds) && rounds > 0 && axes.length > 0;
  if (!isUsable || (values.keep && only !== null)) {
    const names = AXES.map(({ name }) => name).join(",");
    console.error(`deno task bench:scale [--rounds N] [--only ${names}] | [--keep]`);
    return EXIT_USAGE;
  }
  const machine = await describeMachine();
  const results: AxisResult[] = [];
  for (const axis of axes) {
    const result = await measureAxis(axis, rounds);
    console.log(`\n${result.title}\n${plainText(axisTable(result))}\n`);
    results.push(result);
  }
  const plans = GROUP_SIZES.map(([members, partitions]) => measureGroupPlan(members, partitions));
  console.log(`\nMembers of the group\n${plainText(planTable(plans))}\n`);
  if (!values.keep) return 0;
  const kept: ScaleResults = {
    axes: results,
    plans,
    rounds,
    machine,
    date: new Date().toISOString(),
    command: ["deno task bench:scale", ...Deno.args].join(" "),
    commit: await describeCommit(),
  };
  await writeKept(SCALE, kept);
  await writeDocs(await readResults());
  return 0;
}

/** All points at once are held ready, so that they can take turns. */
async function measureAxis({ name, title, points }: Axis, rounds: number): Promise<AxisResult> {
  const service = PEERS.find((peer) => peer.name === REFERENCE);
  if (service === undefined) throw new Error(`No such peer: ${REFERENCE}`);
  const command = await service.prepare();
  const idleMs = IDLE_AXES.includes(name) ? IDLE_MS : undefined;
  const samples = points.map((): Sample[] => []);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, point] of points.entries()) {
      const sample = await measurePoint(command, { point, idleMs });
      samples[index]?.push(sample);
      const cpu = sample.cpuSeconds.toFixed(2);
      console.log(`[${name} ${round}/${rounds}] ${point.label}: CPU ${cpu} s`);
    }
  }
  return {
    name,
    title,
    points: points.map((point, index) => pointResult(point, samples[index] ?? [])),
  };
}

async function measurePoint(
  command: PeerCommand,
  { point: { set, messages }, idleMs }: {
    readonly point: Point;
    readonly idleMs: number | undefined;
  },
): Promise<Sample> {
  const pool = makePool(set, messages);
  await using topic = await startStaticServer({ set, pool, messages });
  return await runPeer(command, {
    ...topic,
    expected: expectedTally(pool, messages),
    deadlineMs: DEADLINE_MS,
    ...(idleMs === undefined ? {} : { idleMs }),
  });
}

function pointResult({ label, messages }: Point, samples: readonly Sample[]): PointResult {
  const of = (value: (sample: Sample) => number) => spreadOf(samples.map(value));
  const idle = samples.flatMap(({ idleShare }) => idleShare === undefined ? [] : [100 * idleShare]);
  return {
    label,
    messages,
    cpu: of(({ cpuSeconds }) => (1_000_000 * cpuSeconds) / messages),
    streamRate: of(({ streamSeconds }) => messages / streamSeconds),
    peakRssBytes: of(({ peakRssBytes }) => peakRssBytes),
    idle: idle.length === 0 ? null : spreadOf(idle),
  };
}
