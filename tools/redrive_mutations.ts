/** The guards of a redrive: see tools/mutations.ts. */
import type { Mutation, NamedTest } from "./mutations.ts";

const SELECTION = "src/dead_letters/selection.ts";
const MARKS = "src/dead_letters/marks.ts";

export const REDRIVE_MUTATIONS: readonly Mutation[] = [
  {
    guard: "the commit of a redrive stays below the first letter that is left",
    file: MARKS,
    from: "  return { offset: first.first, done: subtract([below, ...done], left) };",
    to: "  return { offset, done: subtract([below, ...done], left) };",
    tests: [
      inMarks("withoutLeft() stays at the first that is left, with what is done above it"),
      inSelection("Selection gives the core what is wanted, and leaves the rest undone"),
    ],
  },
  {
    guard: "what is left is no mark of what is done",
    file: MARKS,
    from: "      if (hole === undefined || hole.first > last) {",
    to: "      if (hole !== undefined || hole === undefined) {",
    tests: [inMarks("withoutLeft() holds exactly what is done, whatever order it is done in")],
  },
  {
    guard: "a redrive stops before a mark is lost",
    file: SELECTION,
    from: "    if (isRoomFor(chosen)) return chosen;",
    to: "    if (isRoomFor(chosen) || chosen.next > 0) return chosen;",
    tests: [inSelection("Selection stops a partition before its marks do not fit any more")],
  },
  {
    guard: "a redrive ends where the topics ended when it began",
    file: SELECTION,
    from: "      if (offset >= end) return { looked, taken, next: end };",
    to: "      if (offset > end + 1_000) return { looked, taken, next: end };",
    tests: [
      inSelection("Selection takes nothing at or above where the topic ended when it began"),
    ],
  },
  {
    guard: "what an earlier redrive has done is not taken again",
    file: SELECTION,
    from: "      const isDone = doneBefore.has(offset);",
    to: "      const isDone = doneBefore.has(-1 - offset);",
    tests: [
      inSelection("Selection neither takes again nor leaves what an earlier redrive has done"),
    ],
  },
  {
    guard: "letters that do not fit the filter are left",
    file: SELECTION,
    from: "      if (isWanted) taken.push(message);",
    to: "      if (isWanted || !isDone) taken.push(message);",
    tests: [inSelection("Selection gives the core what is wanted, and leaves the rest undone")],
  },
  {
    guard: "no second redrive beside one that runs: each has an assignor of its own",
    file: "src/dead_letters/occupant.ts",
    from: "  return `${NAME}-${Math.trunc(at)}-${digits}`;",
    to: "  return `${NAME}-${Math.trunc(at)}-${digits.slice(8)}`;",
    tests: [
      {
        file: "tests/unit/dead_letters/occupant_test.ts",
        name: "protocolOf() is another one for each redrive, those of the same moment included",
      },
    ],
  },
  {
    guard: "a member offers no other assignor than it is given",
    file: "src/kafka/membership.ts",
    from: "groupProtocols: protocols.map((name)",
    to: "groupProtocols: [...protocols, ...PROTOCOLS].map((name)",
    tests: [
      {
        file: "tests/unit/kafka/membership_test.ts",
        name: "Membership offers the assignors that it is given, and no other",
      },
    ],
  },
  {
    guard: "a letter that fails again and again is parked",
    file: "src/dead_letters/parking.ts",
    from: "  return replays >= dlqMaxReplays ? parkedTopicFor(from.topic) : from.topic;",
    to: "  return replays > dlqMaxReplays ? parkedTopicFor(from.topic) : from.topic;",
    tests: [
      {
        file: "tests/unit/dead_letters/parking_test.ts",
        name: "topicOf() sends a letter back until it has failed often enough, then parks it",
      },
    ],
  },
  {
    guard: "a letter without its message is never taken for one",
    file: "src/redrive.ts",
    from: `  return (what === "park" || letter.obstacle === null) && matches(letter, filter);`,
    to: `  return (what === "park" || letter.place !== null) && matches(letter, filter);`,
    tests: [
      {
        file: "tests/unit/redrive_test.ts",
        name: "isTaken() leaves what is no message to be parked",
      },
    ],
  },
  {
    guard: "marks are not given up where a broker takes less of them",
    file: "src/kafka/committer.ts",
    from: "      if (isTooLarge && !this.#options.needsMetadata) this.#withoutMetadata = true;",
    to: "      if (isTooLarge) this.#withoutMetadata = true;",
    tests: [
      {
        file: "tests/unit/kafka/committer_test.ts",
        name: "Committer goes on with what goes beside the offset where that must not be lost",
      },
    ],
  },
  {
    guard: "what is done waits one commit interval, also where a commit takes long",
    file: "src/kafka/committer.ts",
    from:
      "      if (this.#isDue && !this.#stopped) void this.commit();\n      else this.#commitIfMany();",
    to: "      this.#commitIfMany();",
    tests: [
      {
        file: "tests/unit/kafka/committer_test.ts",
        name:
          "Committer commits as soon as the commit in flight has ended, if it was time meanwhile",
      },
    ],
  },
  {
    guard: "a redrive that lost the group reads anew what another one has done in between",
    file: "src/kafka/consumer.ts",
    from: "    const mayReadopt = this.#options.leave === undefined && own.offset >= 0;",
    to: "    const mayReadopt = own.offset >= 0;",
    tests: [
      {
        file: "tests/integration/redrive_freeze_test.ts",
        name:
          "a redrive that was frozen while another one did letters of another cause goes on, and those stay done",
      },
    ],
  },
  {
    guard: "a service that lost the group for a moment goes on with what it holds",
    file: "src/wiring.ts",
    from: "    leave: redriving === undefined\n      ? undefined\n",
    to: "    leave: redriving === undefined\n      ? (_, progress) => progress\n",
    tests: [
      {
        file: "tests/integration/lost_group_test.ts",
        name: "a service that was thrown out of the group and joins again does nothing twice",
      },
    ],
  },
  {
    guard: "marks outlast offsets.retention.minutes",
    file: "src/wiring.ts",
    from: "    keepMs: redriving === undefined ? null : MARKS_KEPT_MS,",
    to: "    keepMs: redriving === undefined ? MARKS_KEPT_MS : null,",
    tests: [
      {
        file: "tests/integration/redrive_kept_test.ts",
        name: "a redrive asks brokers to keep its marks for ten years",
      },
    ],
  },
  {
    guard: "what was done and is not read yet stays in the commits",
    file: "src/processing/partition.ts",
    from: "    return [...ranges, ...this.doneBefore(this.#position)].slice(0, limit);",
    to: "    return ranges.slice(0, limit);",
    tests: [
      {
        file: "tests/unit/processing/done_before_test.ts",
        name: "Partition.doneAbove() keeps what an earlier owner has done and nobody has read yet",
      },
    ],
  },
];

function inMarks(name: string): NamedTest {
  return { file: "tests/unit/dead_letters/marks_test.ts", name };
}

function inSelection(name: string): NamedTest {
  return { file: "tests/unit/dead_letters/selection_test.ts", name };
}
