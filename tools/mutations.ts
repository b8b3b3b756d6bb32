/**
 * The guards that keep messages from being lost, each with the change that takes it out and the tests that must fail
 * then. `deno task mutants` tries them one at a time.
 */
import { ACCESS_MUTATIONS } from "./access_mutations.ts";
import { FAST_PATH_MUTATIONS } from "./fast_path_mutations.ts";
import { PAUSE_MUTATIONS, SIMULATION } from "./pause_mutations.ts";
import { STALL_MUTATIONS } from "./stall_mutations.ts";
import { WORKER_MUTATIONS } from "./worker_mutations.ts";

import { EDGE_MUTATIONS } from "./edge_mutations.ts";

export interface Mutation {
  /** The guard that is taken out. */
  readonly guard: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
  readonly tests: readonly NamedTest[];
}

export interface NamedTest {
  readonly file: string;
  readonly name: string;
}

const PARTITION = "src/processing/partition.ts";
const LANES = "src/processing/lanes.ts";
const ATTEMPTS = "src/processing/attempts.ts";
const DEAD_LETTER_WRITER = "src/processing/dead_letter_writer.ts";
const QUARANTINE = "src/kafka/quarantine.ts";
const COMMITTER = "src/kafka/committer.ts";

export const MUTATIONS: readonly Mutation[] = [
  ...EDGE_MUTATIONS,
  ...ACCESS_MUTATIONS,
  ...PAUSE_MUTATIONS,
  ...FAST_PATH_MUTATIONS,
  ...WORKER_MUTATIONS,
  {
    guard: "the position check on an answer",
    file: PARTITION,
    from: "    if (delivery.from !== this.#position) return null;\n",
    to: "",
    tests: [
      inAssignment("Assignment.deliver() drops a delivery for another position"),
      SIMULATION,
    ],
  },
  {
    guard: "the contiguous prefix (highest done instead)",
    file: PARTITION,
    from: `    work.state = "done";\n    this.#advance();\n  }`,
    to: `    work.state = "done";
    this.#advance();
    this.#prefix = Math.max(this.#prefix, work.message.offset + 1);
  }`,
    tests: [
      inAssignment("Partition.prefix stays below the first message that is not done"),
      SIMULATION,
    ],
  },
  {
    guard: "the generation check on a commit",
    file: COMMITTER,
    from: `    if (generation === null || !generation.holds) return Promise.resolve();`,
    to: `    if (generation === null) return Promise.resolve();`,
    tests: [inCommitter("Committer.commit() does nothing without a generation that holds")],
  },
  {
    guard: "the generation check on a commit, once the coordinator is found",
    file: COMMITTER,
    from:
      `    if (!generation.holds) return onFailed({ reason: "the generation ended", code: null });\n`,
    to: "",
    tests: [
      inCommitter(
        "Committer sends nothing for a generation that ended while the coordinator was looked for",
      ),
    ],
  },
  {
    guard: "the lease before a message starts",
    file: LANES,
    from: "        if (!this.#options.mayStart()) break;\n",
    to: "",
    tests: [inAssignment("Lanes start nothing while the lease is gone")],
  },
  {
    guard: "the lease before a dead letter",
    file: ATTEMPTS,
    from: "options.mayStart() && work.partition.mayStart(work)",
    to: "work.partition.mayStart(work)",
    tests: [SIMULATION],
  },
  {
    guard: "the time at which the lease ends",
    file: "src/kafka/lease.ts",
    from: "this.#options.clock.now() < this.#until",
    to: "this.#until > 0",
    tests: [inLease("Lease holds for a session from when the heartbeat was sent")],
  },
  {
    guard: "a rebalance ends the lease of who does not join",
    file: "src/kafka/lease.ts",
    from: "Math.min(sentAt + sessionTimeoutMs, untilJoined)",
    to: "sentAt + sessionTimeoutMs",
    tests: [
      inLease(
        "Lease ends in a rebalance when the group waits no longer, whatever the heartbeats say",
      ),
    ],
  },
  {
    guard: "the dead-letter acknowledgement",
    file: DEAD_LETTER_WRITER,
    from: "    const step = ++work.step;\n",
    to: `    queueMicrotask(() => {
      this.#options.onStored(work, { topic: "", partition: 0, offset: 0, reduced: "no" });
    });
    const step = ++work.step + 1;\n`,
    tests: [
      inAssignment("A spent budget and a PermanentError end as dead letters, once acknowledged"),
      SIMULATION,
    ],
  },
  {
    guard: "a late result changes nothing",
    file: ATTEMPTS,
    from: "      () => {\n        if (work.step !== step) return;\n",
    to: "      () => {\n",
    tests: [
      inAssignment(
        "Assignment.revoke() aborts what runs, counts it, and ignores what comes of it",
      ),
      SIMULATION,
    ],
  },
  {
    guard: "the frontier of a drain",
    file: PARTITION,
    from: `this.#state === "draining" && message.offset <= this.#frontier`,
    to: `this.#state === "draining"`,
    tests: [
      inAssignment(
        "Assignment.drain() goes to the frontier, retries included, and starts nothing above",
      ),
      SIMULATION,
    ],
  },
  {
    guard: "one message of a key at a time",
    file: LANES,
    from: "const lane = isShared ? group.byKey.get(key) : undefined;",
    to: "const lane = undefined as Lane | undefined;",
    tests: [
      inAssignment("Lanes run one message of a key at a time, other keys go on"),
      SIMULATION,
    ],
  },
  {
    guard: "nothing is taken while ownership is in doubt",
    file: PARTITION,
    from: `if (this.#state === "dropped" || this.#state === "suspended") return null;`,
    to: `if (this.#state === "dropped") return null;`,
    tests: [SIMULATION],
  },
  {
    guard: "only what is done stands in a commit as done above the prefix",
    file: PARTITION,
    from: `      if (state !== "done") {\n        open = null;`,
    to: `      if (state === "queued") {\n        open = null;`,
    tests: [SIMULATION],
  },
  {
    guard: "a gap in what is done above a prefix is no part of it",
    file: "src/processing/offset_ranges.ts",
    from: "range !== undefined && range.first <= offset",
    to: "range !== undefined",
    tests: [SIMULATION],
  },
  {
    guard: "one commit in flight",
    file: COMMITTER,
    from: "    if (this.#inFlight !== null) return this.#inFlight;\n",
    to: "",
    tests: [
      inCommitter(
        "Committer.commit() has one commit in flight, and takes its snapshot when it starts",
      ),
    ],
  },
  {
    guard: "a commit of unknown outcome is made again",
    file: COMMITTER,
    from: "partition.committed = null; // unknown: commit again",
    to: "void partition;",
    tests: [
      inCommitter(
        "Committer commits again after an unknown outcome, at a coordinator that was looked up anew",
      ),
    ],
  },
  {
    guard: "a commit that was given up may land later, and is made good",
    file: COMMITTER,
    from: "      this.#lateUntil = clock.now() + LATE_COMMIT_MS;\n",
    to: "",
    tests: [
      inCommitter(
        "Committer goes on committing what stands still while a commit that it gave up may land",
      ),
    ],
  },
  {
    guard: "what stands still is committed again before brokers forget it",
    file: COMMITTER,
    from: `snapshot(isRefresh || isDoubtful ? "all" : "moved")`,
    to: `snapshot(isDoubtful ? "all" : "moved")`,
    tests: [inCommitter("Committer commits what stands still again before brokers forget it")],
  },
  {
    guard: "the dead-letter acknowledgement of a damaged batch",
    file: QUARANTINE,
    from: "    const stored = await this.#options.writer.store(batch, { partition, isWanted });\n",
    to: `    void this.#options.writer.store(batch, { partition, isWanted });
    const stored = null;\n`,
    tests: [
      inQuarantine(
        "Quarantine puts a damaged batch away, once, after three more fetches, and moves behind it",
      ),
    ],
  },
  {
    guard: "batches that an update could read are not put away",
    file: QUARANTINE,
    from: "if (front === null || !PUT_AWAY.has(code)) {",
    to: "if (front === null) {",
    tests: [inQuarantine("Quarantine puts away only what nothing can mend")],
  },
  {
    guard: "the same bytes each time before a batch is put away",
    file: QUARANTINE,
    from: "trouble.same = isSame ? trouble.same + 1 : 1;",
    to: "trouble.same += 1;\n  void isSame;",
    tests: [
      inQuarantine(
        "Quarantine counts anew when the bytes differ, which happens on the way and not where they are kept",
      ),
    ],
  },
  {
    guard: "the lease before a damaged batch is put away",
    file: "src/kafka/quarantine_writer.ts",
    from: `if (!mayStart() || partition.state !== "active") {`,
    to: `if (!mayStart() && delays < 0) {`,
    tests: [
      inQuarantine(
        "Quarantine waits for ever for an answer, the lease and the dead-letter topic, and for the partition to be active",
      ),
    ],
  },
  {
    guard: "the end of a damaged batch is confirmed by something else",
    file: "src/kafka/batch_end.ts",
    from: "logEnds.includes(claimed) ? claimed : null",
    to: "logEnds.length > 0 ? claimed : null",
    tests: [
      {
        file: "tests/unit/kafka/batch_end_test.ts",
        name: "frontBatch() knows no end when nothing says the same as the batch",
      },
    ],
  },
  {
    guard: "MAX_BUFFER_BYTES bounds all partitions together",
    file: "src/processing/assignment.ts",
    from: "return Math.min(windowBytes, shareOut());",
    to: "return shareOut() > 0 ? windowBytes : 0;",
    tests: [{
      file: "tests/unit/processing/buffer_test.ts",
      name: "Partitions share MAX_BUFFER_BYTES evenly: a stuck one cannot take what another needs",
    }],
  },
  ...STALL_MUTATIONS,
];

function inQuarantine(name: string): NamedTest {
  return { file: "tests/unit/kafka/quarantine_test.ts", name };
}

function inAssignment(name: string): NamedTest {
  return { file: "tests/unit/processing/assignment_test.ts", name };
}

function inLease(name: string): NamedTest {
  return { file: "tests/unit/kafka/lease_test.ts", name };
}

function inCommitter(name: string): NamedTest {
  return { file: "tests/unit/kafka/committer_test.ts", name };
}
