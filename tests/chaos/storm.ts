/** Faults at random, from a seed, one after the other, for as long as is wanted. */
import { SeededRandom } from "../support/seeded_random.ts";
import { Bench } from "./bench.ts";
import type { BenchOptions } from "./bench_options.ts";
import type { ChaosCluster } from "./cluster.ts";
import { disturb, type Disturbance, DISTURBANCES } from "./faults.ts";
import type { Report } from "./report.ts";

/** What a storm is. */
export interface StormOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** One fault begins every so many milliseconds, or later when the one before is not over. At once by default. */
  readonly everyMs?: number;
  readonly bench?: BenchOptions;
  readonly from?: readonly Disturbance[];
  /** Told of each fault. */
  readonly onFault?: (line: string) => void;
}

const MAX_PAUSE_MS = 3_000;

/** Lets it rage, and judges what came of it. */
export async function storm(cluster: ChaosCluster, options: StormOptions): Promise<Report> {
  const { seed, durationMs, everyMs = 0, from = DISTURBANCES, onFault = () => {} } = options;
  const random = new SeededRandom(seed);
  await using bench = await Bench.start(cluster, { seed, ...options.bench });
  const startedAt = Date.now();
  const endsAt = startedAt + durationMs;
  while (Date.now() < endsAt) {
    const begunAt = Date.now();
    const disturbance = draw(from, random);
    await disturb(bench, disturbance, random);
    const took = ((Date.now() - begunAt) / 1000).toFixed(1);
    onFault(`${elapsed(startedAt)}  ${disturbance.name}: over after ${took} s`);
    const pauseMs = Math.max(random.below(MAX_PAUSE_MS), begunAt + everyMs - Date.now());
    await bench.goOn(Math.max(0, Math.min(pauseMs, endsAt - Date.now())));
  }
  return await bench.finish();
}

function draw(from: readonly Disturbance[], random: SeededRandom): Disturbance {
  return random.pick(from.flatMap((each) => Array<Disturbance>(each.weight).fill(each)));
}

function elapsed(since: number): string {
  const seconds = Math.round((Date.now() - since) / 1000);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${pad(Math.trunc(seconds / 60))}:${pad(seconds % 60)}`;
}
