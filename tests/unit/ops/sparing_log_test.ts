import assert from "node:assert/strict";
import { SparingLog } from "../../../src/ops/sparing_log.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

function start() {
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  const log = new SparingLog({ logger, clock });
  const shown = () =>
    logger.shown.map(({ text, fields }) => [text, fields["try"], fields["lines"]]);
  return { clock, logger, log, shown };
}

Deno.test("SparingLog tells what it held back at the end of the period, though nothing follows", async () => {
  const { clock, log, logger, shown } = start();
  for (const each of [1, 2, 3]) log.warning("Failed", { try: each }, "a");
  log.warning("Failed", { try: 7 }, "b");
  await clock.advance(9_999);
  assert.deepEqual(shown(), [["Failed", 1, undefined], ["Failed", 7, undefined]]);
  await clock.advance(1);
  const { text, fields } = logger.shown.at(-1) ?? {};
  const repeated = { try: 3, text: "Failed", lines: 2, seconds: 10 };
  assert.deepEqual([text, fields], ["{lines} more at DEBUG: {text}", repeated]);
  await clock.advance(60_000);
  assert.equal(logger.shown.length, 3);
  assert.equal(clock.pending, 0);
});

Deno.test("SparingLog holds no more than one timer for each of 1000 texts and keys", () => {
  const { clock, log, logger } = start();
  for (let key = 0; key < 1_100; key++) {
    log.error("Failed", {}, String(key));
    log.error("Failed", {}, String(key));
  }
  assert.equal(clock.pending, 1_000);
  const told = logger.shown.filter(({ text }) => text.includes("more at DEBUG"));
  assert.equal(told.length, 100, "those that it forgot");
});

Deno.test("SparingLog.close() tells what it held back and gathered, and sets no timer again", () => {
  const { clock, log, logger, shown } = start();
  for (const each of [1, 2]) log.warning("Failed", { try: each });
  log.gather([{ topic: "t", partition: 0 }], { level: "info", text: "Assigned" });
  log.close();
  assert.deepEqual(shown().slice(1), [
    ["Assigned", undefined, undefined],
    ["{lines} more at DEBUG: {text}", 2, 1],
  ]);
  for (const each of [3, 4]) log.warning("Failed", { try: each });
  log.gather([{ topic: "t", partition: 1 }], { level: "info", text: "Assigned" });
  assert.equal(logger.shown.length, 6);
  assert.equal(clock.pending, 0);
});
