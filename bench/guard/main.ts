/**
 * `deno task bench:guard`: did a change make the service slower? It runs beside naive kafkajs on the static server, and
 * exit 1 says that a ratio of their CPU is worse than bench/guard.json has it by more than 15 %. `--update` keeps what
 * it measured as the new baseline, `--rounds N` and `--messages N` are for trials.
 */
import { parseArgs } from "node:util";
import { expectedTally, makePool } from "../data/bench_events.ts";
import { DATA_SETS, type DataSet } from "../data/data_sets.ts";
import { readKept, writeKept } from "../kept.ts";
import { PEERS } from "../peers/mod.ts";
import { plainText } from "../report/table.ts";
import { runPeer } from "../run/child.ts";
import { describeCommit, describeMachine } from "../run/machine.ts";
import { measureRounds } from "../run/rounds.ts";
import { startStaticServer } from "../run/static_server.ts";
import { judge, type Ratio, ratiosOf, TOLERANCE, type Verdict } from "./ratios.ts";

const BASELINE = new URL("../guard.json", import.meta.url).pathname;
const REFERENCE = "kafkajs-deno";
/** The ways through the service: fields, the whole event, and without what is fast. */
const OURS: readonly string[] = ["service", "service-whole", "service-plain"];
/** Where batches are full, and where what a batch costs is most of it. */
const SETS: readonly string[] = ["events", "small"];
const DEFAULT_ROUNDS = 3;
const DEFAULT_MESSAGES = 300_000;
const DEADLINE_MS = 120_000;
const EXIT_WORSE = 1;
const EXIT_USAGE = 64;
/** `sysexits.h`'s EX_UNAVAILABLE: there is nothing to compare with. */
const EXIT_UNAVAILABLE = 69;

/** The file that is kept. */
interface Baseline {
  readonly ratios: Readonly<Record<string, number>>;
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
}

if (import.meta.main) Deno.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      update: { type: "boolean", default: false },
      rounds: { type: "string", default: String(DEFAULT_ROUNDS) },
      messages: { type: "string", default: String(DEFAULT_MESSAGES) },
    },
  });
  const [rounds, messages] = [Number(values.rounds), Number(values.messages)];
  if (![rounds, messages].every((each) => Number.isSafeInteger(each) && each > 0)) {
    console.error("deno task bench:guard [--update] [--rounds N] [--messages N]");
    return EXIT_USAGE;
  }
  const ratios: Ratio[] = [];
  for (const set of DATA_SETS.filter(({ name }) => SETS.includes(name))) {
    ratios.push(...await measureSet(set, { rounds, messages }));
  }
  if (values.update) {
    await keep(ratios);
    console.log(`Kept in bench/guard.json\n${plainText(tableOf(judge(ratios, {})))}`);
    return 0;
  }
  const baseline = await readKept<Baseline>(BASELINE);
  if (baseline === null) {
    console.error("Nothing to compare with: make a baseline by --update on a commit that is good");
    return EXIT_UNAVAILABLE;
  }
  const verdicts = judge(ratios, baseline.ratios);
  console.log(plainText(tableOf(verdicts)));
  const worse = verdicts.filter(({ isWorse }) => isWorse);
  console.log(
    worse.length === 0
      ? `None is worse by more than ${TOLERANCE * 100} %`
      : `Worse by more than ${
        TOLERANCE * 100
      } % than at ${baseline.commit}: ${worse.length} of ${verdicts.length}`,
  );
  return worse.length === 0 ? 0 : EXIT_WORSE;
}

async function measureSet(
  set: DataSet,
  { rounds, messages }: { readonly rounds: number; readonly messages: number },
): Promise<readonly Ratio[]> {
  const pool = makePool(set, messages);
  const expected = expectedTally(pool, messages);
  await using topic = await startStaticServer({ set, pool, messages });
  const measured = await measureRounds({
    peers: PEERS.filter(({ name }) => name === REFERENCE || OURS.includes(name)),
    rounds,
    measure: (command) => runPeer(command, { ...topic, expected, deadlineMs: DEADLINE_MS }),
    onProgress: (line) => console.log(`[${set.name}] ${line}`),
  });
  return ratiosOf(set.name, { measured, reference: REFERENCE });
}

function tableOf(verdicts: readonly Verdict[]) {
  return {
    titles: ["CPU of one over the other", "now", "baseline", ""],
    rows: verdicts.map(({ name, value, baseline, isWorse }) => [
      name,
      value.toFixed(3),
      baseline?.toFixed(3) ?? "none",
      isWorse ? "worse" : "",
    ]),
  };
}

async function keep(ratios: readonly Ratio[]): Promise<void> {
  const baseline: Baseline = {
    ratios: Object.fromEntries(ratios.map(({ name, value }) => [name, Number(value.toFixed(4))])),
    date: new Date().toISOString(),
    commit: await describeCommit(),
    cpu: (await describeMachine()).cpu,
  };
  await writeKept(BASELINE, baseline);
}
