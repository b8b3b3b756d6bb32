import assert from "node:assert/strict";
import type { GroupView, PartitionView } from "../../../src/ops/stall_cause.ts";
import { Telemetry } from "../../../src/ops/telemetry.ts";
import { Watchdog } from "../../../src/ops/watchdog.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { GROUP, HELD, PARTITION } from "../../support/stall_views.ts";

const SOFT_MS = 10_000;
const HARD_MS = 60_000;
const STUCK = { ...PARTITION, first: HELD };
const PAUSED = { ...PARTITION, paused: "too many dead letters" };

/** A watchdog that sees what `group` and `partitions` say. */
function makeWatchdog(partitions: PartitionView[], group: GroupView = GROUP) {
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  const telemetry = new Telemetry({ logger, clock });
  const ended: string[] = [];
  const seen = { group, partitions, cpuMs: 0 };
  const watchdog = new Watchdog({
    clock,
    softMs: SOFT_MS,
    hardMs: HARD_MS,
    cpuTimeMs: () => seen.cpuMs,
    look: () => seen,
    telemetry: telemetry.stalls,
    onStalled: (text) => ended.push(text),
  });
  watchdog.start();
  const told = () => logger.shown.map(({ level, text }) => `${level} ${text}`);
  return { clock, logger, telemetry, watchdog, seen, ended, told };
}

Deno.test("Watchdog names a partition that stands still after STALL_SOFT_MS, not before", async () => {
  const { clock, logger, telemetry, watchdog } = makeWatchdog([STUCK]);
  await clock.advance(SOFT_MS - 1_000);
  assert.deepEqual([watchdog.problem, watchdog.stalls, logger.shown], [null, [], []]);
  await clock.advance(3_000);
  assert.match(watchdog.problem ?? "", /^events\/3 handler_stuck: .*offset 10/);
  const [stall] = watchdog.stalls;
  assert.deepEqual([stall?.topic, stall?.partition, stall?.cause], ["events", 3, "handler_stuck"]);
  assert.equal(stall?.message?.offset, 10);
  assert.ok((stall?.forMs ?? 0) >= SOFT_MS);
  assert.deepEqual(logger.shown.map(({ level, text }) => [level, text]), [
    ["warning", "Partitions stand still"],
  ]);
  const { partitions, cause, offset, ageMs } = logger.shown[0]?.fields ?? {};
  assert.deepEqual([partitions, cause, offset, ageMs], ["events/3", "handler_stuck", 10, 5_000]);
  assert.equal(telemetry.counts().stalls, 1);
});

Deno.test("Watchdog takes a prefix that grows, or a log that was read to its end, for moving", async () => {
  for (const kind of ["grows", "caught up"]) {
    const { clock, watchdog, seen, ended } = makeWatchdog([STUCK]);
    for (let at = 1; at <= 200; at += 1) {
      await clock.advance(1_000);
      seen.partitions = kind === "grows"
        ? [{ ...STUCK, prefix: at, committed: at }]
        : [{ ...STUCK, caughtUpAt: clock.now() }];
    }
    assert.deepEqual([watchdog.stalls, ended], [[], []], kind);
  }
});

Deno.test("Watchdog ends the service after STALL_HARD_MS where a restart can help, once", async () => {
  const { clock, ended } = makeWatchdog([STUCK]);
  await clock.advance(HARD_MS - 1_000);
  assert.deepEqual(ended, []);
  await clock.advance(5_000);
  assert.equal(ended.length, 1);
  assert.match(ended[0] ?? "", /events\/3 stands still for 6\d s, handler_stuck: .*offset 10/);
  await clock.advance(3 * HARD_MS);
  assert.equal(ended.length, 1);
});

Deno.test("Watchdog never ends the service where a restart does not help, and says so once more", async () => {
  const { clock, told, ended, watchdog } = makeWatchdog([PAUSED]);
  await clock.advance(3 * HARD_MS);
  assert.deepEqual(ended, []);
  assert.deepEqual(told(), [
    "warning Partitions stand still",
    "error Partitions still stand still, a restart would not help",
  ]);
  assert.deepEqual(watchdog.stalls.map(({ cause }) => cause), ["paused"]);
  assert.equal(watchdog.problem, null, "whether a pause counts is not for the watchdog to say");
});

Deno.test("Watchdog gives a cause for which a restart helps its own STALL_HARD_MS", async () => {
  const { clock, seen, ended } = makeWatchdog([PAUSED]);
  await clock.advance(2 * HARD_MS);
  seen.partitions = [STUCK];
  await clock.advance(HARD_MS - 1_000);
  assert.deepEqual(ended, []);
  await clock.advance(5_000);
  assert.equal(ended.length, 1);
});

Deno.test("Watchdog counts on when one cause for which a restart helps follows another", async () => {
  const { clock, seen, ended } = makeWatchdog([STUCK]);
  const queued = { ...PARTITION, first: { ...HELD, doing: "queued" as const } };
  for (let look = 0; look < 70; look += 1) {
    await clock.advance(1_000);
    seen.partitions = [look % 2 === 0 ? queued : STUCK];
  }
  assert.equal(ended.length, 1);
});

