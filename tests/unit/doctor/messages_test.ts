import assert from "node:assert/strict";
import { checkMessages } from "../../../src/doctor/messages.ts";
import type { Message } from "../../../src/processing/message.ts";
import type { UnreadableBatch } from "../../../src/kafka/record_batch.ts";
import { examinationWith, standing } from "../../support/examination.ts";
import { sampleEvent } from "../../support/sample_event.ts";

const STANDING = standing({ start: 0, end: 100, committed: 0 });
const VALID = JSON.stringify(sampleEvent());
const INVALID = "{}";

function check(values: readonly string[], unreadable: UnreadableBatch | null = null) {
  const samples = [{ standing: STANDING, messages: values.map(message), unreadable }];
  return checkMessages(examinationWith(), { partitions: 1, standings: [STANDING], samples });
}

function message(value: string, offset: number): Message {
  const { topic, partition } = STANDING;
  return {
    topic,
    partition,
    offset,
    timestamp: 0,
    key: null,
    value: new TextEncoder().encode(value),
    headers: [],
    leaderEpoch: 0,
  };
}

function batch(code: UnreadableBatch["code"], text: string): UnreadableBatch {
  return { baseOffset: 20, lastOffset: 29, code, message: text };
}

Deno.test("checkMessages() is content with valid events", () => {
  assert.deepEqual(check([VALID, VALID]).map(({ status }) => status), ["ok", "ok"]);
});

Deno.test("checkMessages() warns of some invalid ones, with the first one's place and reason", () => {
  const found = check([VALID, INVALID]).find(({ finding }) => finding !== null);
  assert.equal(found?.finding, "messages_invalid");
  assert.match(found?.detail ?? "", /^1 of 2 messages .*user-activity-events\/0 offset 1: \w+/);
});

Deno.test("checkMessages() fails when none of many is valid, but not for a few", () => {
  const findings = (count: number) =>
    check(Array.from({ length: count }, () => INVALID)).map(({ finding }) => finding);
  assert.ok(findings(10).includes("schema_differs"));
  assert.ok(findings(9).includes("messages_invalid"));
});

Deno.test("checkMessages() tells a batch that is put away from one at which the partition stands still", () => {
  const [damaged] = check(
    [],
    batch("crc_mismatch", "Check the broker's disk, the CRC32C is wrong"),
  );
  assert.deepEqual([damaged?.finding, damaged?.status], ["batch_unreadable", "warning"]);
  assert.match(damaged?.commands[0] ?? "", /--to-offset 30 /);
  const text = "Raise MAX_DECOMPRESSED_BYTES, a batch in lz4 decompresses to more than: 1024";
  const [large] = check([], batch("too_large_decompressed", text));
  assert.deepEqual([large?.finding, large?.exitCode], ["batch_refused", 78]);
  assert.match(large?.fix ?? "", /^Raise MAX_DECOMPRESSED_BYTES;/);
});

Deno.test("checkMessages() does not take what it could not fetch for nothing", () => {
  const nothing = [
    { partitions: 0, standings: [], samples: [] },
    { partitions: 1, standings: [], samples: [] },
    { partitions: 1, standings: [STANDING], samples: [] },
  ];
  for (const facts of nothing) {
    assert.equal(checkMessages(examinationWith(), facts)[0]?.status, "skipped");
  }
  const empty = { ...STANDING, end: 0 };
  const [result] = checkMessages(examinationWith(), {
    partitions: 1,
    standings: [empty],
    samples: [],
  });
  assert.equal(result?.status, "ok");
});
