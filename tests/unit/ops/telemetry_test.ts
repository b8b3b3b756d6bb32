import assert from "node:assert/strict";
import { Telemetry } from "../../../src/ops/telemetry.ts";
import { fingerprintOf } from "../../../src/processing/fingerprint.ts";
import type { Failure } from "../../../src/processing/telemetry.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

const AT = { topic: "events", partition: 3, offset: 42 };
const MESSAGE = { ...AT, key: null, value: null };
const FAILURE: Failure = {
  stage: "validate",
  code: "schema_mismatch",
  message: "user_id: missing",
};

const PROCESSED = { ...AT, timestamp: -1 };

function makeTelemetry() {
  const logger = new RecordingLogger();
  const clock = new ManualClock();
  return { logger, clock, telemetry: new Telemetry({ logger, clock }) };
}

Deno.test("Telemetry is quiet when healthy: successes are numbers", () => {
  const { logger, telemetry } = makeTelemetry();
  for (let i = 0; i < 1_000; i++) {
    telemetry.messageProcessed(PROCESSED, { durationMs: 1, endedAt: 0 });
  }
  telemetry.messageSkipped(AT, { reason: "tombstone" });
  telemetry.offsetsCommitted({ partitions: 2, messages: 1_001, durationMs: 4 });
  const { processed, skipped, commits, committedMessages } = telemetry.counts();
  assert.deepEqual([processed, skipped, commits, committedMessages], [1_000, 1, 1, 1_001]);
  assert.deepEqual(logger.shown, []);
});

Deno.test("Telemetry.messageDeadLettered() warns with reason, coordinates and where it is stored", () => {
  const { logger, telemetry } = makeTelemetry();
  const stored = { topic: "events.dlq", partition: 1, offset: 7, reduced: "no" } as const;
  telemetry.messageDeadLettered(MESSAGE, { attempts: 1, failure: FAILURE, stored });
  const [line] = logger.shown;
  assert.equal(line?.level, "warning");
  assert.equal(line?.text, "Message dead-lettered");
  assert.deepEqual(line?.fields, {
    ...AT,
    stage: "validate",
    code: "schema_mismatch",
    reason: "user_id: missing",
    stack: undefined,
    fingerprint: fingerprintOf(FAILURE),
    attempts: 1,
    deadLetterTopic: "events.dlq",
    deadLetterPartition: 1,
    deadLetterOffset: 7,
  });
  assert.equal(telemetry.counts().deadLettered, 1);
});

Deno.test("Telemetry.messageDeadLettered() counts what was dropped, and what lost its value", () => {
  const { logger, telemetry } = makeTelemetry();
  telemetry.messageDeadLettered(MESSAGE, { attempts: 5, failure: FAILURE, stored: null });
  const stored = { topic: "d", partition: 0, offset: 0, reduced: "without_value" } as const;
  telemetry.messageDeadLettered(MESSAGE, { attempts: 1, failure: FAILURE, stored });
  const told = logger.shown.map(({ level, text }) => [level, text]);
  assert.deepEqual(told, [
    ["warning", "Message dropped"],
    ["error", "Message dead-lettered without its value: the broker refused it"],
  ]);
  const { dropped, deadLettered, deadLettersWithoutValue } = telemetry.counts();
  assert.deepEqual([dropped, deadLettered, deadLettersWithoutValue], [1, 1, 1]);
});

Deno.test("Telemetry.brokersUnreachable() warns at most each 10 s, and says for how many", async () => {
  const { logger, clock, telemetry } = makeTelemetry();
  const error = new Error("Cannot connect");
  for (let attempt = 1; attempt <= 21; attempt++) {
    telemetry.brokersUnreachable({ attempt, brokers: 3, delayMs: 500, error });
    await clock.advance(1_000);
  }
  const told = logger.shown.map(({ fields }) => [fields["attempt"], fields["lines"]]);
  assert.deepEqual(told, [[1, undefined], [10, 9], [11, undefined], [20, 9], [21, undefined]]);
  assert.equal(logger.lines.length, 23);
  telemetry.brokersBack();
  assert.equal(logger.shown.at(-1)?.level, "info");
});

Deno.test("Telemetry.messageRetried() warns once a period for each code", () => {
  const { logger, telemetry } = makeTelemetry();
  for (const code of ["timeout", "timeout", "ECONNRESET"]) {
    const failure = { ...FAILURE, stage: "handle", code } as const;
    telemetry.messageRetried(AT, { attempt: 1, delayMs: 100, failure });
  }
  assert.equal(telemetry.counts().retried, 3);
  assert.deepEqual(logger.shown.map(({ fields }) => fields["code"]), ["timeout", "ECONNRESET"]);
});

Deno.test("Telemetry.partitionsAssigned() tells partitions that come one by one together", async () => {
  const { logger, clock, telemetry } = makeTelemetry();
  for (const partition of [2, 0, 1, 7]) {
    telemetry.partitionsAssigned({ partitions: [{ topic: "events", partition }] });
  }
  assert.equal(logger.shown.length, 0);
  await clock.advance(1_000);
  const told = logger.shown.map(({ fields }) => fields["partitions"]);
  assert.deepEqual(told, ["events/0-2,7"]);
});

