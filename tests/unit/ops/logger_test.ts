import assert from "node:assert/strict";
import { createLogging, type LogFormat, type LogLevel } from "../../../src/ops/logger.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function start(level: LogLevel, format: LogFormat = "json") {
  let written = "";
  const output = {
    write: (bytes: Uint8Array) => Promise.resolve(output.writeSync(bytes)),
    writeSync(bytes: Uint8Array) {
      written += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  };
  const clock = new ManualClock();
  const service = { serviceVersion: "1.2.3", environment: "test" };
  const logging = createLogging({ level, format, output, clock, ...service });
  return { ...logging, lines: () => written.split("\n").slice(0, -1) };
}

Deno.test("createLogging() logs from its level on", async () => {
  for (
    const [level, expected] of [["debug", 4], ["info", 3], ["warning", 2], ["error", 1]] as const
  ) {
    const { logger, close, lines } = start(level);
    logger.debug("a");
    logger.info("b");
    logger.warning("c");
    logger.error("d");
    await close(1_000);
    assert.equal(lines().length, expected, level);
  }
});

Deno.test("createLogging() loses no line at close, and writes to no other log", async () => {
  const [one, two] = [start("info"), start("info", "pretty")];
  for (let i = 0; i < 5_000; i++) one.logger.info("Line {i}", { i });
  two.logger.info("Only here");
  await one.close(1_000);
  two.logger.info("Still open");
  await two.close(1_000);
  assert.equal(one.lines().length, 5_000);
  assert.equal(JSON.parse(one.lines()[4_999] ?? "").body, "Line 4999");
  assert.deepEqual(two.lines().map((line) => line.split(" - ")[3]), ["Only here", "Still open"]);
});

Deno.test("createLogging() writes out at flush", async () => {
  const { logger, flush, close, lines } = start("info");
  logger.error("Dying");
  flush();
  assert.equal(lines().length, 1);
  await close(1_000);
});

Deno.test("Logger.with() adds its fields to each line, and the line's own win", async () => {
  const { logger, close, lines } = start("info");
  const child = logger.with({ topic: "t", attempt: 1 }).with({ partition: 2 });
  child.info("x", { attempt: 3 });
  logger.info("y");
  await close(1_000);
  const [first, second] = lines().map((line) => JSON.parse(line));
  assert.equal(first["messaging.destination.name"], "t");
  assert.equal(first["messaging.destination.partition.id"], "2");
  assert.equal(first.attempt, 3);
  assert.equal(second.attempt, undefined);
});
