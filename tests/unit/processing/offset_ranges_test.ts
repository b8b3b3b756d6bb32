import assert from "node:assert/strict";
import { OffsetRanges } from "../../../src/processing/offset_ranges.ts";

Deno.test("OffsetRanges.has() answers for ascending offsets, ends included", () => {
  const ranges = new OffsetRanges([{ first: 3, last: 3 }, { first: 6, last: 8 }]);
  const found = Array.from({ length: 12 }, (_, offset) => offset).filter((each) =>
    ranges.has(each)
  );
  assert.deepEqual(found, [3, 6, 7, 8]);
});