Deno.test("Telemetry.partitionsRevoked() stands below what was assigned, and warns of what was abandoned", () => {
  const { logger, telemetry } = makeTelemetry();
  telemetry.partitionsAssigned({ partitions: [AT] });
  telemetry.partitionsRevoked({ partitions: [AT], abandoned: 0 });
  telemetry.partitionsRevoked({ partitions: [AT], abandoned: 2 });
  const told = logger.shown.map(({ level, text }) => [level, text]);
  assert.deepEqual(told, [
    ["info", "Partitions assigned"],
    ["info", "Partitions revoked"],
    ["warning", "Partitions revoked before all was done"],
  ]);
});

Deno.test("Telemetry.lostRange() is an error with the exact range and its count", () => {
  const { logger, telemetry } = makeTelemetry();
  telemetry.lostRange({ topic: "events", partition: 3, from: 10, to: 25, cause: "retention" });
  const [line] = logger.shown;
  assert.equal(line?.level, "error");
  const { from, to, count, cause } = line?.fields ?? {};
  assert.deepEqual([from, to, count, cause], [10, 25, 15, "retention"]);
  assert.equal(telemetry.counts().lostMessages, 15);
});

Deno.test("Telemetry.commitFailed() does not warn of what belongs to a rebalance or is told elsewhere", () => {
  const { logger, telemetry } = makeTelemetry();
  const codes = [14, 15, 16, 22, 25, 27, 29, 30, 31];
  for (const code of codes) telemetry.commitFailed({ reason: "for a while", code });
  assert.deepEqual(logger.shown, []);
  telemetry.commitFailed({ reason: "OFFSET_METADATA_TOO_LARGE", code: 12 });
  assert.equal(logger.shown.length, 1);
  assert.equal(telemetry.counts().commitFailures, codes.length + 1);
});

Deno.test("Telemetry.coordinatorUnknown() warns only when looking takes long", () => {
  const { logger, telemetry } = makeTelemetry();
  const look = () => telemetry.coordinatorUnknown({ error: new Error("not yet") });
  for (let i = 0; i < 10; i++) look();
  assert.deepEqual(logger.shown, []);
  look();
  assert.equal(logger.shown.length, 1);
  telemetry.rebalanced({ generation: 1, protocol: "range", members: null, durationMs: 1 });
  look();
  assert.equal(logger.shown.filter(({ level }) => level === "warning").length, 1);
});

Deno.test("Telemetry.coordinatorUnknown() leaves the news to brokersUnreachable() where no broker answers", () => {
  const { logger, telemetry } = makeTelemetry();
  const error = new Error("refused");
  telemetry.brokersUnreachable({ attempt: 1, brokers: 3, delayMs: 250, error });
  for (let i = 0; i < 30; i++) telemetry.coordinatorUnknown({ error });
  assert.equal(logger.shown.length, 1);
  telemetry.brokersBack();
  for (let i = 0; i < 11; i++) telemetry.coordinatorUnknown({ error });
  assert.equal(logger.shown.filter(({ level }) => level === "warning").length, 2);
});

Deno.test("UnreadableTelemetry.batchUnreadable() counts a batch once, however often it is tried", async () => {
  const { logger, clock, telemetry } = makeTelemetry();
  const batch = { baseOffset: 5, lastOffset: 9, code: "crc_mismatch", message: "CRC" };
  for (let i = 0; i < 30; i++) {
    telemetry.unreadable.batchUnreadable({ topic: "events", partition: 3, ...batch });
    await clock.advance(1_000);
  }
  assert.equal(telemetry.counts().unreadableBatches, 1);
  const tries = logger.shown.map(({ fields }) => Number(fields["lines"] ?? 1));
  assert.deepEqual(tries, [1, 9, 1, 9, 1, 9]);
});

Deno.test("Telemetry.messageProcessed() measures how long it took, and how old the message was", async () => {
  const { clock, telemetry } = makeTelemetry();
  const { processDuration, eventAge } = telemetry.measures;
  const end = (timestamp: number, durationMs: number) =>
    telemetry.messageProcessed({ ...AT, timestamp }, { durationMs, endedAt: clock.now() });
  end(clock.wallTime() - 2_000, 30);
  assert.deepEqual([processDuration.sum, eventAge.sum], [0.03, 2]);
  end(-1, 0);
  end(clock.wallTime() + 9_000, 0);
  assert.equal(eventAge.sum, 2);
  await clock.advance(700);
  end(clock.wallTime() - 500, 0);
  assert.equal(eventAge.sum, 2.5);
});

Deno.test("Telemetry counts each failed attempt once, by stage and code", () => {
  const { telemetry } = makeTelemetry();
  const failure = { ...FAILURE, stage: "handle", code: "ECONNRESET" } as const;
  telemetry.messageRetried(AT, { attempt: 1, delayMs: 1, failure });
  telemetry.messageDeadLettered(MESSAGE, { attempts: 2, failure, stored: null });
  telemetry.messageDeadLettered(MESSAGE, { attempts: 1, failure: FAILURE, stored: null });
  const expected = [[["handle", "ECONNRESET"], 2], [["validate", "schema_mismatch"], 1]];
  assert.deepEqual([...telemetry.measures.errors], expected);
});

Deno.test("Telemetry.commitFailed() counts by the name of the error", () => {
  const { telemetry } = makeTelemetry();
  telemetry.commitFailed({ reason: "NOT_COORDINATOR (16)", code: 16 });
  telemetry.commitFailed({ reason: "error code 99", code: 99 });
  telemetry.commitFailed({ reason: "broker:9092: connection reset", code: null });
  const told = [...telemetry.measures.commitFailures].map(([[kind]]) => kind);
  assert.deepEqual(told, ["NOT_COORDINATOR", "99", "no_answer"]);
});
