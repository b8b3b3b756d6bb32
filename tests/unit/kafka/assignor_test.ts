import assert from "node:assert/strict";
import { assign, type GroupAssignment, type GroupMember } from "../../../src/kafka/assignor.ts";
import type { TopicPartition } from "../../../src/processing/message.ts";
import { SeededRandom } from "../../support/seeded_random.ts";

const EAGER = { cooperative: false };
const COOPERATIVE = { cooperative: true };
/** What the properties are checked with. */
const SEEDS = Array.from({ length: 200 }, (_, i) => i + 1);

/** Topics by how many partitions they have. */
function topics(counts: Readonly<Record<string, number>>): ReadonlyMap<string, readonly number[]> {
  const entries = Object.entries(counts);
  return new Map(
    entries.map(([name, count]) => [name, Array.from({ length: count }, (_, i) => i)]),
  );
}

const TWELVE = topics({ t: 12 });

function newMember(id: string, owned: readonly number[] = [], wanted = ["t"]): GroupMember {
  const partitions = owned.map((partition) => ({ topic: "t", partition }));
  return { id, topics: wanted, owned: partitions, ownedGeneration: 1 };
}

function key({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** Member id -> its partitions as text. */
function shown(assignment: GroupAssignment): Record<string, string[]> {
  return Object.fromEntries([...assignment].map(([id, list]) => [id, list.map(key)]));
}

function sizes(assignment: GroupAssignment): number[] {
  return [...assignment.values()].map(({ length }) => length).sort((a, b) => a - b);
}

/** The members as they join the next round: each owns what it was given. */
function after(members: readonly GroupMember[], assignment: GroupAssignment): GroupMember[] {
  return members.map((member) => ({
    ...member,
    owned: assignment.get(member.id) ?? [],
    ownedGeneration: (member.ownedGeneration ?? 0) + 1,
  }));
}

/** How many partitions belong to another member than before. */
function moved(before: readonly GroupMember[], assignment: GroupAssignment): number {
  const owners = new Map(before.flatMap(({ id, owned }) => owned.map((each) => [key(each), id])));
  const now = [...assignment].flatMap(([id, list]) => list.map((each) => [key(each), id] as const));
  return now.filter(([each, id]) => owners.has(each) && owners.get(each) !== id).length;
}

/** Every partition of a topic with subscribers has one member, which subscribes to its topic. */
function checkComplete(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, readonly number[]>,
  assignment: GroupAssignment,
): void {
  const wanted = new Map(members.map(({ id, topics }) => [id, topics]));
  for (const [id, list] of assignment) {
    for (const { topic } of list) assert.ok(wanted.get(id)?.includes(topic), `${id} has ${topic}`);
  }
  const given = [...assignment.values()].flat().map(key).sort();
  const all = [...partitions].flatMap(([topic, numbers]) => {
    const isWanted = members.some(({ topics }) => topics.includes(topic));
    return isWanted ? numbers.map((partition) => key({ topic, partition })) : [];
  });
  assert.deepEqual(given, all.sort());
  assert.deepEqual([...assignment.keys()].sort(), members.map(({ id }) => id).sort());
}

// --- what it does, by example

Deno.test("assign() shares partitions out evenly", () => {
  const members = [newMember("b"), newMember("c"), newMember("a")];
  assert.deepEqual(sizes(assign(members, TWELVE, EAGER)), [4, 4, 4]);
  assert.deepEqual(sizes(assign(members, topics({ t: 2 }), EAGER)), [0, 1, 1]);
});

Deno.test("assign() balances over all topics together", () => {
  const members = ["a", "b", "c"].map((id) => newMember(id, [], ["t", "u", "v"]));
  assert.deepEqual(sizes(assign(members, topics({ t: 1, u: 1, v: 1 }), EAGER)), [1, 1, 1]);
});

Deno.test("assign() gives a topic to nobody who does not subscribe to it", () => {
  const members = [newMember("a", [], ["t", "u"]), newMember("b", [], ["t"])];
  const assignment = assign(members, topics({ t: 4, u: 4, nobody: 4 }), EAGER);
  assert.deepEqual(shown(assignment), {
    a: ["u/0", "u/1", "u/2", "u/3"],
    b: ["t/0", "t/1", "t/2", "t/3"],
  });
});

Deno.test("assign() takes nothing from a member that cannot take it from it", () => {
  const members = [newMember("a", [], ["t"]), newMember("b", [], ["u"])];
  assert.deepEqual(sizes(assign(members, topics({ t: 1, u: 9 }), EAGER)), [1, 9]);
});

Deno.test("assign() takes back what a member owns of a topic it does not subscribe to any more", () => {
  const members = [newMember("a", [0, 1], ["u"]), newMember("b")];
  const partitions = topics({ t: 2, u: 1 });
  assert.deepEqual(shown(assign(members, partitions, EAGER)), { a: ["u/0"], b: ["t/0", "t/1"] });
  // It may still work on them until it is told.
  assert.deepEqual(shown(assign(members, partitions, COOPERATIVE)), { a: ["u/0"], b: [] });
});

Deno.test("assign() forgets partitions that are gone", () => {
  const members = [newMember("a", [0, 7]), newMember("b", [1])];
  assert.deepEqual(shown(assign(members, topics({ t: 2 }), COOPERATIVE)), {
    a: ["t/0"],
    b: ["t/1"],
  });
});

Deno.test("assign() gives a partition that must change hands to nobody in a cooperative round", () => {
  const all = Array.from({ length: 12 }, (_, i) => i);
  const members = [newMember("a", all), newMember("b")];
  const first = assign(members, TWELVE, COOPERATIVE);
  assert.deepEqual([...first.values()].map(({ length }) => length), [6, 0]);
  const second = assign(after(members, first), TWELVE, COOPERATIVE);
  assert.deepEqual(second.get("a"), first.get("a"));
  assert.deepEqual([...second.values()].map(({ length }) => length), [6, 6]);
});

Deno.test("assign() believes the later generation when two members claim a partition", () => {
  const stale = { ...newMember("a", [0]), ownedGeneration: 1 };
  const silent = { ...newMember("c", [0]), ownedGeneration: null };
  const current = { ...newMember("b", [0]), ownedGeneration: 2 };
  for (const members of [[stale, silent, current], [current, silent, stale]]) {
    const assignment = assign(members, topics({ t: 3 }), COOPERATIVE);
    assert.deepEqual(assignment.get("b"), [{ topic: "t", partition: 0 }]);
  }
});

Deno.test("assign() rests a partition for one cooperative round when nothing tells whose it is", () => {
  const members = [newMember("a", [0, 1]), newMember("b", [0, 2]), newMember("c")];
  const partitions = topics({ t: 3 });
  const first = assign(members, partitions, COOPERATIVE);
  assert.deepEqual(shown(first), { a: ["t/1"], b: ["t/2"], c: [] });
  checkComplete(members, partitions, assign(members, partitions, EAGER));
  checkComplete(members, partitions, assign(after(members, first), partitions, COOPERATIVE));
});

Deno.test("assign() does not mind a member that claims a partition twice", () => {
  const members = [newMember("a", [0, 0]), newMember("b", [1])];
  const assignment = assign(members, topics({ t: 2 }), COOPERATIVE);
  assert.deepEqual(shown(assignment), { a: ["t/0"], b: ["t/1"] });
});

Deno.test("assign() has nothing to give without members or partitions", () => {
  assert.equal(assign([], TWELVE, EAGER).size, 0);
  assert.deepEqual(shown(assign([newMember("a")], new Map(), EAGER)), { a: [] });
});

Deno.test("assign() makes the plan of other clients under the name range", () => {
  const members = ["c", "a", "b"].map((id) => newMember(id, [], ["t", "u"]));
  const assignment = assign(members, topics({ u: 2, t: 7 }), { ...EAGER, protocol: "range" });
  assert.deepEqual(shown(assignment), {
    a: ["t/0", "t/1", "t/2", "u/0"],
    b: ["t/3", "t/4", "u/1"],
    c: ["t/5", "t/6"],
  });
});

Deno.test("assign() makes the plan of other clients under the name roundrobin", () => {
  // The example in the documentation of Java's RoundRobinAssignor.
  const members = [
    newMember("c0", [], ["t0"]),
    newMember("c1", [], ["t0", "t1"]),
    newMember("c2", [], ["t0", "t1", "t2"]),
  ];
  const partitions = topics({ t2: 3, t0: 1, t1: 2 });
  const assignment = assign(members, partitions, { ...EAGER, protocol: "roundrobin" });
  assert.deepEqual(shown(assignment), {
    c0: ["t0/0"],
    c1: ["t1/0"],
    c2: ["t1/1", "t2/0", "t2/1", "t2/2"],
  });
});

Deno.test("assign() shares out 10,000 partitions among 100 members, one of them new, in no time", () => {
  const partitions = topics({ t: 10_000 });
  const members = Array.from({ length: 99 }, (_, i) => newMember(`m${i}`));
  const before = after(members, assign(members, partitions, EAGER));
  const startedAt = performance.now();
  const assignment = assign([...before, newMember("new")], partitions, EAGER);
  assert.equal(moved(before, assignment), 100);
  assert.ok(performance.now() - startedAt < 2_000);
});

// --- properties, for many groups

/** A group at random; `alike` members subscribe to every topic. */
function someGroup(
  random: SeededRandom,
  { alike }: { readonly alike: boolean },
): { members: GroupMember[]; partitions: ReadonlyMap<string, readonly number[]> } {
  const names = ["t", "u", "v", "w"].slice(0, random.between(1, 4));
  const counts = Object.fromEntries(names.map((name) => [name, random.between(0, 20)]));
  const members = Array.from({ length: random.between(1, 8) }, (_, i) => {
    const wanted = names.filter(() => alike || random.chance(0.6));
    return newMember(`m${random.below(1_000)}-${i}`, [], wanted);
  });
  return { members, partitions: topics(counts) };
}

/** Joins rounds until nothing changes any more. */
function settle(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, readonly number[]>,
  where: string,
): { members: GroupMember[]; rounds: number } {
  let current = [...members];
  for (let rounds = 1; rounds <= 10; rounds++) {
    const assignment = assign(current, partitions, COOPERATIVE);
    assert.equal(moved(current, assignment), 0, `${where}: changed hands within one round`);
    const next = after(current, assignment);
    const isSame = current.every(({ owned }, i) => {
      const now = next[i]?.owned ?? [];
      return owned.length === now.length &&
        owned.every((each, at) => key(each) === key(now[at] ?? each));
    });
    if (isSame) {
      checkComplete(members, partitions, assignment);
      return { members: next, rounds };
    }
    current = next;
  }
  throw new Error(`${where}: does not settle`);
}

Deno.test("assign() gives everything to one member each, and evenly, whatever they own", () => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const { members, partitions } = someGroup(random, { alike: true });
    const all = [...partitions].flatMap(([topic, list]) =>
      list.map((partition) => ({ topic, partition }))
    );
    const claiming = members.map((member) => ({
      ...member,
      owned: all.filter(() => random.chance(0.3)),
      ownedGeneration: random.pick([null, 1, 2, 3]),
    }));
    for (const protocol of ["cooperative-sticky", "RoundRobinAssigner", "roundrobin"]) {
      const assignment = assign(claiming, partitions, { ...EAGER, protocol });
      checkComplete(members, partitions, assignment);
      const [least = 0] = sizes(assignment);
      const most = sizes(assignment).at(-1) ?? 0;
      assert.ok(most - least <= 1, `seed ${seed}: ${least} to ${most}`);
    }
    checkComplete(
      members,
      partitions,
      assign(claiming, partitions, { ...EAGER, protocol: "range" }),
    );
    const mixed = someGroup(random, { alike: false });
    for (const protocol of ["cooperative-sticky", "roundrobin", "range"]) {
      const assignment = assign(mixed.members, mixed.partitions, { ...EAGER, protocol });
      checkComplete(mixed.members, mixed.partitions, assignment);
    }
  }
});

