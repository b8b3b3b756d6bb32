/**
 * The runner behind `deno task test`: one real Kafka for the whole run where one can be had, then each suite by
 * `deno test`, then the summary. Whatever happens, Kafka and everything that tests left running is ended.
 */
import { jarsMissing } from "../tests/support/kafka_jars.ts";
import { killNodesUnder } from "../tests/support/kafka_process.ts";
import { findKafkaSource, type RealKafka, startRealKafka } from "../tests/support/real_kafka.ts";
import { readJunit, type TestCase } from "./junit.ts";
import {
  isFiltered,
  parseTestArguments,
  type Selection,
  type Suite,
  type TestArguments,
} from "./test_arguments.ts";
import { signalGroup } from "./process_group.ts";
import { provideExecutable } from "./test_executable.ts";
import { hasFailed, type SuiteResult, summarize } from "./test_summary.ts";

/** A suite that takes longer hangs. */
const SUITE_DEADLINE_MS = 900_000;
/** The whole table of faults takes an hour. */
const FULL_CHAOS_DEADLINE_MS = 3 * 3_600_000;
/** How long a suite that is told to stop may take before it is killed. */
const STOP_GRACE_MS = 5_000;
const EXIT_USAGE = 64;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Which rows of the table of faults are run when nothing is said. */
const CHAOS_SET = { CHAOS: "short" };

/** For suites that need none, and as the base for those that go without. */
const NO_KAFKA: ProvidedKafka = {
  environment: {},
  problem: null,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Suites that do not use the Kafka of the run. */
const WITHOUT_SHARED: ReadonlySet<Suite> = new Set(["unit", "browser", "chaos"]);

/** Suites whose files run beside each other. Those of integration mostly wait; the others want the machine. */
const PARALLEL: ReadonlySet<Suite> = new Set(["unit", "integration"]);
const INTEGRATION_JOBS = "2";

/** Suites that run the code they test themselves, and not as a child process only. */
const IN_PROCESS: ReadonlySet<Suite> = new Set(["unit", "integration"]);

/** Set by a signal; aborts the running suite and everything after it. */
const stop = new AbortController();

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  let options: TestArguments;
  try {
    options = parseTestArguments(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return EXIT_USAGE;
  }
  for (const [signal, number] of Object.entries(SIGNALS)) {
    Deno.addSignalListener(signal as Deno.Signal, () => stop.abort(number));
  }
  const results = await runAll(options);
  console.log(`\n${summarize(results).join("\n")}`);
  if (stop.signal.aborted) return 128 + Number(stop.signal.reason);
  return hasFailed(results) ? 1 : 0;
}

async function runAll({ selections, extra }: TestArguments): Promise<readonly SuiteResult[]> {
  const runDirectory = await Deno.makeTempDir({ prefix: "processing-service-test-" });
  // Clusters look here for where to live, so that the sweep below finds them all.
  Deno.env.set("TEST_RUN_DIR", runDirectory);
  const results: SuiteResult[] = [];
  try {
    await using kafka = await provideKafka(selections);
    if (kafka.problem !== null) results.push(kafka.problem);
    const { environment } = kafka;
    for (const selection of selections) {
      if (stop.signal.aborted || !await hasTests(selection)) continue;
      const run = selection.suite === "compiled" ? runCompiled : runSuite;
      results.push(await run(selection, { extra, runDirectory, environment }));
    }
    await showCoverage();
  } finally {
    await killNodesUnder(runDirectory);
    await Deno.remove(runDirectory, { recursive: true });
  }
  return results;
}

interface ProvidedKafka extends AsyncDisposable {
  /** What the tests are told. */
  readonly environment: Readonly<Record<string, string>>;
  /** Set when a Kafka is required and cannot be had. */
  readonly problem: SuiteResult | null;
}

async function provideKafka(selections: readonly Selection[]): Promise<ProvidedKafka> {
  if (selections.every(({ suite }) => suite === "unit" || suite === "browser")) {
    return NO_KAFKA;
  }
  const hasOwnClusters = selections.every(({ suite }) => WITHOUT_SHARED.has(suite));
  const jars = hasOwnClusters ? await jarsMissing() : null;
  if (jars !== null) return withoutKafka(jars);
  if (hasOwnClusters) return { ...NO_KAFKA, environment: { TEST_KAFKA_JARS_MISSING: "" } };
  const source = await findKafkaSource();
  if (source.kind === "none") return withoutKafka(source.reason);
  const startedAt = performance.now();
  let kafka: RealKafka;
  try {
    kafka = await startRealKafka(source);
  } catch (error) {
    console.error(error);
    return withoutKafka("Apache Kafka could not be started, see the top of the run");
  }
  const tookMs = performance.now() - startedAt;
  console.log(`${kafka.description}: ${kafka.bootstrap} (${(tookMs / 1000).toFixed(1)} s)`);
  return {
    environment: {
      TEST_KAFKA_BROKERS: kafka.bootstrap,
      TEST_KAFKA_JARS_MISSING: await jarsMissing() ?? "",
    },
    problem: null,
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
}

function withoutKafka(reason: string): ProvidedKafka {
  console.log(`No Apache Kafka: ${reason}`);
  const environment = { TEST_KAFKA_MISSING: reason, TEST_KAFKA_JARS_MISSING: reason };
  if (Deno.env.get("REQUIRE_KAFKA") !== "1") return { ...NO_KAFKA, environment };
  const problems = [`REQUIRE_KAFKA=1, but there is none: ${reason}`];
  const problem = { suite: "Apache Kafka", tests: [], durationMs: 0, problems };
  return { ...NO_KAFKA, environment, problem };
}

interface SuiteOptions {
  readonly extra: readonly string[];
  readonly runDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function runSuite(selection: Selection, options: SuiteOptions): Promise<SuiteResult> {
  const { suite, paths } = selection;
  console.log(`\n== ${suite}`);
  const junitPath = `${options.runDirectory}/${suite}.xml`;
  const startedAt = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", `--junit-path=${junitPath}`],
      ...(PARALLEL.has(suite) ? ["--parallel"] : []),
      ...coverageFlags(suite),
      ...options.extra,
      ...paths,
    ],
    clearEnv: true,
    env: {
      ...CHAOS_SET,
      ...childEnvironment(),
      ...options.environment,
      ...(suite === "integration" ? { DENO_JOBS: INTEGRATION_JOBS } : {}),
    },
    stdin: "null",
    // A process group of its own, so that what tests start can be ended with them.
    detached: true,
  }).spawn();
  const problem = await untilEnded(child);
  const durationMs = performance.now() - startedAt;
  const tests = await readResults(junitPath, isFiltered(options.extra));
  const isExplained = problem === null || tests.some(({ outcome }) => outcome === "failed");
  return { suite, tests, durationMs, problems: isExplained ? [] : [problem] };
}

