import assert from "node:assert/strict";
import { ConsoleRedrive, type RunningRedrive } from "../../../src/commands/console_redrive.ts";
import { loadConfig } from "../../../src/config.ts";
import { ActionError } from "../../../src/ops/http/actions.ts";
import { EXIT, ExitError } from "../../../src/ops/exit.ts";
import type { RedriveOptions, RedriveReport } from "../../../src/redrive.ts";
import { configSources } from "../../support/config_sources.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

const BY = { by: "ann", reason: "", from: "127.0.0.1" };
const PROGRESS = {
  state: "running",
  taken: 3,
  processed: 2,
  skipped: 0,
  returned: 1,
  parked: 0,
  left: 7,
} as const;

/** A redrive that runs until a test ends it. */
function bench(env: Readonly<Record<string, string>> = {}) {
  const { config } = loadConfig(configSources({ env: { HTTP_PORT: "off", ...env } }));
  const told: unknown[] = [];
  const made: RedriveOptions[] = [];
  const logger = new RecordingLogger();
  const ends: PromiseWithResolvers<RedriveReport>[] = [];
  const redrive = new ConsoleRedrive({
    config,
    clock: new ManualClock(),
    handlers: { byType: {}, default: () => {} },
    logger,
    version: "1.2.3",
    telemetry: {
      redriven: (scope, facts) => told.push(["redriven", scope, facts]),
      redriveStopped: (facts) => told.push(["stopped", facts]),
      redriveEnded: ({ ending, reason }) => told.push(["ended", ending, reason]),
    },
    onEnded: () => told.push("expired"),
    make(options): RunningRedrive {
      made.push(options);
      const end = Promise.withResolvers<RedriveReport>();
      ends.push(end);
      return {
        progress: PROGRESS,
        run: () => end.promise,
        stop: () => end.resolve({ ...PROGRESS, ending: "stopped", abandoned: 0, full: [] }),
      };
    },
  });
  return { redrive, told, made, logger, end: () => ends.at(-1) };
}

function hasStatus(status: number) {
  return (error: unknown) => error instanceof ActionError && error.status === status;
}

Deno.test("ConsoleRedrive redrives one cause in somebody's name, and tells how far it is", async () => {
  const { redrive, told, made, logger, end } = bench();
  assert.deepEqual([redrive.state], [null]);
  redrive.start({ fingerprint: "8ff24198ff" }, BY);
  const [options] = made;
  assert.deepEqual(
    [options?.what, options?.filter.fingerprint, options?.count, options?.rate],
    ["redrive", "8ff24198ff", null, null],
  );
  options?.logger.info("Joined the group", { generation: 1 });
  assert.deepEqual(logger.lines.at(-1)?.fields, { generation: 1, of: "redrive" });
  const { state } = redrive;
  assert.deepEqual([state?.by, state?.taken, state?.returned, state?.endedAt], ["ann", 3, 1, null]);
  end()?.resolve({ ...PROGRESS, ending: "all", abandoned: 0, full: [] });
  await redrive.stop();
  assert.deepEqual([redrive.state?.ending, redrive.state?.problem], ["all", null]);
  assert.notEqual(redrive.state?.endedAt, null);
  assert.deepEqual(told, [
    ["redriven", { fingerprint: "8ff24198ff" }, BY],
    ["ended", "all", null],
    "expired",
  ]);
});

Deno.test("ConsoleRedrive begins no second one, and stops the first for who asks", async () => {
  const { redrive, told, made } = bench();
  assert.throws(() => redrive.stopFor(BY), hasStatus(404));
  redrive.start({ fingerprint: null }, BY);
  assert.throws(() => redrive.start({ fingerprint: null }, BY), hasStatus(409));
  redrive.stopFor({ ...BY, by: "bob" });
  await redrive.stop();
  assert.equal(made.length, 1);
  assert.equal(redrive.state?.ending, "stopped");
  assert.deepEqual(told[1], ["stopped", { ...BY, by: "bob" }]);
  assert.throws(
    () => redrive.start({ fingerprint: null }, BY),
    hasStatus(409),
    "the service stops",
  );
});

Deno.test("ConsoleRedrive shows why a redrive could not go on, and can begin another", async () => {
  const { redrive, told, made, end } = bench();
  redrive.start({ fingerprint: null }, BY);
  end()?.reject(new ExitError(EXIT.INCOMPLETE, "Wait for the redrive that is under way"));
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(redrive.state?.problem, "Wait for the redrive that is under way");
  assert.deepEqual(told[1], ["ended", null, "Wait for the redrive that is under way"]);
  redrive.start({ fingerprint: null }, BY);
  assert.equal(made.length, 2);
  await redrive.stop();
});

Deno.test("ConsoleRedrive has nothing to redrive with DLQ_TOPIC=none", () => {
  const { redrive } = bench({ DLQ_TOPIC: "none" });
  assert.throws(() => redrive.start({ fingerprint: null }, BY), hasStatus(404));
});
