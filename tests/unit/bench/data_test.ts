import assert from "node:assert/strict";
import { expectedTally, makePool, POOL_MESSAGES } from "../../../bench/data/bench_events.ts";
import { DATA_SETS, type DataSet } from "../../../bench/data/data_sets.ts";
import { addTo, EMPTY_TALLY, tallyProblem } from "../../../bench/data/tally.ts";
import { isEnrichedEvent } from "../../../src/event.ts";

const MESSAGES = 2_000;

for (const set of DATA_SETS) {
  Deno.test(`makePool() makes events of the size that ${set.name} says, the same ones again`, () => {
    const pool = makePool(set, MESSAGES);
    const bytes = pool.reduce((sum, { value }) => sum + value.length, 0) / pool.length;
    assert.ok(Math.abs(bytes / set.valueBytes - 1) < 0.05, `${bytes} bytes`);
    assert.deepEqual(makePool(set, MESSAGES), pool);
    const isUnicode = pool.some(({ value }) => value.some((byte) => byte > 127));
    assert.equal(isUnicode, set.hasUnicode);
    assert.ok(pool.every(({ headers }) => headers.length === set.headers));
    assert.equal(POOL_MESSAGES % set.partitions, 0);
  });
}

Deno.test("makePool() makes events that are valid but for the share that is not", () => {
  const pool = makePool(setOf("invalid"), MESSAGES);
  const bad = pool.filter(({ fields }) => fields === null);
  assert.ok(bad.length > 5 && bad.length < 50, `${bad.length} of ${pool.length}`);
  for (const { value, fields } of pool) {
    assert.equal(isValid(value.toString()), fields !== null, value.toString());
  }
});

Deno.test("expectedTally() goes round the pool", () => {
  const pool = makePool(setOf("events"), 10);
  const [once, twice] = [expectedTally(pool, 10), expectedTally(pool, 20)];
  assert.deepEqual(twice, {
    handled: 20,
    rejected: 0,
    checksum: once.checksum * 2,
  });
});

Deno.test("tallyProblem() finds a peer that leaves out, takes too much, or reads something else", () => {
  const tally = { ...EMPTY_TALLY };
  const fields = { event_id: "abc", event_type: "page_view", user_id: "user-1" };
  addTo(tally, fields);
  addTo(tally, null);
  assert.equal(tallyProblem({ ...tally }, tally), null);
  assert.match(tallyProblem({ ...tally, handled: 2 }, tally) ?? "", /handled 2 of 1/);
  assert.match(tallyProblem({ ...tally, rejected: 0 }, tally) ?? "", /rejected 0 of 1/);
  assert.match(tallyProblem({ ...tally, checksum: 1 }, tally) ?? "", /other values/);
  const raw = { handled: 2, rejected: 0, checksum: null };
  assert.equal(tallyProblem(raw, tally), null);
  assert.match(tallyProblem({ ...raw, handled: 1 }, tally) ?? "", /took 1 of 2/);
});

function setOf(name: string): DataSet {
  const found = DATA_SETS.find((set) => set.name === name);
  assert.ok(found, name);
  return found;
}

function isValid(text: string): boolean {
  try {
    return isEnrichedEvent(JSON.parse(text));
  } catch {
    return false;
  }
}
