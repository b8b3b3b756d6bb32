/** The guards of what an operator or DLQ_BREAKER holds still: see tools/mutations.ts. */
import type { Mutation, NamedTest } from "./mutations.ts";

const PARTITION = "src/processing/partition.ts";
const ASSIGNMENT = "src/processing/assignment.ts";
/** Misses most guards of the core. */
export const SIMULATION: NamedTest = {
  file: "tests/unit/processing/simulation_test.ts",
  name: "The core loses nothing, keeps the order of keys and keeps to its limits under faults",
};

export const PAUSE_MUTATIONS: readonly Mutation[] = [
  {
    guard: "nothing new starts while paused",
    file: PARTITION,
    from: "    if (this.pause !== null) return false;\n",
    to: "",
    tests: [
      inPauses(
        "Assignment.pause() starts and asks for nothing more, lets what runs end, and keeps the partition",
      ),
      inPauses("Assignment.pause() holds back retries and dead letters, too"),
      SIMULATION,
    ],
  },
  {
    guard: "nothing is fetched while paused",
    file: PARTITION,
    from: `this.#state === "active" && this.pause === null &&`,
    to: `this.#state === "active" &&`,
    tests: [
      inPauses(
        "Assignment.pause() starts and asks for nothing more, lets what runs end, and keeps the partition",
      ),
      SIMULATION,
    ],
  },
  {
    guard: "a pause survives a rebalance",
    file: ASSIGNMENT,
    from: "    partition.pause = this.#pauses.of(tp);\n    partition.noticeRoom();\n",
    to: "",
    tests: [
      inPauses("Assignment.pause() survives a rebalance, and holds a partition that comes later"),
      SIMULATION,
    ],
  },
  {
    guard: "a partition that came while paused is fetched once it is let go",
    file: ASSIGNMENT,
    from: "    partition.noticeRoom();\n    this.#owned",
    to: "    this.#owned",
    tests: [
      inPauses(
        "Assignment.endPause() wakes whoever fetches, also a partition that came while paused",
      ),
      SIMULATION,
    ],
  },
  {
    guard: "a flood of dead letters stops its partition",
    file: PARTITION,
    from: "    if (this.breaker.isOpen && work !== this.#probe) return false;\n",
    to: "",
    tests: [
      {
        file: "tests/unit/processing/breakers_test.ts",
        name: "A flood of dead letters stops its partition, by name, and no other",
      },
      SIMULATION,
    ],
  },
];

function inPauses(name: string): NamedTest {
  return { file: "tests/unit/processing/pauses_test.ts", name };
}
