import assert from "node:assert/strict";
import { FileTail } from "../../support/file_tail.ts";

Deno.test("FileTail.read() answers each whole line once, and a half one when it is whole", async () => {
  const path = await Deno.makeTempFile();
  try {
    const tail = new FileTail(path);
    assert.deepEqual(await tail.read(), []);
    await Deno.writeTextFile(path, "one\ntwo\nthr", { append: true });
    assert.deepEqual(await tail.read(), ["one", "two"]);
    await Deno.writeTextFile(path, "ee\n", { append: true });
    assert.deepEqual(await tail.read(), ["three"]);
    assert.deepEqual(await tail.read(), []);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("FileTail.read() finds nothing in a file that is not there yet", async () => {
  assert.deepEqual(await new FileTail("/nowhere/at/all").read(), []);
});
