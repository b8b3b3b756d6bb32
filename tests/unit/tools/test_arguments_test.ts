import assert from "node:assert/strict";
import { isFiltered, parseTestArguments } from "../../../tools/test_arguments.ts";

Deno.test("parseTestArguments() takes the usual suites when none is named", () => {
  const { selections, extra } = parseTestArguments([]);
  assert.deepEqual(selections.map(({ suite }) => suite), ["unit", "integration", "e2e"]);
  assert.deepEqual(extra, []);
});

Deno.test("parseTestArguments() takes suites and paths, and passes flags on", () => {
  const parsed = parseTestArguments(["e2e", "./tests/unit/ops/", "--filter", "unit"]);
  assert.deepEqual(parsed.selections, [
    { suite: "unit", paths: ["tests/unit/ops"] },
    { suite: "e2e", paths: ["tests/e2e"] },
  ]);
  assert.deepEqual(parsed.extra, ["--filter", "unit"]);
});

Deno.test("parseTestArguments() takes tests of the executable when they are named", () => {
  assert.deepEqual(parseTestArguments(["compiled"]).selections, [
    { suite: "compiled", paths: ["tests/compiled"] },
  ]);
});

Deno.test("parseTestArguments() drops a leading --", () => {
  const parsed = parseTestArguments(["--", "unit", "--fail-fast"]);
  assert.deepEqual(parsed.selections, [{ suite: "unit", paths: ["tests/unit"] }]);
  assert.deepEqual(parsed.extra, ["--fail-fast"]);
});

Deno.test("parseTestArguments() refuses a word that is neither suite nor test path", () => {
  for (const word of ["units", "tests/support", "src"]) {
    assert.throws(() => parseTestArguments([word]), /Cannot tell which tests are meant/, word);
  }
});

Deno.test("isFiltered() knows both ways to write --filter", () => {
  assert.equal(isFiltered(["--filter", "x"]), true);
  assert.equal(isFiltered(["--filter=x"]), true);
  assert.equal(isFiltered(["--fail-fast"]), false);
});
