/** The guards of reading and rehearsing dead letters: see tools/mutations.ts. */
import type { Mutation, NamedTest } from "./mutations.ts";

const READING = "src/dead_letters/reading.ts";
const REHEARSAL = "src/dead_letters/rehearsal.ts";
const BOARD = "src/dead_letters/board.ts";
const LOG_READER = "src/kafka/log_reader.ts";

export const LETTER_MUTATIONS: readonly Mutation[] = [
  {
    guard: "a commit that the log does not reach settles nothing",
    file: READING,
    from: "  return settled.below(log) <= log.end;",
    to: "  return settled.below(log) <= log.end + 1_000;",
    tests: [inReading("readLetters() believes no commit that the log does not reach")],
  },
  {
    guard: "what a redrive has dealt with is not read again",
    file: READING,
    from: "  return { ...log, start: Math.max(log.start, settled.below(log)) };",
    to: "  return log;",
    tests: [
      inReading("readLetters() reads all partitions from where something is left to deal with"),
    ],
  },
  {
    guard: "a commit settles nothing of a topic that was created anew",
    file: "src/dead_letters/settled.ts",
    from: "      if (idThen !== null && idNow !== null && idThen !== idNow) continue;",
    to: "",
    tests: [{
      file: "tests/unit/dead_letters/settled_test.ts",
      name: "Settled holds nothing of a topic that was created anew",
    }],
  },
  {
    guard: "a rehearsal calls no handler that does not declare itself dryRunnable",
    file: REHEARSAL,
    from: "    if (!this.#handlers.isDryRunnable(event.event_type)) {",
    to: "    if (this.#handlers.isDryRunnable(event.event_type) === null) {",
    tests: [{
      file: "tests/unit/dead_letters/rehearsal_test.ts",
      name:
        "Rehearsal calls only handlers that declare themselves dryRunnable, and says that it is a dry run",
    }],
  },
  {
    guard: "the service rehearses once at a time",
    file: BOARD,
    from: "    if (this.#rehearsing !== null) {",
    to: "    if (this.#rehearsing !== null && this.#topics.length === 0) {",
    tests: [
      inBoard(
        "LettersBoard rehearses in somebody's name, once at a time, and tells what comes of it",
      ),
    ],
  },
  {
    guard: "the service looks at its dead letters seldom",
    file: BOARD,
    from: "    if (!isIdle || isOver || clock.now() < this.#lookAgainAt) return;",
    to: "    if (!isIdle || isOver) return;",
    tests: [inBoard("LettersBoard looks only when it is asked, one look at a time, and seldom")],
  },
  {
    guard: "what others wrote into a reason is not shown on the page",
    file: BOARD,
    from: `count.summary(consoleShowValues ? "all" : "ours");`,
    to: `count.summary(consoleShowValues ? "all" : "all");`,
    tests: [
      inBoard("LettersBoard shows no reason that somebody else wrote, unless values may be shown"),
    ],
  },
  {
    guard: "an answer without records before the end is not taken for the end",
    file: LOG_READER,
    from:
      "    if (fetched === undefined) throw new LogUnreadableError(`${nameOf(place)}: no answer about it`);",
    to: "    if (fetched === undefined) throw new TopicError(place.topic, 0);",
    tests: [{
      file: "tests/unit/kafka/log_reader_test.ts",
      name:
        "LogReader does not ask again whoever refuses it, nor takes an empty answer for the end",
    }],
  },
];

function inReading(name: string): NamedTest {
  return { file: "tests/unit/dead_letters/reading_test.ts", name };
}

function inBoard(name: string): NamedTest {
  return { file: "tests/unit/dead_letters/board_test.ts", name };
}
