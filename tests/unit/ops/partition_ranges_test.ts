import assert from "node:assert/strict";
import { partitionRanges } from "../../../src/ops/partition_ranges.ts";

Deno.test("partitionRanges() joins neighbours, by topic", () => {
  const of = (topic: string, ...numbers: number[]) =>
    numbers.map((partition) => ({ topic, partition }));
  assert.equal(partitionRanges([]), "none");
  assert.equal(partitionRanges(of("a", 3)), "a/3");
  assert.equal(partitionRanges([...of("a", 7, 0, 2, 1, 1, 10), ...of("b", 0)]), "a/0-2,7,10 b/0");
});
