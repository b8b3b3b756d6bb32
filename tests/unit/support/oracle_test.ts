import assert from "node:assert/strict";
import {
  type Acknowledged,
  assertNoViolation,
  type Handled,
  type History,
  judge,
  type Verdict,
} from "../../support/oracle.ts";

const TOPIC = "events";

function sent(offset: number, key: string | null = "a"): Acknowledged {
  return { topic: TOPIC, partition: 0, offset, eventId: `e${offset}`, key, hash: `h${offset}` };
}

function handled(kind: Handled["kind"], offset: number, at: number, process = "p1"): Handled {
  const eventId = `e${offset}`;
  return { topic: TOPIC, partition: 0, offset, eventId, hash: `h${offset}`, kind, at, process };
}

function at(offset: number, time: number) {
  return { topic: TOPIC, partition: 0, offset, at: time };
}

/** Three messages of one key, each handled in turn, then committed. */
const CLEAN: History = {
  acknowledged: [sent(0), sent(1), sent(2)],
  handled: [
    handled("start", 0, 10),
    handled("done", 0, 11),
    handled("start", 1, 12),
    handled("done", 1, 13),
    handled("start", 2, 14),
    handled("done", 2, 15),
  ],
  deadLettered: [],
  committed: [at(2, 14), at(3, 16)],
};

/** The kinds of violation in a history. */
function kinds(history: History): readonly string[] {
  const { duplicates: _, excused: __, ...violations }: Verdict = judge(history);
  return Object.entries(violations).filter(([, found]) => found.length > 0).map(([kind]) => kind);
}

Deno.test("judge() finds nothing in a clean history", () => {
  assert.deepEqual(kinds(CLEAN), []);
  assert.equal(judge(CLEAN).duplicates, 0);
  assertNoViolation(judge(CLEAN));
});

Deno.test("judge() finds a lost message", () => {
  const history = { ...CLEAN, acknowledged: [...CLEAN.acknowledged, sent(3)] };
  assert.deepEqual(kinds(history), ["lost"]);
  assert.match(judge(history).lost[0] ?? "", /events-0@3 \(event e3, key a\): nothing happened/);
});

Deno.test("judge() counts a start without an end as lost", () => {
  assert.deepEqual(kinds({ ...CLEAN, handled: CLEAN.handled.slice(0, 5), committed: [] }), [
    "lost",
  ]);
});

Deno.test("judge() takes a dead letter for an outcome", () => {
  const history = {
    ...CLEAN,
    handled: CLEAN.handled.slice(0, 4),
    deadLettered: [at(2, 15)],
  };
  assert.deepEqual(kinds(history), []);
});

Deno.test("judge() finds what was never sent, once for each message", () => {
  const extra = [handled("start", 9, 20), handled("done", 9, 21)];
  const history = { ...CLEAN, handled: [...CLEAN.handled, ...extra] };
  assert.deepEqual(kinds(history), ["invented"]);
  assert.equal(judge(history).invented.length, 1);
  assert.deepEqual(kinds({ ...CLEAN, deadLettered: [at(9, 20)] }), ["invented"]);
});

Deno.test("judge() excuses what a producer wrote twice, within an outage only", () => {
  const copy = { ...handled("start", 9, 20), eventId: "e1", hash: "h1" };
  const history = { ...CLEAN, handled: [...CLEAN.handled, copy] };
  assert.deepEqual(kinds(history), ["invented"]);
  const during = { ...history, outages: [{ from: 15, to: 25 }] };
  assert.deepEqual(kinds(during), []);
  assert.equal(judge(during).excused, 1);
  const other = { ...during, handled: [...CLEAN.handled, { ...copy, hash: "h2" }] };
  assert.deepEqual(kinds(other), ["invented"]);
});

Deno.test("judge() finds other bytes and another id", () => {
  const [first, ...rest] = CLEAN.handled;
  assert.ok(first !== undefined);
  assert.deepEqual(kinds({ ...CLEAN, handled: [{ ...first, hash: "x" }, ...rest] }), ["altered"]);
  assert.deepEqual(kinds({ ...CLEAN, handled: [{ ...first, eventId: "x" }, ...rest] }), [
    "altered",
  ]);
});

Deno.test("judge() finds first starts of a key that are not in the order of offsets", () => {
  const swapped = [
    handled("start", 1, 10),
    handled("done", 1, 11),
    handled("start", 0, 12),
    handled("done", 0, 13),
  ];
  const history = { ...CLEAN, acknowledged: [sent(0), sent(1)], handled: swapped, committed: [] };
  assert.deepEqual(kinds(history), ["orderViolations"]);
});

