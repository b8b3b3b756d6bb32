/** The guards of the edge towards Kafka, of how much is held, and of dead letters: see tools/mutations.ts. */
import type { Mutation, NamedTest } from "./mutations.ts";
import { LETTER_MUTATIONS } from "./letter_mutations.ts";
import { REDRIVE_MUTATIONS } from "./redrive_mutations.ts";

const PARTITION = "src/processing/partition.ts";
const FETCHER = "src/kafka/fetcher.ts";
const MEMBERSHIP = "src/kafka/membership.ts";

export const EDGE_MUTATIONS: readonly Mutation[] = [
  ...LETTER_MUTATIONS,
  ...REDRIVE_MUTATIONS,
  {
    guard: "the fetcher's own position check",
    file: FETCHER,
    from: ` || partition.position !== position) return;`,
    to: `) return;`,
    tests: [
      {
        file: "tests/unit/kafka/fetcher_test.ts",
        name: "Fetcher ignores an answer, and an error, for a position that was moved meanwhile",
      },
    ],
  },
  {
    guard: "the turn of the event loop while an answer is read",
    file: FETCHER,
    from: "    await sleep(clock, 0);\n",
    to: "",
    tests: [
      {
        file: "tests/unit/kafka/fetcher_test.ts",
        name: "Fetcher lets the event loop turn between partitions, after 4 ms of reading",
      },
    ],
  },
  {
    guard: "the CRC of a record batch",
    file: "src/kafka/record_batch.ts",
    from: "  if (crc !== expected) {",
    to: "  if (crc !== expected && bytes.length === 0) {",
    tests: [
      {
        file: "tests/unit/kafka/unreadable_batch_test.ts",
        name: "decodeRecordBatches() finds every flipped bit that the CRC covers",
      },
    ],
  },
  {
    guard: "the log-reset rule: a topic of another id is another log",
    file: "src/kafka/positions.ts",
    from: "if (topicId !== null && idNow !== null && topicId !== idNow) {",
    to: "if (topicId !== null && idNow === null) {",
    tests: [
      inPositions(
        "Positions.start() begins a topic of another id at its start, whatever was committed",
      ),
    ],
  },
  {
    guard: "a truncated log is read again from the end of the committed epoch",
    file: "src/kafka/positions.ts",
    from: "if (end !== null && end < offset) {",
    to: "if (end !== null && end < 0) {",
    tests: [
      inPositions(
        "Positions.start() goes on at the end of the committed epoch when the log was truncated",
      ),
    ],
  },
  {
    guard: "what is done above the prefix stands in the commit",
    file: "src/kafka/consumer.ts",
    from: "done: partition.doneAbove(DONE_RANGES_MAX)",
    to: "done: partition.doneAbove(0 * DONE_RANGES_MAX)",
    tests: [inConsumer("Consumer.commitEntry() says what is done above the committed offset")],
  },
  {
    guard: "what an earlier owner has done above the prefix is not done again",
    file: PARTITION,
    from: "if (this.#doneBefore.has(message.offset)) {",
    to: "if (message.offset < 0) {",
    tests: [
      {
        file: "tests/unit/processing/done_before_test.ts",
        name: "Assignment.deliver() does not do again what an earlier owner has done",
      },
    ],
  },
  {
    guard: "the drain before partitions are given up",
    file: "src/kafka/consumer.ts",
    from: "    await assignment.drain(partitions, deadlineMs);\n",
    to: "    void deadlineMs;\n",
    tests: [
      inConsumer("Consumer.onRevoked() lets what runs end, and commits that, before it gives up"),
    ],
  },
  {
    guard: "the commit before partitions are given up",
    file: "src/kafka/consumer.ts",
    from: "      await Promise.race([committer.commit(), over]);\n",
    to: "      void committer;\n      await over;\n",
    tests: [
      inConsumer(
        "Consumer.onRevoked() commits what goes, but not where it may be another member's by now",
      ),
    ],
  },
  {
    guard: "nothing is committed for what an eager rebalance took away",
    file: "src/kafka/consumer.ts",
    from: "    if (generation.protocol === COOPERATIVE) {\n",
    to: "    {\n",
    tests: [
      inConsumer(
        "Consumer.onRevoked() commits what goes, but not where it may be another member's by now",
      ),
    ],
  },
  {
    guard: "the coordinator is looked up anew after a doubt",
    file: "src/kafka/coordinator.ts",
    from: "    if (this.#current === broker) this.#current = null;\n",
    to: "    void broker;\n",
    tests: [
      {
        file: "tests/unit/kafka/coordinator_test.ts",
        name: "Coordinator.doubt() looks up anew, unless another broker is known by now",
      },
    ],
  },
  {
    guard: "the deadline of a request",
    file: "src/kafka/connections.ts",
    from: "      reject(new DeadlineError(options.missed, { inHandshake }));\n",
    to: "      void reject;\n",
    tests: [
      {
        file: "tests/unit/kafka/connections_test.ts",
        name: "withDeadline() ends a request that gets no answer, and its connection with it",
      },
    ],
  },
  {
    guard: "heartbeats have a connection of their own",
    file: MEMBERSHIP,
    from: `purpose: "heartbeat", request, deadlineMs });\n      return`,
    to: `purpose: "group", request, deadlineMs });\n      return`,
    tests: [
      inMembership(
        "Membership sends heartbeats over a connection of their own, by a clock of their own",
      ),
    ],
  },
  {
    guard: "a heartbeat without an answer leaves time for another",
    file: MEMBERSHIP,
    from: "sessionTimeoutMs * HEARTBEAT_SHARE)",
    to: "sessionTimeoutMs)",
    tests: [
      inMembership(
        "Membership leaves a heartbeat without an answer time for another one within the session",
      ),
    ],
  },
  {
    guard: "the lease of an assignment counts from when it was asked for",
    file: MEMBERSHIP,
    from: `this.#renewLease(sentAt, "stable");`,
    to: `this.#renewLease(this.#options.clock.now(), "stable");`,
    tests: [
      inMembership(
        "Membership holds its lease from when its assignment was asked for, however late the answer",
      ),
    ],
  },
  {
    guard: "a static leader that comes back looks for new partitions",
    file: MEMBERSHIP,
    from: "    if (hasLed) this.onMetadataChange();\n",
    to: "",
    tests: [
      inMembership(
        "Membership that led before it was restarted, and was not told so, joins again only for partitions that nobody has",
      ),
    ],
  },
  {
    guard: "the window is bounded by count",
    file: PARTITION,
    from: "this.#window.length < this.#limits.windowMessages &&",
    to: "this.#window.length < Infinity &&",
    tests: [inBuffer("A window is full by its messages or by its bytes, whichever comes first")],
  },
  {
    guard: "the window is bounded by bytes",
    file: PARTITION,
    from: "this.#windowBytes < this.#limits.windowBytes;",
    to: "this.#windowBytes < Infinity;",
    tests: [inBuffer("A window is full by its messages or by its bytes, whichever comes first")],
  },
];

function inPositions(name: string): NamedTest {
  return { file: "tests/unit/kafka/positions_test.ts", name };
}

function inConsumer(name: string): NamedTest {
  return { file: "tests/unit/kafka/consumer_test.ts", name };
}

function inMembership(name: string): NamedTest {
  return { file: "tests/unit/kafka/membership_test.ts", name };
}

function inBuffer(name: string): NamedTest {
  return { file: "tests/unit/processing/buffer_test.ts", name };
}
