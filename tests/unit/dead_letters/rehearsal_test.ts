import assert from "node:assert/strict";
import { Rehearsal } from "../../../src/dead_letters/rehearsal.ts";
import { PermanentError } from "../../../src/processing/failure.ts";
import { fingerprintOf } from "../../../src/processing/fingerprint.ts";
import { handler, type Handlers } from "../../../src/processing/handler.ts";
import type { HandlerContext } from "../../../src/processing/message.ts";
import { letter } from "../../support/letters.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { bytesOf, sampleEvent } from "../../support/sample_event.ts";

const TIMEOUT_MS = 1_000;

function bench(handlers: Partial<Handlers["byType"]>) {
  const clock = new ManualClock();
  const fallback = () => assert.fail("it does not declare itself dryRunnable");
  const byType = handlers as Handlers["byType"];
  const rehearsal = new Rehearsal({
    clock,
    handlers: { byType, default: fallback },
    handlerTimeoutMs: TIMEOUT_MS,
  });
  return { clock, rehearsal };
}

function of(eventType: string, own: Parameters<typeof letter>[0] = {}) {
  return letter({ value: bytesOf(sampleEvent({ event_type: eventType })), ...own });
}

Deno.test("Rehearsal calls only handlers that declare themselves dryRunnable, and says that it is a dry run", async () => {
  const calls: HandlerContext[] = [];
  const { rehearsal } = bench({
    tried: handler({
      dryRunnable: true,
      reads: ["user_id"],
      handle: (_, context) => void calls.push(context),
    }),
    silent: handler({ dryRunnable: false, handle: () => assert.fail("it says that it must not") }),
    plain: () => assert.fail("it says nothing"),
  });
  await rehearsal.add(["tried", "silent", "plain", "any"].map((type) => of(type)));
  assert.deepEqual(rehearsal.report().prospects, { passes: 1, valid: 3, fails: 0, never: 0 });
  const [context] = calls;
  assert.deepEqual(
    [
      calls.length,
      context?.dryRun,
      context?.attempt,
      context?.topic,
      context?.partition,
      context?.offset,
    ],
    [1, true, 1, "events", 0, 42],
  );
});

Deno.test("Rehearsal tells by fingerprint what would pass, and what would stop the others now", async () => {
  const failure = { stage: "handle", code: "no_user" } as const;
  const { rehearsal } = bench({
    good: handler({ dryRunnable: true, handle: () => {} }),
    bad: handler({
      dryRunnable: true,
      handle: () => Promise.reject(new PermanentError("No such user", { code: "no_user" })),
    }),
  });
  const mended = { fingerprint: "mended" };
  await rehearsal.add([of("good", mended), of("bad", mended), of("good", { fingerprint: null })]);
  await rehearsal.add([letter({ value: bytesOf("{"), fingerprint: "broken" })]);
  const { count, causes, failures } = rehearsal.report();
  assert.equal(count, 4);
  assert.deepEqual(causes.map((cause) => [cause.fingerprint, cause.count, cause.prospects]), [
    ["mended", 2, { passes: 1, valid: 0, fails: 1, never: 0 }],
    [null, 1, { passes: 1, valid: 0, fails: 0, never: 0 }],
    ["broken", 1, { passes: 0, valid: 0, fails: 1, never: 0 }],
  ]);
  assert.deepEqual(failures.map(({ fingerprint, reason }) => [fingerprint, reason]), [
    [fingerprintOf(failure), "No such user"],
    [
      fingerprintOf({ stage: "decode", code: "not_json" }),
      "the value is not JSON: syntax error at position 1",
    ],
  ]);
});

Deno.test("Rehearsal takes a tombstone for skipped, and expects nothing of letters without their message", async () => {
  const { rehearsal } = bench({});
  await rehearsal.add([
    letter({ value: null }),
    letter({ value: null, obstacle: "value_left_out" }),
    letter({ obstacle: "raw_batch" }),
  ]);
  assert.deepEqual(rehearsal.report().prospects, { passes: 1, valid: 0, fails: 0, never: 2 });
});

Deno.test("Rehearsal waits for a handler until its deadline, and tells it", async () => {
  let signal: AbortSignal | null = null;
  const { clock, rehearsal } = bench({
    slow: handler({
      dryRunnable: true,
      handle: (_, context) => {
        signal = context.signal;
        return new Promise<void>(() => {});
      },
    }),
  });
  const added = rehearsal.add([of("slow")]);
  await clock.advance(TIMEOUT_MS);
  await added;
  const { failures: [failure] } = rehearsal.report();
  assert.deepEqual([failure?.stage, failure?.code], ["handle", "handler_timeout"]);
  assert.equal((signal as AbortSignal | null)?.aborted, true);
});
