import assert from "node:assert/strict";
import {
  agoText,
  isoText,
  sparkline,
  table,
  timeText,
} from "../../../../src/commands/dead_letters/table.ts";

Deno.test("table() makes columns as wide as they have to be", () => {
  const columns = [{ title: "NAME" }, { title: "N", align: "right" as const }, { title: "WHY" }];
  assert.deepEqual(table(columns, [["a", "1,000", "x"], ["longer", "7", ""]]), [
    "  NAME        N  WHY",
    "  a       1,000  x",
    "  longer      7",
  ]);
});

Deno.test("sparkline() has one sign for each count, and tells nothing from little", () => {
  assert.equal(sparkline([0, 1, 50, 100]), ".▁▅█");
  assert.equal(sparkline([0, 0]), "..");
});

Deno.test("timeText(), isoText() and agoText() take what a header may hold", () => {
  assert.equal(timeText(Date.UTC(2024, 0, 15, 10, 30, 45)), "2024-01-15 10:30:45");
  assert.deepEqual([timeText(null), timeText(1e300), isoText(1e300)], ["unknown", "1e+300", null]);
  assert.deepEqual([agoText(null, 0), agoText(5_000, 0)], ["unknown", "now"]);
  assert.deepEqual([agoText(0, 1_580), agoText(0, 7_200_000)], ["2 seconds ago", "2 hours ago"]);
});
