import assert from "node:assert/strict";
import { type Decode, decode, decodeQuickly } from "../../../src/processing/decode.ts";
import { chooseFastPath } from "../../../src/wiring/fast_path.ts";
import { RecordingLogger } from "../../support/recording_telemetry.ts";

Deno.test("chooseFastPath() takes the fast way, and says nothing of it", () => {
  const logger = new RecordingLogger();
  assert.equal(chooseFastPath("auto", logger).decode, decodeQuickly);
  assert.deepEqual(logger.lines, []);
});

Deno.test("chooseFastPath() takes the plain way where FAST_PATH is off", () => {
  const logger = new RecordingLogger();
  assert.equal(chooseFastPath("off", logger).decode, decode);
  assert.deepEqual(logger.lines, []);
});

Deno.test("chooseFastPath() falls back, with one warning, where the answers differ", () => {
  const logger = new RecordingLogger();
  const wrong: Decode = (value) => decode(value.slice(1));
  assert.equal(chooseFastPath("auto", logger, wrong).decode, decode);
  assert.deepEqual(logger.lines.map(({ level }) => level), ["warning"]);
});
