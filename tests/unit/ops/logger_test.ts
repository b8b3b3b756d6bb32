import assert from "node:assert/strict";
import { createLogging, type LogFormat, type LogLevel } from "../../../src/ops/logger.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function start(
  level: LogLevel,
  { format = "json", repeatsMax = null }: { format?: LogFormat; repeatsMax?: number | null } = {},
) {
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
  const logging = createLogging({ level, format, output, clock, repeatsMax, ...service });
  return { logging, logger: logging.logger, clock, lines: () => written.split("\n").slice(0, -1) };
}

Deno.test("createLogging() logs from its level on", async () => {
  for (
    const [level, expected] of [["debug", 4], ["info", 3], ["warning", 2], ["error", 1]] as const
  ) {
    const { logger, logging, lines } = start(level);
    logger.debug("a");
    logger.info("b");
    logger.warning("c");
    logger.error("d");
    await logging.close(1_000);
    assert.equal(lines().length, expected, level);
  }
});

Deno.test("createLogging() loses no line at close, and writes to no other log", async () => {
  const [one, two] = [start("info"), start("info", { format: "pretty" })];
  for (let i = 0; i < 5_000; i++) one.logger.info("Line {i}", { i });
  two.logger.info("Only here");
  await one.logging.close(1_000);
  two.logger.info("Still open");
  await two.logging.close(1_000);
  assert.equal(one.lines().length, 5_000);
  assert.equal(JSON.parse(one.lines()[4_999] ?? "").body, "Line 4999");
  assert.deepEqual(two.lines().map((line) => line.split(" - ")[3]), ["Only here", "Still open"]);
});

Deno.test("createLogging() writes out at flush", async () => {
  const { logger, logging, lines } = start("info");
  logger.error("Dying");
  logging.flush();
  assert.equal(lines().length, 1);
  await logging.close(1_000);
});

Deno.test("Logger.with() adds its fields to each line, and the line's own win", async () => {
  const { logger, logging, lines } = start("info");
  const child = logger.with({ topic: "t", attempt: 1 }).with({ partition: 2 });
  child.info("x", { attempt: 3 });
  logger.info("y");
  await logging.close(1_000);
  const [first, second] = lines().map((line) => JSON.parse(line));
  assert.equal(first["messaging.destination.name"], "t");
  assert.equal(first["messaging.destination.partition.id"], "2");
  assert.equal(first.attempt, 3);
  assert.equal(second.attempt, undefined);
});

Deno.test("Logging.setLevel() counts at once, for loggers made before, and says so at any level", async () => {
  const { logger, logging, lines } = start("error");
  const child = logger.with({ topic: "t" });
  child.debug("before");
  logging.setLevel("debug", { by: "SIGHUP" });
  assert.equal(logging.level, "debug");
  child.debug("now");
  logging.setLevel("error", { by: "SIGHUP" });
  child.warning("after");
  await logging.close(1_000);
  assert.deepEqual(lines().map((line) => JSON.parse(line).body), [
    "Log level set to debug",
    "now",
    "Log level set to error",
  ]);
  assert.deepEqual(picked(lines()[0], ["severity_text", "from", "to", "by"]), {
    severity_text: "INFO",
    from: "error",
    to: "debug",
    by: "SIGHUP",
  });
});

Deno.test("Logging.setLevel() goes back after its time, and not before when it is set anew", async () => {
  const { logging, clock, lines } = start("info");
  logging.setLevel("debug", { by: "console", forMs: 1_000 });
  await clock.advance(600);
  logging.setLevel("debug", { by: "console", forMs: 1_000 });
  await clock.advance(600);
  assert.equal(logging.level, "debug");
  await clock.advance(500);
  assert.equal(logging.level, "info");
  await clock.advance(5_000);
  logging.setLevel("debug", { by: "console", forMs: 1_000 });
  logging.setLevel("warning", { by: "console" });
  await clock.advance(5_000);
  assert.equal(logging.level, "warning");
  await logging.close(1_000);
  assert.equal(clock.pending, 0);
  assert.equal(lines().length, 5);
});

Deno.test("createLogging() logs so many lines with the same text, counts the others and tells their number", async () => {
  const { logger, logging, clock, lines } = start("info", { repeatsMax: 3 });
  for (let offset = 0; offset < 10; offset++) logger.warning("Message dropped", { offset });
  logger.info("Message dropped");
  logger.info("Something else");
  await clock.advance(10_000);
  logger.warning("Message dropped", { offset: 10 });
  await logging.close(1_000);
  const shown = lines().map((line) => JSON.parse(line));
  assert.deepEqual(shown.map(({ severity_text, body }) => `${severity_text} ${body}`), [
    ...Array(3).fill("WARNING Message dropped"),
    "INFO Message dropped",
    "INFO Something else",
    "WARNING Left out 7 more lines: Message dropped",
    "WARNING Message dropped",
  ]);
  assert.deepEqual(picked(lines()[5], ["text", "lines", "seconds"]), {
    text: "Message dropped",
    lines: 7,
    seconds: 10,
  });
});

Deno.test("Logging tells what it left out before it ends, and leaves nothing out at DEBUG", async () => {
  for (const end of ["flush", "close", "debug"] as const) {
    const { logger, logging, clock, lines } = start("info", { repeatsMax: 1 });
    for (let i = 0; i < 5; i++) logger.error("Again");
    if (end === "flush") logging.flush();
    if (end === "debug") {
      logging.setLevel("debug", { by: "test" });
      for (let i = 0; i < 5; i++) logger.error("At debug");
    }
    await logging.close(1_000);
    assert.equal(lines().filter((line) => line.includes("Left out 4 more lines")).length, 1, end);
    assert.equal(
      lines().filter((line) => line.includes("At debug")).length,
      end === "debug" ? 5 : 0,
    );
    assert.equal(clock.pending, 0);
  }
});

function picked(line: string | undefined, names: readonly string[]): Record<string, unknown> {
  const fields = JSON.parse(line ?? "");
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}
