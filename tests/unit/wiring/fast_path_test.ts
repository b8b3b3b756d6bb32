import assert from "node:assert/strict";
import { decompress, decompressQuickly } from "../../../src/kafka/codecs.ts";
import { decode, decodeQuickly } from "../../../src/processing/decode.ts";
import { chooseFastPath } from "../../../src/wiring/fast_path.ts";
import { RecordingLogger } from "../../support/recording_telemetry.ts";

const PLAIN = { decode, decompress };

Deno.test("chooseFastPath() takes the fast ways, and says nothing of it", () => {
  const logger = new RecordingLogger();
  const fast = { decode: decodeQuickly, decompress: decompressQuickly };
  assert.deepEqual(chooseFastPath("auto", logger), fast);
  assert.deepEqual(logger.lines, []);
});

Deno.test("chooseFastPath() takes the plain ways where FAST_PATH is off", () => {
  const logger = new RecordingLogger();
  assert.deepEqual(chooseFastPath("off", logger), PLAIN);
  assert.deepEqual(logger.lines, []);
});

Deno.test("chooseFastPath() falls back with one warning, whichever check fails", () => {
  for (
    const checks of [
      { decode: broken, decompress: fine },
      { decode: fine, decompress: broken },
      { decode: broken, decompress: broken },
    ]
  ) {
    const logger = new RecordingLogger();
    assert.deepEqual(chooseFastPath("auto", logger, checks), PLAIN);
    assert.deepEqual(logger.lines.map(({ level, fields }) => [level, fields]), [
      ["warning", { problem: "it gave 7" }],
    ]);
  }
});

function fine(): null {
  return null;
}

function broken(): string {
  return "it gave 7";
}
