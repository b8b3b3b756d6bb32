import assert from "node:assert/strict";
import { fits, type Looked, withLooked, withoutLeft } from "../../../src/dead_letters/marks.ts";
import { seededRandom } from "../../support/seeded_random.ts";

/** `L` is left, `d` is done, a space is no letter; from an offset on. */
function looked(from: number, text: string): Looked[] {
  return [...text].map((letter, i) => ({ offset: from + i, isLeft: letter === "L", letter }))
    .filter(({ letter }) => letter !== " ");
}

Deno.test("withLooked() joins what is left without anything done between", () => {
  const left = withLooked([], looked(10, "dLL LdL"));
  assert.deepEqual(left, [{ first: 11, last: 14 }, { first: 16, last: 16 }]);
  assert.deepEqual(withLooked(left, looked(17, "Ld L")), [
    { first: 11, last: 14 },
    { first: 16, last: 17 },
    { first: 20, last: 20 },
  ]);
});

Deno.test("withoutLeft() stays at the first that is left, with what is done above it", () => {
  const left = withLooked([], looked(10, "dLLdL"));
  assert.deepEqual(withoutLeft({ offset: 15, done: [{ first: 17, last: 18 }] }, left), {
    offset: 11,
    done: [{ first: 13, last: 13 }, { first: 17, last: 18 }],
  });
  assert.deepEqual(withoutLeft({ offset: 10, done: [{ first: 10, last: 14 }] }, left), {
    offset: 10,
    done: [{ first: 10, last: 10 }, { first: 13, last: 13 }],
  });
  const nothing = withoutLeft({ offset: 15, done: [{ first: 17, last: 18 }] }, []);
  assert.deepEqual(nothing, { offset: 15, done: [{ first: 17, last: 18 }] });
});

Deno.test("withoutLeft() holds exactly what is done, whatever order it is done in", () => {
  const seed = Math.floor(Math.random() * 1e9);
  const random = seededRandom(seed);
  for (let round = 0; round < 300; round += 1) {
    const count = 1 + Math.floor(random() * 40);
    const isLeft = Array.from({ length: count }, () => random() < 0.5);
    const isDone = Array.from({ length: count }, (_, i) => isLeft[i] || random() < 0.7);
    const left = withLooked([], isLeft.map((each, offset) => ({ offset, isLeft: each })));
    // The core takes what it is not given for done.
    const prefix = isDone.indexOf(false) < 0 ? count : isDone.indexOf(false);
    const core = [];
    for (let i = prefix; i < count; i += 1) {
      if (isDone[i] && !isLeft[i]) core.push({ first: i, last: i });
    }
    const { offset, done } = withoutLeft({ offset: prefix, done: core }, left);
    const holds = (at: number) =>
      at < offset || done.some(({ first, last }) => at >= first && at <= last);
    for (let at = 0; at < count; at += 1) {
      assert.equal(
        holds(at),
        isDone[at] && !isLeft[at],
        `seed ${seed}, round ${round}, offset ${at}`,
      );
    }
  }
});

Deno.test("fits() says when there is no room for another mark", () => {
  const spread = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ first: i * 100, last: i * 100 + 40 }));
  const options = { next: 1_000_000, beyond: [], inFlight: 64 };
  assert.equal(fits([], options), true);
  assert.equal(fits(spread(500), options), true);
  assert.equal(fits(spread(900), options), false);
  const beyond = spread(400).map(({ first, last }) => ({ first: first + 2e6, last: last + 2e6 }));
  assert.equal(fits(spread(500), { ...options, beyond }), false);
});
