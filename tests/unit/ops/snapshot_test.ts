import assert from "node:assert/strict";
import { totalsOf } from "../../../src/ops/snapshot.ts";
import { partitionSnapshot } from "../../support/metric_facts.ts";

Deno.test("totalsOf() sums up, and takes the worst of what cannot be summed", () => {
  const totals = totalsOf([
    partitionSnapshot({ lag: 3, lagSeconds: 1, timeToDrainSeconds: 4 }),
    partitionSnapshot({
      partition: 1,
      lag: 5,
      lagSeconds: 9,
      timeToDrainSeconds: 2,
      pausedBy: ["operator"],
    }),
    partitionSnapshot({ partition: 2, lag: null, lagSeconds: null, timeToDrainSeconds: null }),
  ]);
  const { lag, lagSeconds, timeToDrainSeconds, pausedPartitions } = totals;
  assert.deepEqual([lag, lagSeconds, timeToDrainSeconds, pausedPartitions], [8, 9, 4, 1]);
});

Deno.test("totalsOf() says never when one partition never catches up, and null where nothing is known", () => {
  const never = partitionSnapshot({ timeToDrainSeconds: "never" });
  assert.equal(totalsOf([partitionSnapshot(), never]).timeToDrainSeconds, "never");
  const { lag, lagSeconds, timeToDrainSeconds } = totalsOf([]);
  assert.deepEqual([lag, lagSeconds, timeToDrainSeconds], [null, null, null]);
});
