import assert from "node:assert/strict";
import { instant, ValueError } from "../../../src/config/values.ts";

const NOW = Date.UTC(2024, 0, 15, 10, 30);

Deno.test("instant() takes a time with a zone, and an age", () => {
  const at = (text: string) => instant().parse(text).at(NOW);
  assert.equal(at("2024-01-15T10:30:00Z"), NOW);
  assert.equal(at("2024-01-15T12:30+02:00"), NOW);
  assert.equal(at("2024-01-15T10:30:00.25Z"), NOW + 250);
  assert.equal(at("90m"), NOW - 90 * 60_000);
  assert.deepEqual(["1s", "2h", "3d"].map((age) => NOW - at(age)), [1_000, 7_200_000, 259_200_000]);
});

Deno.test("instant() takes nothing that could be meant in two ways", () => {
  for (
    const text of [
      "",
      "2024-01-15",
      "2024-01-15T10:30:00",
      "10:30",
      "5",
      "5w",
      "-1h",
      "1.5h",
      "2024-13-01T00:00Z",
    ]
  ) {
    assert.throws(() => instant().parse(text), ValueError, text);
  }
});
