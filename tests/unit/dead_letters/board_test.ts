import assert from "node:assert/strict";
import { loadConfig } from "../../../src/config.ts";
import { LettersBoard } from "../../../src/dead_letters/board.ts";
import { Settled } from "../../../src/dead_letters/settled.ts";
import type { LogPage, LogStretch } from "../../../src/kafka/log_reader.ts";
import type { ActionError } from "../../../src/ops/http/actions.ts";
import { handler } from "../../../src/processing/handler.ts";
import type { Header } from "../../../src/processing/message.ts";
import { configSources } from "../../support/config_sources.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { bytesOf, sampleEvent } from "../../support/sample_event.ts";

const BY = { by: "ann", reason: "", from: "127.0.0.1" };
const OURS: readonly Header[] = [
  ["__dlq.errors.message", bytesOf("user_id: expected string, received number")],
  ["__dlq.processing.stage", bytesOf("validate")],
  ["__dlq.processing.code", bytesOf("schema_mismatch")],
  ["__dlq.processing.fingerprint", bytesOf("8ff24198ff")],
];
const SPRINGS: readonly Header[] = [
  ["kafka_dlt-exception-fqcn", bytesOf("java.lang.IllegalStateException")],
  ["kafka_dlt-exception-message", bytesOf("Cannot book for ann@example.com")],
];

/** A topic with one page of these letters; `hold` keeps its reader waiting. */
function bench(env: Readonly<Record<string, string>> = {}) {
  const clock = new ManualClock();
  const { config } = loadConfig(configSources({ env: { HTTP_PORT: "off", ...env } }));
  const audit: unknown[] = [];
  const state = { looks: 0, hold: null as Promise<void> | null, fails: null as Error | null };
  const place = { topic: "events.dlq", partition: 0 };
  const letters = [OURS, OURS, SPRINGS].map((headers, offset) => ({
    ...place,
    offset,
    timestamp: clock.wallTime(),
    key: null,
    value: bytesOf(sampleEvent()),
    headers,
    leaderEpoch: -1,
  }));
  const reader = {
    stretches: () => Promise.resolve([{ ...place, start: 0, end: letters.length }]),
    async *pages(_: LogStretch, signal?: AbortSignal): AsyncGenerator<LogPage, void> {
      await state.hold;
      if (signal?.aborted) return;
      yield { ...place, messages: letters, next: letters.length, unreadable: null };
    },
  };
  const board = new LettersBoard({
    config,
    clock,
    handlers: { byType: {}, default: handler({ dryRunnable: true, handle: () => {} }) },
    lookUp: () => {
      state.looks += 1;
      if (state.fails !== null) return Promise.reject(state.fails);
      const settled = new Settled([], { topicId: () => null });
      return Promise.resolve({
        topics: [],
        partitions: [],
        reader: reader as never,
        settled,
        settledUnknown: null,
      });
    },
    telemetry: { rehearsed: (scope, facts) => audit.push([scope, facts]) },
  });
  return { clock, board, state, audit };
}

async function ended(board: LettersBoard, clock: ManualClock) {
  for (let i = 0; i < 100; i++) {
    const { rehearsal } = board.document();
    if (rehearsal !== null && rehearsal.endedAt !== null) return rehearsal;
    await clock.advance(0);
  }
  assert.fail("the rehearsal does not end");
}

Deno.test("LettersBoard looks only when it is asked, one look at a time, and seldom", async () => {
  const { clock, board, state } = bench();
  await clock.advance(3_600_000);
  assert.equal(state.looks, 0);
  assert.equal(board.document().look, null);
  board.document();
  await clock.advance(0);
  assert.equal(state.looks, 1);
  assert.equal(board.document().look?.count, 3);
  await clock.advance(9_000);
  board.document();
  assert.equal(state.looks, 1, "not yet again");
  await clock.advance(1_000);
  const held = Promise.withResolvers<void>();
  state.hold = held.promise;
  board.document();
  await clock.advance(2_000);
  held.resolve();
  await clock.advance(0);
  assert.equal(state.looks, 2);
  await clock.advance(39_000);
  board.document();
  assert.equal(state.looks, 2, "a look that took longer is followed by a longer pause");
  await clock.advance(1_000);
  board.document();
  assert.equal(state.looks, 3);
  await board.stop();
});

