/** The flags of `deno task bench`. */
import { parseArgs } from "node:util";
import { DATA_SETS } from "./data/data_sets.ts";
import { PEERS } from "./peers/mod.ts";

/** Where the messages come from. */
export type BrokerKind = "kafka" | "static";

/** What a run measures. */
export interface BenchOptions {
  readonly brokers: readonly BrokerKind[];
  /** Names of data sets; `rate` stands for the steady rate. */
  readonly sets: readonly string[];
  /** Names of peers; null is all. */
  readonly only: readonly string[] | null;
  /** Of each set; null is what the set says. */
  readonly messages: number | null;
  readonly rounds: number;
  /** At the steady rate. */
  readonly seconds: number;
  /** Few messages: to see that everything works. Says nothing about speed, and is never kept. */
  readonly isQuick: boolean;
  /** Keep the results in bench/results.json, and write docs/performance.md anew. */
  readonly keeps: boolean;
}

/** A flag that means nothing. */
export class BenchUsageError extends Error {
  override readonly name = "BenchUsageError";
}

/** The name of the section at a steady rate. */
export const RATE = "rate";

export const USAGE = `deno task bench [--quick] [--keep] [--only NAME,...] [--data NAME,...]
    [--broker kafka|static] [--messages N] [--rounds N] [--seconds N]

  --only      peers: ${PEERS.map(({ name }) => name).join(", ")}
  --data      sets: ${DATA_SETS.map(({ name }) => name).join(", ")}, ${RATE}
  --broker    kafka, static; both by default
  --messages  of each set
  --rounds    of which the median counts; 5 by default
  --seconds   at the steady rate; 30 by default
  --quick     few messages, one round: to see that everything works
  --keep      keep the results in bench/results.json, and write docs/performance.md anew`;

const QUICK_MESSAGES = 20_000;
const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 30;
const QUICK_SECONDS = 3;

/** Reads the flags. @throws BenchUsageError */
export function parseOptions(args: readonly string[]): BenchOptions {
  const values = readFlags(args);
  const isQuick = values.quick ?? false;
  const keeps = values.keep ?? false;
  if (isQuick && keeps) throw new BenchUsageError("Leave out --keep: a quick run measures nothing");
  if (values.only !== undefined && keeps) {
    throw new BenchUsageError("Leave out --keep or --only: a kept table has all consumers");
  }
  return {
    brokers: choose("--broker", values.broker, ["kafka", "static"]) ?? ["kafka", "static"],
    sets: choose("--data", values.data, allSets()) ?? (isQuick ? quickSets() : allSets()),
    only: choose("--only", values.only, PEERS.map(({ name }) => name)),
    messages: count("--messages", values.messages) ?? (isQuick ? QUICK_MESSAGES : null),
    rounds: count("--rounds", values.rounds) ?? (isQuick ? 1 : DEFAULT_ROUNDS),
    seconds: count("--seconds", values.seconds) ?? (isQuick ? QUICK_SECONDS : DEFAULT_SECONDS),
    isQuick,
    keeps,
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        broker: { type: "string" },
        data: { type: "string" },
        only: { type: "string" },
        messages: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        quick: { type: "boolean" },
        keep: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new BenchUsageError(error instanceof Error ? error.message : String(error));
  }
}

function allSets(): readonly string[] {
  return [...DATA_SETS.map(({ name }) => name), RATE];
}

/** What most goes wrong with: other frames, and messages that are not good. */
function quickSets(): readonly string[] {
  return ["events", "invalid"];
}

/** Null when the flag is not there. */
function choose<Name extends string>(
  flag: string,
  value: string | undefined,
  known: readonly Name[],
): readonly Name[] | null {
  if (value === undefined) return null;
  return value.split(",").map((name) => {
    const found = known.find((each) => each === name);
    if (found !== undefined) return found;
    throw new BenchUsageError(`Choose ${flag} from ${known.join(", ")}: ${name}`);
  });
}

function count(flag: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new BenchUsageError(`Set ${flag} to a number above 0: ${value}`);
}
