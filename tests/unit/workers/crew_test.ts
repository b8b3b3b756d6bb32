import assert from "node:assert/strict";
import { loadConfig } from "../../../src/config.ts";
import { readyz } from "../../../src/ops/health.ts";
import { ActionError } from "../../../src/ops/http/actions.ts";
import { Crew } from "../../../src/workers/crew.ts";
import { SILENT } from "../../../src/workers/relayed_log.ts";
import { within } from "../../support/eventually.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const MUTE = new URL("../../support/mute_worker.ts", import.meta.url);
const FACTS = { by: "a test", reason: "test", from: "here" };

Deno.test("Crew is not ready while a worker says nothing, ends with 70 after STALL_HARD_MS, and does not wait for it", async () => {
  const { crew, clock } = mute();
  void crew.start();
  await clock.advance(8_000);
  assert.equal(crew.facts().problems.get("worker-1"), "starting");
  await clock.advance(2_000);
  assert.match(crew.facts().problems.get("worker-1") ?? "", /without a pause for 1\d s/);
  assert.equal(readyz(crew.facts()).ok, false);
  await clock.advance(600_000);
  const { exitCode, message } = await within("the end", crew.ended, 2_000);
  assert.equal(exitCode, 70);
  assert.match(message, /^Worker 0 has computed without a pause for 600 s/);
  const stopping = crew.stop();
  await clock.advance(0);
  assert.deepEqual(await stopping, { abandoned: 2 });
  assert.equal(clock.pending, 0);
});

Deno.test("Crew.stop() before the start ends at once", async () => {
  const { crew, clock } = mute();
  assert.deepEqual(await crew.stop(), { abandoned: 0 });
  assert.equal(clock.pending, 0);
});

Deno.test("Crew.operator refuses with 503 what a worker does not answer", async () => {
  const { crew, clock } = mute();
  const paused = Promise.resolve(crew.operator.pause("all", FACTS));
  const refused = assert.rejects(paused, (error) => {
    assert.ok(error instanceof ActionError);
    assert.equal(error.status, 503);
    return true;
  });
  await clock.advance(5_000);
  await refused;
  await crew.stop();
});

Deno.test("Crew.deadLetters tells that a worker does not answer", async () => {
  const { crew, clock } = mute();
  const document = crew.deadLetters.document();
  await clock.advance(5_000);
  const { topics, problem, look } = await document;
  assert.deepEqual({ topics, look }, { topics: ["user-activity-events.dlq"], look: null });
  assert.match(problem ?? "", /worker 0 does not answer/);
  await crew.stop();
});

function mute(): { readonly crew: Crew; readonly clock: ManualClock } {
  const clock = new ManualClock();
  const { config, sources } = loadConfig({ flags: new Map(), env: {}, readFile: notFound });
  const nothing = () => {};
  const crew = new Crew({
    config,
    sources,
    clock,
    version: "1",
    count: 2,
    module: MUTE,
    logger: SILENT,
    logLevel: { level: "info" },
    telemetry: { paused: nothing, resumed: nothing, rehearsed: nothing },
    onBroke: (error) => assert.fail(error.message),
  });
  return { crew, clock };
}

function notFound(): never {
  throw new Deno.errors.NotFound();
}
