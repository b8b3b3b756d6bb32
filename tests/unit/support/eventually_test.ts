import assert from "node:assert/strict";
import { eventually, within } from "../../support/eventually.ts";

Deno.test("eventually() answers the first answer that is good enough", async () => {
  let asked = 0;
  const answer = await eventually("three", () => ++asked, {
    withinMs: 1000,
    everyMs: 1,
    until: (count) => count === 3,
  });
  assert.equal(answer, 3);
});

Deno.test("eventually() asks a probe that throws again", async () => {
  let asked = 0;
  const answer = await eventually("no error", () => {
    asked += 1;
    if (asked < 3) throw new Error("not yet");
    return "ready";
  }, { withinMs: 1000, everyMs: 1 });
  assert.equal(answer, "ready");
});

Deno.test("eventually() fails at its deadline with what it saw last", async () => {
  const waiting = eventually("lag is 0", () => 17, {
    withinMs: 5,
    everyMs: 1,
    until: (lag) => lag === 0,
  });
  await assert.rejects(waiting, { message: "Not so within 5 ms: lag is 0. Last observed: 17" });
});

Deno.test("eventually() shows the last error of a probe that never answers well", async () => {
  const waiting = eventually("it is there", () => {
    throw new Error("refused");
  }, { withinMs: 5, everyMs: 1 });
  await assert.rejects(waiting, /Last observed: Error: refused/);
});

Deno.test("eventually() gives up on a probe that hangs", async () => {
  const waiting = eventually("an answer", () => new Promise<boolean>(() => {}), { withinMs: 5 });
  await assert.rejects(waiting, /Not so within 5 ms: an answer. Last observed: nothing/);
});

Deno.test("within() answers what is in time and refuses what is late", async () => {
  assert.equal(await within("a value", Promise.resolve(7), 1000), 7);
  await assert.rejects(within("a value", new Promise(() => {}), 5), {
    message: "Not settled within 5 ms: a value",
  });
});
