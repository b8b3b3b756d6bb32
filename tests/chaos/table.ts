/**
 * The table of faults: each row a test by its name; the rows of a file share a cluster, each with a topic of its own. `CHAOS=full` runs all of them and
 * keeps their results; `CHAOS=short` runs a few, with fewer repetitions.
 */
import { librdkafkaMissing } from "../support/librdkafka.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { testIfPossible } from "../support/test_if_possible.ts";
import { describe } from "./account.ts";
import { Bench } from "./bench.ts";
import type { BenchOptions } from "./bench_options.ts";
import { ChaosCluster } from "./cluster.ts";
import { disturb, type Disturbance } from "./faults.ts";
import { assertGood } from "./report.ts";
import { keepResult, resultOf } from "./results.ts";

/** A row. */
export interface Row {
  /** The fault, in words. */
  readonly fault: string;
  /** What is promised of it, in words. */
  readonly expected: string;
  /** Runs with the short set, too. */
  readonly isShort?: boolean;
  readonly bench?: BenchOptions;
}

/** What a row is run with. */
export interface RowContext {
  readonly bench: Bench;
  readonly random: SeededRandom;
  /** Injects a fault so many times; so many in the short set, once by default. */
  readonly repeat: (disturbance: Disturbance, full: number, short?: number) => Promise<void>;
  readonly isShort: boolean;
}

const SET = Deno.env.get("CHAOS");
const IS_SHORT = SET !== "full";
const TOOLS_MISSING = Deno.env.get("TEST_KAFKA_JARS_MISSING") ?? "run it by deno task test chaos";
const LIBRDKAFKA_MISSING = SET === undefined ? null : await librdkafkaMissing();
/** In the short set the machine is anybody's, and has other things to do. */
const SHORT_SLACK = 2;

let cluster: ChaosCluster | null = null;
Deno.test.afterAll(endCluster);

/** Registers a row. The body injects its faults; the verdict comes after it. */
export function row(options: Row, body: (context: RowContext) => Promise<void>): void {
  if (IS_SHORT && !options.isShort) return;
  const name = `${options.fault}: ${options.expected}`;
  testIfPossible(name, TOOLS_MISSING || LIBRDKAFKA_MISSING, async () => {
    const seed = Number(Deno.env.get("TEST_SEED") ?? Math.trunc(Math.random() * 1_000_000));
    const random = new SeededRandom(seed);
    await using bench = await Bench.start(await healthyCluster(), { seed, ...options.bench });
    const repeat = async (disturbance: Disturbance, full: number, short = 1) => {
      for (let times = IS_SHORT ? short : full; times > 0; times -= 1) {
        await disturb(bench, disturbance, random);
      }
    };
    try {
      await body({ bench, random, repeat, isShort: IS_SHORT });
    } catch (error) {
      bench.addProblem(error instanceof Error ? error.message : String(error));
    }
    const report = await bench.finish();
    console.log(`Seed ${seed}${describe(report).join("\n")}`);
    if (!IS_SHORT) await keepResult(resultOf(options, report));
    assertGood(report, IS_SHORT ? SHORT_SLACK : 1);
  }, { sanitizeOps: false, sanitizeResources: false });
}

/** The cluster of this file, whatever the row before did to it. */
async function healthyCluster(): Promise<ChaosCluster> {
  try {
    await cluster?.heal();
  } catch (error) {
    console.error(`Starting a new cluster: ${error}`);
    await endCluster();
  }
  cluster ??= await ChaosCluster.start();
  return cluster;
}

async function endCluster(): Promise<void> {
  const ending = cluster;
  cluster = null;
  await ending?.[Symbol.asyncDispose]();
}
