import assert from "node:assert/strict";
import { ProcessWatch, rssSlope } from "../../support/process_watch.ts";

Deno.test("rssSlope() is the growth of memory in a second", () => {
  const samples = [0, 1_000, 2_000, 3_000].map((at) => ({ at, rssBytes: 500 + 2 * at, files: 1 }));
  assert.equal(rssSlope(samples), 2_000);
  assert.equal(rssSlope(samples.slice(0, 1)), 0);
});

Deno.test({
  name: "ProcessWatch.look() sees memory and files of a process, and passes over one that is gone",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const watch = new ProcessWatch();
    await watch.look([Deno.pid, 2 ** 22 + 1]);
    await watch.look([Deno.pid]);
    assert.equal(watch.longest.length, 2);
    assert.ok(watch.most.rssBytes > 1024 * 1024);
    assert.ok(watch.most.files > 2);
  },
});
