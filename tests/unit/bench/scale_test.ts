import assert from "node:assert/strict";
import { POOL_MESSAGES } from "../../../bench/data/bench_events.ts";
import { AXES } from "../../../bench/scale/axes.ts";
import { measureGroupPlan } from "../../../bench/scale/group_plans.ts";
import { axisTable, scalePart } from "../../../bench/scale/page.ts";

Deno.test("AXES change one thing at a time, from a little to a lot", () => {
  const keys = (name: string) => {
    const points = AXES.find((axis) => axis.name === name)?.points ?? [];
    return points.map(({ set: { partitions, nodes, users } }) => ({ partitions, nodes, users }));
  };
  assert.deepEqual(keys("partitions").map(({ partitions }) => partitions), [1, 10, 100, 1_000]);
  assert.deepEqual(keys("brokers").map(({ nodes }) => nodes), [1, 3, 6, 12]);
  assert.deepEqual(new Set(keys("keys").map(({ partitions }) => partitions)), new Set([4]));
  for (const { points } of AXES) {
    assert.ok(points.every(({ set }) => POOL_MESSAGES % set.partitions === 0));
  }
});

Deno.test("measureGroupPlan() lets a member take no more than its share", () => {
  const { moved, joinBytes, planMs } = measureGroupPlan(4, 60);
  assert.equal(moved, 12);
  assert.ok(joinBytes > 0 && planMs > 0);
});

Deno.test("scalePart() tells the rules in any case, and what was measured where there is any", () => {
  assert.match(scalePart(null), /On paper/);
  const spread = { median: 2, least: 1.9, most: 2.1 };
  const point = {
    label: "1,000",
    messages: 200_000,
    cpu: spread,
    streamRate: { median: 300_000, least: 1, most: 1 },
    peakRssBytes: { median: 2e8, least: 2e8, most: 2e8 },
    idle: spread,
  };
  const { titles, rows } = axisTable({ name: "p", title: "partitions", points: [point] });
  assert.equal(titles.at(-1), "idle, % of a core");
  assert.deepEqual(rows[0], [
    "1,000",
    "200,000",
    "2.00 (1.90–2.10)",
    "300",
    "200",
    "2.0 (1.9–2.1)",
  ]);
});
