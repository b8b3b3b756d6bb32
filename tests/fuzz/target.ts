/**
 * What a fuzz target is, and one value of it put to the test. A value is bytes alone: whatever else a check wants to
 * know it reads from them, so that a found case can be kept as a test (tests/fuzz/corpus) and outlives its generator.
 */
import process from "node:process";
import { SeededRandom } from "../support/seeded_random.ts";

export interface FuzzTarget {
  readonly name: string;
  /** How many values it gets where others get one: those that are cheap get more. */
  readonly weight: number;
  make(random: SeededRandom): Uint8Array | Promise<Uint8Array>;
  /** Throws when the value shows a bug. */
  check(input: Uint8Array): void | Promise<void>;
  /** Ends what the checks needed. */
  close?(): Promise<void>;
}

/** A value that shows a bug. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** Of a value that is checked: no value is so large that it may take longer. */
export const CHECK_LIMIT_MS = 2_000;

/** A longer value is not shown: what repeats it is. */
const SHOWN_BYTES = 4_000;

/** Which value of which target. */
export interface ValueId {
  readonly seed: number;
  readonly index: number;
}

/**
 * Makes and checks one value.
 *
 * @throws Finding with what is needed to repeat it
 */
export async function fuzzOne(target: FuzzTarget, id: ValueId): Promise<void> {
  const input = await target.make(new SeededRandom(mix(id)));
  const problem = await problemWith(target, input);
  if (problem === null) return;
  const repeat = `deno task fuzz --target ${target.name} --seed ${id.seed} --from ${id.index}`;
  throw new Finding(`${repeat} --values 1\n${shown(input)}\n${problem}`);
}

/** What is wrong with the service, as this value shows; null when nothing is. */
export async function problemWith(target: FuzzTarget, input: Uint8Array): Promise<string | null> {
  try {
    let tookMs = await timedCheck(target, input);
    // On a machine that does other things as well, once tells nothing.
    if (tookMs > CHECK_LIMIT_MS) tookMs = await timedCheck(target, input);
    return tookMs > CHECK_LIMIT_MS ? `it took ${tookMs.toFixed(0)} ms of CPU time` : null;
  } catch (error) {
    return error instanceof Error ? error.stack ?? error.message : `thrown: ${String(error)}`;
  }
}

/** The CPU time of the process, or what passed if that is less: waiting counts for nothing. */
async function timedCheck(target: FuzzTarget, input: Uint8Array): Promise<number> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await target.check(input);
  const { user, system } = process.cpuUsage(before);
  return Math.min((user + system) / 1_000, performance.now() - startedAt);
}

/** Neighbours have nothing in common. */
function mix({ seed, index }: ValueId): number {
  const mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function shown(input: Uint8Array): string {
  return input.length <= SHOWN_BYTES ? input.toBase64() : `${input.length} bytes`;
}
