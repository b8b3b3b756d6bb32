/** The guards of several workers in one process: see tools/mutations.ts. */
import type { Mutation, NamedTest } from "./mutations.ts";

const CREW = "src/workers/crew.ts";
const SPLIT = "src/workers/split.ts";
const SUMS = "src/workers/sums.ts";

export const WORKER_MUTATIONS: readonly Mutation[] = [
  {
    guard: "workers join once all have reached Kafka",
    file: "src/service.ts",
    from: "    await this.#options.mayJoin?.();\n",
    to: "    void this.#options.mayJoin?.();\n",
    tests: [inWorkers("workers join together, also where one is late: one rebalance for all")],
  },
  {
    guard: "a worker's share of CONCURRENCY",
    file: SPLIT,
    from: "concurrency: part(concurrency, share)",
    to: "concurrency",
    tests: [
      inSplit(
        "splitConfig() divides what holds for the process: the shares are the limit, together",
      ),
    ],
  },
  {
    guard: "a worker's share of MAX_BUFFER_BYTES",
    file: SPLIT,
    from: "maxBufferBytes: part(maxBufferBytes, share)",
    to: "maxBufferBytes",
    tests: [
      inSplit(
        "splitConfig() divides what holds for the process: the shares are the limit, together",
      ),
    ],
  },
  {
    guard: "an instance id of each worker's own",
    file: SPLIT,
    from: ": numbered(kafkaGroupInstanceId, share)",
    to: ": kafkaGroupInstanceId",
    tests: [inSplit("splitConfig() numbers what must be unique")],
  },
  {
    guard: "the end of a process in which a worker computes without a pause",
    file: CREW,
    from: "if (silentMs >= config.stallHardMs) {",
    to: "if (silentMs >= Infinity) {",
    tests: [
      inCrew(
        "Crew is not ready while a worker says nothing, ends with 70 after STALL_HARD_MS, and does not wait for it",
      ),
    ],
  },
  {
    guard: "a worker that cannot go on ends all",
    file: CREW,
    from: "this.#ended.resolve(new ExitError(exitCode, `Worker ${index}: ${message}`)),",
    to: "void exitCode, void message,",
    tests: [inWorkers("a handler's FatalError in one worker stops all of them in order, exit 70")],
  },
  {
    guard: "a partition that moves between workers is shown once",
    file: SUMS,
    from: "const key = partitionKey(each);",
    to: "const key = partitionKey(each) + byKey.size;",
    tests: [
      inSums(
        "mergeStatus() shows a partition once that moves between workers, as its new owner does",
      ),
    ],
  },
  {
    guard: "the readiness of a process whose worker is silent",
    file: SUMS,
    from: "const problem = silence ?? ",
    to: "const problem = ",
    tests: [
      inSums("mergeHealth() is not well before each has reported, nor while one is silent"),
    ],
  },
];

function inWorkers(name: string): NamedTest {
  return { file: "tests/integration/workers_test.ts", name };
}

function inSplit(name: string): NamedTest {
  return { file: "tests/unit/workers/split_test.ts", name };
}

function inSums(name: string): NamedTest {
  return { file: "tests/unit/workers/sums_test.ts", name };
}

function inCrew(name: string): NamedTest {
  return { file: "tests/unit/workers/crew_test.ts", name };
}
