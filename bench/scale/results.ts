/** What `deno task bench:scale` measured, as it is kept. docs/performance.md has its part of it. */
import { readKept } from "../kept.ts";
import type { Spread } from "../report/statistics.ts";
import type { Machine } from "../results.ts";
import type { GroupPlanResult } from "./group_plans.ts";

/** The file that is kept. */
export const SCALE = new URL("../scale.json", import.meta.url).pathname;

/** One value of one axis. */
export interface PointResult {
  readonly label: string;
  readonly messages: number;
  /** CPU seconds for a million messages. */
  readonly cpu: Spread;
  /** Messages a second from the first on. */
  readonly streamRate: Spread;
  readonly peakRssBytes: Spread;
  /** Percent of a core with nothing to do; null where it was not measured. */
  readonly idle: Spread | null;
}

/** All values of one axis. */
export interface AxisResult {
  readonly name: string;
  readonly title: string;
  readonly points: readonly PointResult[];
}

/** The file. */
export interface ScaleResults {
  readonly axes: readonly AxisResult[];
  readonly plans: readonly GroupPlanResult[];
  readonly rounds: number;
  /** ISO 8601, when it was over. */
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  readonly machine: Machine;
}

/** Null where nothing is kept yet. */
export async function readScale(path: string = SCALE): Promise<ScaleResults | null> {
  return await readKept(path);
}
