import assert from "node:assert/strict";
import type { Letter } from "../../../src/dead_letters/letter.ts";
import { LettersCount } from "../../../src/dead_letters/summary.ts";
import { letter } from "../../support/letters.ts";

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;

function summaryOf(letters: Iterable<Letter>) {
  const count = new LettersCount(NOW);
  for (const each of letters) count.add(each);
  return count.summary();
}

Deno.test("LettersCount counts by cause, the most frequent first, with the reason of the newest", () => {
  const { count, causes } = summaryOf([
    letter({ fingerprint: "a", failedAt: NOW - 30 * HOUR, reason: "old" }),
    letter({ fingerprint: "b", failedAt: NOW }),
    letter({ fingerprint: "a", failedAt: NOW - HOUR, reason: "newest", replays: 2 }),
    letter({ fingerprint: "a", failedAt: NOW - 2 * HOUR, reason: "newer" }),
  ]);
  assert.equal(count, 4);
  assert.deepEqual(causes.map((cause) => [cause.fingerprint, cause.count]), [["a", 3], ["b", 1]]);
  const [a] = causes;
  assert.deepEqual(
    [a?.reason, a?.firstAt, a?.lastAt, a?.replays],
    ["newest", NOW - 30 * HOUR, NOW - HOUR, 2],
  );
});

Deno.test("LettersCount tells the trend of the last 24 hours, and ages", () => {
  const { causes: [cause], byAge } = summaryOf([
    ...[0, 0.5, 0.9, 1.5, 23.5, 24.5, 200].map((hours) => letter({ failedAt: NOW - hours * HOUR })),
    letter({ failedAt: NOW + HOUR }),
    letter({ failedAt: -1 }),
  ]);
  const trend = new Array(24).fill(0);
  trend[23] = 4; // a clock that is ahead included
  trend[22] = 1;
  trend[0] = 1;
  assert.deepEqual(cause?.trend, trend);
  assert.deepEqual(Object.fromEntries(byAge), { hour: 4, day: 2, week: 1, older: 1, unknown: 1 });
});

Deno.test("LettersCount shows where the first ones lie, and the last", () => {
  const letters = Array.from(
    { length: 20 },
    (_, offset) => letter({ place: { topic: "t.dlq", partition: 0, offset } }),
  );
  const [cause] = summaryOf(letters).causes;
  assert.deepEqual(cause?.samples.map(({ offset }) => offset), [0, 1, 2, 3, 19]);
});

Deno.test("LettersCount keeps a bounded number of causes and names, and nothing of a letter's content", () => {
  const count = new LettersCount(NOW);
  for (let i = 0; i < 20_000; i++) {
    count.add(
      letter({
        fingerprint: `f${i}`,
        code: `c${i}`,
        source: { topic: `t${i}`, partition: 0, offset: 0, timestamp: null },
      }),
    );
  }
  const { causes, byCode, byTopic } = count.summary();
  assert.deepEqual([causes.length, byCode.size, byTopic.size], [1_001, 101, 101]);
  const last = causes.at(-1);
  assert.deepEqual([last?.fingerprint, last?.count, last?.reason], ["other", 19_000, null]);
  assert.ok(!JSON.stringify(causes).includes("secret"));
});

Deno.test("LettersCount keeps the beginning of a reason, however long others make it", () => {
  const { causes: [cause] } = summaryOf([letter({ reason: "Cannot convert ".repeat(10_000) })]);
  assert.equal(cause?.reason?.length, 2_000);
});
