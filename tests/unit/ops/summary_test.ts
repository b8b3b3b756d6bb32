import assert from "node:assert/strict";
import { noCounts } from "../../../src/ops/counts.ts";
import { startSummary } from "../../../src/ops/summary.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingLogger } from "../../support/recording_telemetry.ts";

Deno.test("startSummary() tells what happened since the last line, until it is ended", async () => {
  const logger = new RecordingLogger();
  const clock = new ManualClock();
  const counts = noCounts();
  let lag: number | null = null;
  const end = startSummary({
    logger,
    clock,
    intervalMs: 60_000,
    counts: () => ({ ...counts }),
    lag: () => lag,
  });
  counts.processed = 5;
  await clock.advance(60_000);
  lag = 12;
  counts.processed = 6;
  await clock.advance(60_000);
  const told = logger.lines.map(({ fields }) => [fields["processed"], fields["lag"]]);
  assert.deepEqual(told, [[5, "unknown"], [1, 12]]);
  end();
  assert.equal(clock.pending, 0);
});