Deno.test("assign() is the same for the members in any order", () => {
  for (const seed of SEEDS) {
    const { members, partitions } = someGroup(new SeededRandom(seed), { alike: false });
    const expected = shown(assign(members, partitions, EAGER));
    assert.deepEqual(shown(assign(members.toReversed(), partitions, EAGER)), expected);
  }
});

Deno.test("assign() leaves no partition with a member that has two more than another that could have it", () => {
  for (const seed of SEEDS) {
    const { members, partitions } = someGroup(new SeededRandom(seed), { alike: false });
    const assignment = assign(members, partitions, EAGER);
    const load = (id: string) => assignment.get(id)?.length ?? 0;
    for (const [id, list] of assignment) {
      for (const { topic } of list) {
        const able = members.filter((member) => member.topics.includes(topic));
        const least = Math.min(...able.map((member) => load(member.id)));
        assert.ok(load(id) - least <= 1, `seed ${seed}: ${id} has ${load(id)}, another ${least}`);
      }
    }
  }
});

Deno.test("assign() settles in two rounds and then changes nothing", () => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const { members, partitions } = someGroup(random, { alike: true });
    const settled = settle(members, partitions, `seed ${seed}`);
    assert.ok(settled.rounds <= 2, `seed ${seed}: ${settled.rounds} rounds`); // the second changes nothing
    const joined = [...settled.members, newMember("new", [], members[0]?.topics.slice())];
    const { rounds } = settle(joined, partitions, `seed ${seed}`);
    assert.ok(rounds <= 3, `seed ${seed}: ${rounds} rounds`); // give up, take, nothing
  }
});