Deno.test("judge() finds a start before the one before it was done", () => {
  const overlap = [
    handled("start", 0, 10),
    handled("start", 1, 11),
    handled("done", 0, 12),
    handled("done", 1, 13),
  ];
  const history = { ...CLEAN, acknowledged: [sent(0), sent(1)], handled: overlap, committed: [] };
  assert.deepEqual(kinds(history), ["orderViolations"]);
});

Deno.test("judge() lets different keys and messages without key overlap", () => {
  const overlap = [
    handled("start", 1, 10),
    handled("start", 0, 11),
    handled("done", 0, 12),
    handled("done", 1, 13),
  ];
  const base = { ...CLEAN, handled: overlap, committed: [] };
  assert.deepEqual(kinds({ ...base, acknowledged: [sent(0, "a"), sent(1, "b")] }), []);
  assert.deepEqual(kinds({ ...base, acknowledged: [sent(0, null), sent(1, null)] }), []);
});

Deno.test("judge() excuses an overlap across processes within a fault only", () => {
  const overlap = [
    handled("start", 0, 10, "p1"),
    handled("start", 1, 20, "p2"),
    handled("done", 0, 21, "p1"),
    handled("done", 1, 22, "p2"),
  ];
  const history = { ...CLEAN, acknowledged: [sent(0), sent(1)], handled: overlap, committed: [] };
  assert.deepEqual(kinds(history), ["orderViolations"]);
  const during = { ...history, faults: [{ from: 15, to: 25 }] };
  assert.deepEqual(kinds(during), []);
  assert.equal(judge(during).excused, 1);
  const sameProcess = overlap.map((entry) => ({ ...entry, process: "p1" }));
  assert.deepEqual(kinds({ ...during, handled: sameProcess }), ["orderViolations"]);
});

Deno.test("judge() does not blame a redelivery for its order", () => {
  const again = [handled("start", 1, 20, "p2"), handled("done", 1, 21, "p2")];
  assert.deepEqual(kinds({ ...CLEAN, handled: [...CLEAN.handled, ...again] }), []);
});

Deno.test("judge() finds a commit past a message without outcome", () => {
  assert.deepEqual(kinds({ ...CLEAN, committed: [at(3, 14)] }), ["earlyCommits"]);
});

Deno.test("judge() finds a commit before the dead letter was acknowledged", () => {
  const history = { ...CLEAN, handled: CLEAN.handled.slice(0, 4), deadLettered: [at(2, 30)] };
  assert.deepEqual(kinds(history), ["earlyCommits"]);
});

Deno.test("judge() finds a commit that goes back, and excuses it within a reset only", () => {
  const history = { ...CLEAN, committed: [at(2, 14), at(1, 16), at(3, 17)] };
  assert.deepEqual(kinds(history), ["commitRegresses"]);
  assert.deepEqual(kinds({ ...history, faults: [{ from: 15, to: 16 }] }), ["commitRegresses"]);
  const during = { ...history, resets: [{ from: 15, to: 16 }] };
  assert.deepEqual(kinds(during), []);
  assert.equal(judge(during).excused, 1);
});

Deno.test("judge() keeps partitions apart", () => {
  const other = { ...sent(0), partition: 1 };
  const history = { ...CLEAN, acknowledged: [...CLEAN.acknowledged, other] };
  assert.deepEqual(kinds(history), ["lost"]);
  assert.match(judge(history).lost[0] ?? "", /events-1@0/);
});

Deno.test("judge() counts every end beyond the first as a duplicate", () => {
  const again = [handled("done", 0, 20), handled("done", 0, 21, "p2"), handled("done", 1, 22)];
  assert.equal(judge({ ...CLEAN, handled: [...CLEAN.handled, ...again] }).duplicates, 3);
});

Deno.test("judge() takes as long for each violation, however many there are", () => {
  const count = 20_000;
  const acknowledged = Array.from({ length: count }, (_, offset) => sent(offset));
  const started = acknowledged.map(({ offset }) => handled("start", offset, offset));
  const startedAt = performance.now();
  const verdict = judge({ ...CLEAN, acknowledged, handled: started, committed: [] });
  assert.equal(verdict.lost.length, count);
  assert.equal(verdict.orderViolations.length, count - 1);
  assert.ok(performance.now() - startedAt < 5_000, "a minute when each looks through all");
});

Deno.test("assertNoViolation() throws with the history of the message", () => {
  const verdict = judge({ ...CLEAN, acknowledged: [...CLEAN.acknowledged, sent(3)] });
  assert.throws(() => assertNoViolation(verdict), /lost: 1\nevents-0@3/);
});
