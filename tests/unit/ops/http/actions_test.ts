import assert from "node:assert/strict";
import {
  act,
  ActionError,
  type ActionName,
  type OperatorActions,
} from "../../../../src/ops/http/actions.ts";

function bench() {
  const done: unknown[] = [];
  const actions: OperatorActions = {
    pause(scope, facts) {
      if (scope !== "all" && scope[0]?.topic === "strange") throw new ActionError("No such topic");
      done.push(["pause", scope, facts]);
    },
    resume: (scope, facts) => void done.push(["resume", scope, facts]),
    rehearse(scope, facts) {
      if (scope.fingerprint === "busy") throw new ActionError("Wait", { status: 409 });
      done.push(["rehearse", scope, facts]);
    },
    redrive: (scope, facts) => void done.push(["redrive", scope, facts]),
    stopRedrive: (facts) => void done.push(["stopRedrive", facts]),
    setLogLevel: (level, options) => void done.push(["setLogLevel", level, options]),
  };
  const send = async (action: ActionName, body: string) => {
    const request = new Request("http://localhost/", { method: "POST", body });
    return (await act(action, { request, from: "127.0.0.1", actions })).status;
  };
  return { done, send };
}

Deno.test("act() pauses and resumes what the body names", async () => {
  const { done, send } = bench();
  const partitions = [{ topic: "events", partition: 3 }];
  const body = { partitions, reason: "a look at the sink", by: "ann" };
  assert.equal(await send("pause", JSON.stringify(body)), 200);
  assert.equal(await send("resume", JSON.stringify({ partitions: "all" })), 200);
  assert.deepEqual(done, [
    ["pause", partitions, { by: "ann", reason: "a look at the sink", from: "127.0.0.1" }],
    ["resume", "all", { by: "operator", reason: "", from: "127.0.0.1" }],
  ]);
});

Deno.test("act() does nothing for a body that says anything else", async () => {
  const { done, send } = bench();
  const bodies: readonly (readonly [body: string, status: number])[] = [
    ["", 400],
    ["{", 400],
    [JSON.stringify({ partitions: "some", reason: "x" }), 400],
    [JSON.stringify({ partitions: [], reason: "x" }), 400],
    [JSON.stringify({ partitions: [{ topic: "events", partition: -1 }], reason: "x" }), 400],
    [JSON.stringify({ partitions: "all" }), 400],
    [JSON.stringify({ partitions: "all", reason: "two\nlines" }), 400],
    [JSON.stringify({ partitions: "all", reason: "x", more: 1 }), 400],
    [JSON.stringify({ partitions: [{ topic: "strange", partition: 0 }], reason: "x" }), 404],
    [JSON.stringify({ partitions: "all", reason: "x".repeat(70_000) }), 413],
  ];
  for (const [body, status] of bodies) {
    assert.equal(await send("pause", body), status, body.slice(0, 80));
  }
  assert.deepEqual(done, []);
});

Deno.test("act() sets the log level for so many minutes, in the name of who asked", async () => {
  const { done, send } = bench();
  const body = { level: "debug", minutes: 15, by: "ann" };
  assert.equal(await send("setLogLevel", JSON.stringify(body)), 200);
  for (
    const wrong of [{ level: "all" }, { minutes: 0 }, { minutes: 1.5 }, { minutes: 5_000 }, {
      more: 1,
    }]
  ) {
    assert.equal(await send("setLogLevel", JSON.stringify({ ...body, ...wrong })), 400);
  }
  assert.deepEqual(done, [
    ["setLogLevel", "debug", { by: "ann from 127.0.0.1", forMs: 900_000 }],
  ]);
});

Deno.test("act() rehearses the letters of one cause, or all, unless it cannot be now", async () => {
  const { done, send } = bench();
  assert.equal(
    await send("rehearse", JSON.stringify({ fingerprint: "0123456789", by: "ann" })),
    200,
  );
  assert.equal(await send("rehearse", "{}"), 200);
  assert.equal(await send("rehearse", JSON.stringify({ fingerprint: "busy" })), 409);
  for (const wrong of [{ fingerprint: "" }, { fingerprint: 7 }, { more: 1 }]) {
    assert.equal(await send("rehearse", JSON.stringify(wrong)), 400);
  }
  assert.deepEqual(done, [
    ["rehearse", { fingerprint: "0123456789" }, { by: "ann", reason: "", from: "127.0.0.1" }],
    ["rehearse", { fingerprint: null }, { by: "operator", reason: "", from: "127.0.0.1" }],
  ]);
});

Deno.test("act() redrives the letters of one cause, or all, and stops that", async () => {
  const { done, send } = bench();
  const facts = { by: "ann", reason: "", from: "127.0.0.1" };
  assert.equal(
    await send("redrive", JSON.stringify({ fingerprint: "0123456789", by: "ann" })),
    200,
  );
  assert.equal(await send("stopRedrive", JSON.stringify({ by: "ann" })), 200);
  assert.equal(await send("stopRedrive", JSON.stringify({ fingerprint: null })), 400);
  assert.equal(await send("redrive", "[]"), 400);
  assert.deepEqual(done, [["redrive", { fingerprint: "0123456789" }, facts], [
    "stopRedrive",
    facts,
  ]]);
});
