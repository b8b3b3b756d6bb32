import assert from "node:assert/strict";
import { MUTATIONS } from "../../../tools/mutations.ts";

const ROOT = new URL("../../../", import.meta.url);

for (const { guard, file, from, tests } of MUTATIONS) {
  Deno.test(`tools/mutations.ts finds ${guard} and its tests`, async () => {
    const parts = (await Deno.readTextFile(new URL(file, ROOT))).split(from);
    assert.equal(parts.length, 2, `what to take out stands in ${file} once`);
    for (const test of tests) {
      const text = await Deno.readTextFile(new URL(test.file, ROOT));
      assert.ok(text.includes(`"${test.name}"`), `${test.file} has "${test.name}"`);
    }
  });
}
