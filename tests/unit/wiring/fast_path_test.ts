import assert from "node:assert/strict";
import { EVENT_SHAPE } from "../../../src/event.ts";
import { decompress, decompressQuickly } from "../../../src/kafka/codecs.ts";
import { type Decode, decode, decodeQuickly } from "../../../src/processing/decode.ts";
import { Scanner } from "../../../src/processing/scanner.ts";
import { chooseFastPath, problemOf } from "../../../src/wiring/fast_path.ts";
import { RecordingLogger } from "../../support/recording_telemetry.ts";

const PLAIN = { decode, decompress, scanner: null };

Deno.test("chooseFastPath() takes the fast ways, and says nothing of it", () => {
  const logger = new RecordingLogger();
  const fast = chooseFastPath("auto", logger);
  assert.equal(fast.decode, decodeQuickly);
  assert.equal(fast.decompress, decompressQuickly);
  assert.ok(fast.scanner !== null);
  assert.deepEqual(logger.lines, []);
});

Deno.test("chooseFastPath() takes the plain ways where FAST_PATH is off", () => {
  const logger = new RecordingLogger();
  assert.deepEqual(chooseFastPath("off", logger), PLAIN);
  assert.deepEqual(logger.lines, []);
});

Deno.test("chooseFastPath() falls back with one warning where a check fails", () => {
  const logger = new RecordingLogger();
  assert.deepEqual(chooseFastPath("auto", logger, () => "it gave 7"), PLAIN);
  assert.deepEqual(logger.lines.map(({ level, fields }) => [level, fields]), [
    ["warning", { problem: "it gave 7" }],
  ]);
});

Deno.test("problemOf() looks at each fast way", () => {
  const fast = chooseFastPath("auto", new RecordingLogger());
  assert.equal(problemOf(fast), null);
  const wrongDecode: Decode = (value) => decode(value.slice(1));
  assert.match(problemOf({ ...fast, decode: wrongDecode }) ?? "", /decoded otherwise/);
  assert.equal(problemOf({ ...fast, scanner: null }), "the scanner is not there");
  const { shape } = EVENT_SHAPE;
  const without = shape?.fields.filter(({ name }) => name !== "user_id") ?? [];
  const lax = Scanner.create({ kind: "object", fields: without });
  assert.match(problemOf({ ...fast, scanner: lax }) ?? "", /was taken, which is no event/);
});