Deno.test("Watchdog says when a partition goes on, and is ready again", async () => {
  const { clock, seen, told, watchdog } = makeWatchdog([STUCK]);
  await clock.advance(2 * SOFT_MS);
  seen.partitions = [{ ...STUCK, prefix: 11, committed: 11 }];
  await clock.advance(2_000);
  assert.equal(watchdog.problem, null);
  assert.deepEqual(told(), ["warning Partitions stand still", "info Partitions go on"]);
});

Deno.test("Watchdog sees commits that are refused while messages are processed", async () => {
  const refused = { text: "OFFSET_METADATA_TOO_LARGE (12)", isAuthorization: false };
  const { clock, seen, ended, watchdog } = makeWatchdog([PARTITION], {
    ...GROUP,
    commitRefusal: refused,
  });
  for (let at = 1; at <= 70; at += 1) {
    seen.partitions = [{ ...PARTITION, prefix: 10 + at, caughtUpAt: clock.now() }];
    await clock.advance(1_000);
    if (at === 20) assert.equal(watchdog.stalls[0]?.cause, "commit_refused");
  }
  assert.equal(ended.length, 1);
  assert.match(ended[0] ?? "", /commit_refused: .*OFFSET_METADATA_TOO_LARGE/);
});

Deno.test("Watchdog tells once what holds up both a partition's messages and its commits", async () => {
  const outage = { text: "connection refused", isAuthentication: false };
  const uncommitted = { ...PARTITION, committed: 5 };
  const { clock, seen, told, watchdog } = makeWatchdog([uncommitted], { ...GROUP, outage });
  await clock.advance(2_000);
  seen.partitions = [{ ...uncommitted, prefix: 11 }]; // so that the commits have stood still for longer
  await clock.advance(2 * HARD_MS);
  assert.deepEqual(told(), [
    "warning Partitions stand still",
    "error Partitions still stand still, a restart would not help",
  ]);
  assert.equal(watchdog.stalls.length, 1);
});

Deno.test("Watchdog expects no commits where none are made", async () => {
  const { clock, seen, watchdog } = makeWatchdog([]);
  for (let at = 1; at <= 70; at += 1) {
    seen.partitions = [{ ...PARTITION, prefix: at, committed: null }];
    await clock.advance(1_000);
  }
  assert.deepEqual(watchdog.stalls, []);
});

Deno.test("Watchdog forgets a partition that went", async () => {
  const { clock, seen, watchdog } = makeWatchdog([STUCK]);
  await clock.advance(2 * SOFT_MS);
  seen.partitions = [];
  await clock.advance(2_000);
  assert.deepEqual(watchdog.stalls, []);
  seen.partitions = [STUCK];
  await clock.advance(SOFT_MS / 2);
  assert.deepEqual(watchdog.stalls, []);
});

Deno.test("Watchdog does not count the time in which the process was frozen", async () => {
  const { clock, told, ended, watchdog } = makeWatchdog([STUCK]);
  await clock.advance(SOFT_MS / 2);
  clock.pass(2 * HARD_MS);
  await clock.advance(1_000);
  assert.deepEqual([watchdog.stalls, ended], [[], []]);
  assert.deepEqual(told(), ["warning Process was frozen: suspended, or without a processor"]);
  await clock.advance(SOFT_MS);
  assert.equal(watchdog.stalls.length, 1);
  await clock.advance(HARD_MS);
  assert.equal(ended.length, 1);
});

Deno.test("Watchdog ends the service that was kept busy for STALL_HARD_MS, and not sooner", async () => {
  for (const [blockedMs, ends] of [[HARD_MS / 2, 0], [HARD_MS + 2_000, 1]] as const) {
    const { clock, seen, told, ended } = makeWatchdog([]);
    await clock.advance(SOFT_MS);
    clock.pass(blockedMs);
    seen.cpuMs += blockedMs;
    await clock.advance(1_000);
    assert.deepEqual(told(), [
      "warning Event loop was blocked: no heartbeat and no timer could run",
    ]);
    assert.equal(ended.length, ends);
  }
});

Deno.test("Watchdog tells partitions of one cause in one line", async () => {
  const unreadable = { ...PARTITION, unreadable: "codec 7" };
  const others = [0, 1, 2].map((partition) => ({ ...unreadable, partition }));
  const { clock, logger, watchdog } = makeWatchdog([...others, STUCK]);
  await clock.advance(SOFT_MS + 2_000);
  const lines = logger.shown.map(({ fields }) => [fields["partitions"], fields["cause"]]);
  assert.deepEqual(lines, [["events/0-2", "unreadable_batch"], ["events/3", "handler_stuck"]]);
  assert.match(
    watchdog.problem ?? "",
    /^events\/0-2 unreadable_batch: .*; events\/3 handler_stuck: /,
  );
});
