import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Recent } from "../../../src/ops/recent.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

Deno.test("Recent.watch() passes everything on, and keeps warnings and errors, the newest first", () => {
  const recent = new Recent(new ManualClock());
  const inner = new RecordingLogger();
  const logger = recent.watch(inner);
  logger.debug("a");
  logger.info("b");
  logger.warning("c", { attempt: 1, stack: "at handler" });
  logger.error("d");
  assert.deepEqual(inner.lines.map(({ text }) => text), ["a", "b", "c", "d"]);
  const kept = recent.lines.map(({ level, text, fields }) => [level, text, fields]);
  assert.deepEqual(kept, [["error", "d", {}], ["warning", "c", { attempt: 1 }]]);
});

Deno.test("Recent keeps what repeats as one line, and leaves dead letters to their own list", () => {
  const recent = new Recent(new ManualClock());
  const logger = recent.watch(new RecordingLogger());
  logger.warning("first");
  for (let attempt = 1; attempt <= 1_000; attempt++) {
    logger.warning("again", { attempt });
    logger.warning("Message dead-lettered", { attempt });
  }
  const kept = recent.lines.map(({ text, times, fields }) => [text, times, fields]);
  assert.deepEqual(kept, [["again", 1_000, { attempt: 1_000 }], ["first", 1, {}]]);
});

Deno.test("Recent never keeps more than a bound", () => {
  const recent = new Recent(new ManualClock());
  const at = { topic: "t", partition: 0 };
  const content = { key: null, value: null };
  const why = {
    stage: "handle",
    code: "x",
    fingerprint: "f",
    reason: "y",
    attempts: 1,
    stored: null,
  };
  for (let offset = 0; offset < 500; offset++) {
    recent.deadLettered({ ...at, offset, ...content }, why);
    recent.lost({ ...at, from: offset, to: offset + 1, cause: "retention" });
  }
  assert.deepEqual([recent.deadLetters.length, recent.losses.length], [50, 100]);
  assert.equal(recent.deadLetters[0]?.offset, 499);
});

Deno.test("Recent shows a dead letter's key as a digest, and its value not at all, unless it may", () => {
  const content = { key: Buffer.from("user-7"), value: Buffer.from("x".repeat(1_000)) };
  const message = { topic: "t", partition: 0, offset: 1, ...content };
  const why = { stage: "handle", code: "x", fingerprint: "f", reason: "y" };
  const letter = { ...why, attempts: 1, stored: null };
  const shownBy = (recent: Recent) => {
    recent.deadLettered(message, letter);
    const [first] = recent.deadLetters;
    return [first?.key, first?.value];
  };
  const [key, value] = shownBy(new Recent(new ManualClock()));
  assert.match(key ?? "", /^#[0-9a-f]{8}$/);
  assert.equal(value, null);
  const open = shownBy(new Recent(new ManualClock(), { showValues: true }));
  assert.deepEqual(open, ["user-7", `${"x".repeat(400)}…`]);
});