Deno.test("assign() settles when members want different topics, join, leave and change their mind", () => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const { partitions, members } = someGroup(random, { alike: false });
    let current = settle(members, partitions, `seed ${seed}`).members;
    for (let change = 0; change < 5; change++) {
      if (random.chance(0.4)) current.push(newMember(`new-${change}`, [], [...partitions.keys()]));
      if (random.chance(0.4) && current.length > 1) current.splice(random.below(current.length), 1);
      if (random.chance(0.4)) {
        const at = random.below(current.length);
        const wanted = [...partitions.keys()].filter(() => random.chance(0.6));
        current = current.map((member, i) => i === at ? { ...member, topics: wanted } : member);
      }
      const settled = settle(current, partitions, `seed ${seed}, change ${change}`);
      assert.ok(settled.rounds <= 5, `seed ${seed}: ${settled.rounds} rounds`);
      current = settled.members;
    }
  }
});

Deno.test("assign() moves a fair share and no more to a member that joins", () => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const { members, partitions } = someGroup(random, { alike: true });
    const before = settle(members, partitions, `seed ${seed}`).members;
    const joined = [...before, newMember("new", [], members[0]?.topics.slice())];
    const assignment = assign(joined, partitions, EAGER);
    const total = [...partitions.values()].flat().length;
    const share = Math.floor(total / joined.length);
    assert.equal(moved(before, assignment), share, `seed ${seed}`);
    assert.equal(assignment.get("new")?.length, share, `seed ${seed}`);
  }
});

Deno.test("assign() moves what a member had that left, and nothing else", () => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const { members, partitions } = someGroup(random, { alike: true });
    const before = settle(members, partitions, `seed ${seed}`).members;
    const left = before.toSpliced(random.below(before.length), 1);
    assert.equal(moved(left, assign(left, partitions, EAGER)), 0, `seed ${seed}`);
  }
});