Deno.test("LettersBoard shows no reason that somebody else wrote, unless values may be shown", async () => {
  const reasons = async (env: Readonly<Record<string, string>>) => {
    const { clock, board } = bench(env);
    board.document();
    await clock.advance(0);
    return board.document().look?.causes.map(({ reason }) => reason);
  };
  const ours = "user_id: expected string, received number";
  assert.deepEqual(await reasons({}), [ours, null]);
  assert.deepEqual(await reasons({ CONSOLE_SHOW_VALUES: "true" }), [
    ours,
    "Cannot book for ann@example.com",
  ]);
});

Deno.test("LettersBoard rehearses in somebody's name, once at a time, and tells what comes of it", async () => {
  const { clock, board, state, audit } = bench();
  const held = Promise.withResolvers<void>();
  state.hold = held.promise;
  board.rehearse({ fingerprint: "8ff24198ff" }, BY);
  assert.throws(
    () => board.rehearse({ fingerprint: null }, BY),
    ({ status, message }: ActionError) => status === 409 && message.includes("ann"),
  );
  assert.equal(board.document().rehearsal?.endedAt, null);
  held.resolve();
  const rehearsal = await ended(board, clock);
  assert.deepEqual(audit, [[{ fingerprint: "8ff24198ff" }, BY]]);
  assert.deepEqual(
    [rehearsal?.count, rehearsal?.isComplete, rehearsal?.causes.map(({ passes }) => passes)],
    [2, true, [2]],
  );
  board.rehearse({ fingerprint: null }, BY);
  assert.equal((await ended(board, clock))?.count, 3);
  await board.stop();
});

Deno.test("LettersBoard ends when its time is up, and says that there is more", async () => {
  const { clock, board, state } = bench();
  const held = Promise.withResolvers<void>();
  state.hold = held.promise;
  board.document();
  await clock.advance(5_000);
  held.resolve();
  await clock.advance(0);
  const { look } = board.document();
  assert.deepEqual([look?.count, look?.isComplete], [0, false]);
  await board.stop();
});

Deno.test("LettersBoard says why it cannot look, and tries again", async () => {
  const { clock, board, state } = bench();
  state.fails = new Error("Topic events.dlq: TOPIC_AUTHORIZATION_FAILED (29)");
  board.document();
  await clock.advance(0);
  assert.equal(board.document().problem, "Topic events.dlq: TOPIC_AUTHORIZATION_FAILED (29)");
  state.fails = null;
  await clock.advance(10_000);
  board.document();
  await clock.advance(0);
  assert.deepEqual([board.document().problem, board.document().look?.count], [null, 3]);
  await board.stop();
});

Deno.test("LettersBoard has nothing to look at with DLQ_TOPIC=none, and nothing after stop()", async () => {
  const none = bench({ DLQ_TOPIC: "none" });
  none.board.document();
  assert.deepEqual([none.state.looks, none.board.document().topics], [0, []]);
  assert.throws(() => none.board.rehearse({ fingerprint: null }, BY), /DLQ_TOPIC=none/);
  const { board, state } = bench();
  await board.stop();
  board.document();
  assert.equal(state.looks, 0);
});

Deno.test("LettersBoard looks again at once after expire(), also when that came during a look", async () => {
  const { clock, board, state } = bench();
  const held = Promise.withResolvers<void>();
  state.hold = held.promise;
  board.document();
  await clock.advance(0);
  board.expire();
  held.resolve();
  await clock.advance(0);
  board.document();
  await clock.advance(0);
  assert.equal(state.looks, 2);
  board.document();
  assert.equal(state.looks, 2, "that was for one look");
  board.expire();
  board.document();
  assert.equal(state.looks, 3);
  await board.stop();
});