/** The tests of the executable, and when no file is named those of the program, on the executable. */
async function runCompiled(selection: Selection, options: SuiteOptions): Promise<SuiteResult> {
  const executable = await provideExecutable(`${options.runDirectory}/executable`);
  const isWhole = selection.paths.includes("tests/compiled");
  const paths = [
    ...selection.paths,
    ...isWhole && executable.missing === null ? ["tests/e2e"] : [],
  ];
  const environment = { ...options.environment, ...executable.environment };
  const result = await runSuite({ ...selection, paths }, { ...options, environment });
  if (executable.missing === null || Deno.env.get("REQUIRE_EXECUTABLE") !== "1") return result;
  const problem = `REQUIRE_EXECUTABLE=1, but there is none: ${executable.missing}`;
  return { ...result, problems: [...result.problems, problem] };
}

/** Waits for the end of the suite, by itself, by deadline or by signal. Answers what went wrong, if anything did. */
async function untilEnded(child: Deno.ChildProcess): Promise<string | null> {
  const deadlineMs = Deno.env.get("CHAOS") === "full" ? FULL_CHAOS_DEADLINE_MS : SUITE_DEADLINE_MS;
  const deadline = AbortSignal.timeout(deadlineMs);
  const end = AbortSignal.any([deadline, stop.signal]);
  let kill: ReturnType<typeof setTimeout> | undefined;
  end.addEventListener("abort", () => {
    signalGroup(child.pid, "SIGTERM");
    kill = setTimeout(() => signalGroup(child.pid, "SIGKILL"), STOP_GRACE_MS);
  });
  const { code } = await child.status;
  clearTimeout(kill);
  if (signalGroup(child.pid, "SIGKILL")) console.error("Ended processes that tests left running");
  if (stop.signal.aborted) return "interrupted";
  if (deadline.aborted) return `not over after ${deadlineMs / 1000} s`;
  return code === 0 ? null : `deno test ended with exit code ${code}, see above`;
}

async function readResults(path: string, filtered: boolean): Promise<readonly TestCase[]> {
  try {
    const tests = readJunit(await Deno.readTextFile(path));
    return filtered ? tests.filter(({ outcome }) => outcome !== "skipped") : tests;
  } catch (error) {
    // There is no file when not even the types are right.
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Our own environment, without what would change how tests run or how their output looks. */
function childEnvironment(): Record<string, string> {
  const { KAFKA_BROKERS: _, RUST_BACKTRACE: __, ...rest } = Deno.env.toObject();
  return rest;
}

async function hasTests({ paths }: Selection): Promise<boolean> {
  for (const path of paths) {
    if (path.endsWith(".ts") || await holdsTests(path)) return true;
  }
  return false;
}

async function holdsTests(directory: string): Promise<boolean> {
  for await (const entry of Deno.readDir(directory)) {
    if (entry.isFile && entry.name.endsWith("_test.ts")) return true;
    if (entry.isDirectory && await holdsTests(`${directory}/${entry.name}`)) return true;
  }
  return false;
}

/** `TEST_COVERAGE=DIR` collects coverage there and shows that of the two parts that must not lose a message. */
function coverageFlags(suite: Suite): readonly string[] {
  const directory = Deno.env.get("TEST_COVERAGE");
  if (!directory || !IN_PROCESS.has(suite)) return [];
  // One directory each: Deno empties it first.
  return [`--coverage=${directory}/${suite}`, "--coverage-raw-data-only"];
}

async function showCoverage(): Promise<void> {
  const directory = Deno.env.get("TEST_COVERAGE");
  if (!directory || stop.signal.aborted) return;
  console.log("\n== coverage of src/processing and src/kafka");
  const args = ["coverage", "--include=/src/(processing|kafka)/", directory];
  await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn().status;
}
