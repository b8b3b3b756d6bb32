import assert from "node:assert/strict";
import { encodeCommitMetadata } from "../../../src/kafka/commit_metadata.ts";
import { GroupOracle, type Witness } from "../../support/group_simulation/oracle.ts";

/** Two members and a partition of three messages, two of them with the same key. */
class Story {
  readonly owners = new Set(["a"]);
  readonly a = this.#member("a");
  readonly b = this.#member("b");
  readonly oracle: GroupOracle;
  #now = 0;

  constructor() {
    this.oracle = new GroupOracle({ now: () => this.#now++, witnesses: () => [this.a, this.b] });
    this.oracle.add({ topic: "t", partition: 0, keys: ["k", null, "k"] });
  }

  start(offset: number, by = this.a): this {
    this.oracle.started(by, seen(offset));
    return this;
  }

  done(offset: number, by = this.a): this {
    this.oracle.done(by, seen(offset));
    return this;
  }

  handle(...offsets: readonly number[]): this {
    for (const offset of offsets) this.start(offset).done(offset);
    return this;
  }

  commit(offset: number, facts: { done?: readonly [number, number]; isLate?: boolean } = {}): this {
    const done = facts.done === undefined ? [] : [{ first: facts.done[0], last: facts.done[1] }];
    const metadata = encodeCommitMetadata({ firstPartitions: null, topicId: null, done }, offset);
    const place = { topic: "t", partition: 0, offset };
    this.oracle.committed({ member: "a", ...place, metadata, isLate: facts.isLate ?? false });
    return this;
  }

  over(): readonly string[] {
    this.oracle.over("event");
    return this.oracle.violations;
  }

  #member(name: string): Witness {
    return { name, mayStart: () => this.owners.has(name) };
  }
}

function seen(offset: number) {
  return { topic: "t", partition: 0, offset, eventId: "event" };
}

Deno.test("GroupOracle finds nothing wrong with a run in order, and counts what is done again", () => {
  const story = new Story().handle(1, 0).commit(2).handle(0, 2).commit(3);
  assert.ok(story.oracle.isComplete);
  assert.deepEqual([story.over(), story.oracle.repeats], [[], 1]);
});

Deno.test("GroupOracle counts a commit that went back when its member had given it up", () => {
  const story = new Story().handle(0, 1, 2).commit(3).commit(1, { isLate: true }).commit(3);
  assert.deepEqual([story.over(), story.oracle.lateCommits], [[], 1]);
});

const WRONG: readonly { readonly what: string; readonly story: Story; readonly found: RegExp }[] = [
  {
    what: "a message that is lost",
    story: new Story().handle(0, 1).commit(2),
    found: /lost: 1\nt-0@2/,
  },
  {
    what: "a commit that is missing",
    story: new Story().handle(0, 1, 2).commit(2),
    found: /t\/0 is committed to 2 of 3/,
  },
  {
    what: "a commit that is early",
    story: new Story().handle(0).commit(2).handle(1, 2).commit(3),
    found: /earlyCommits: 1\ncommitted 2/,
  },
  {
    what: "a commit past the end",
    story: new Story().handle(0, 1, 2).commit(4),
    found: /committed 4 of t\/0, past its end/,
  },
  {
    what: "a commit that says too much is done",
    story: new Story().handle(0).commit(1, { done: [2, 2] }).handle(1, 2).commit(3),
    found: /said that 2 was done/,
  },
  {
    what: "a commit that goes back",
    story: new Story().handle(0, 1, 2).commit(3).commit(1).commit(3),
    found: /commitRegresses: 1\nt-0 from 3 to 1/,
  },
  {
    what: "a start out of the order of its key",
    story: new Story().handle(2, 0, 1).commit(3),
    found: /orderViolations/,
  },
  {
    what: "a start without a right to",
    story: new Story().start(0, new Story().b).done(0).handle(1, 2).commit(3),
    found: /b started t\/0@0 without a right to/,
  },
  {
    what: "a start twice at once",
    story: new Story().start(0).handle(0, 1, 2).commit(3),
    found: /a started t\/0@0 twice at once/,
  },
];

for (const { what, story, found } of WRONG) {
  Deno.test(`GroupOracle finds ${what}`, () => {
    assert.match(story.over().join("\n"), found);
  });
}

Deno.test("GroupOracle finds a start of what another member owns, too", () => {
  const story = new Story();
  story.owners.add("b");
  assert.match(
    story.start(0).oracle.violations.join("\n"),
    /a started t\/0@0 while b owned it, too/,
  );
});
