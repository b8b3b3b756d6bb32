import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { messageOf, originalOf, parseLetter } from "../../../src/dead_letters/letter.ts";
import { deadLetterFor, type Reduction, REDUCTIONS } from "../../../src/processing/dead_letter.ts";
import { fingerprintOf } from "../../../src/processing/fingerprint.ts";
import type { Header, Message } from "../../../src/processing/message.ts";
import { message } from "../../support/processing_bench.ts";
import { bytesOf } from "../../support/sample_event.ts";

const RECORD_TIME = Date.UTC(2024, 0, 15, 11, 0, 0);
const OWN: Header = ["tenant", bytesOf("blue")];

/** A record of a dead-letter topic. */
function record(headers: readonly Header[], value: Uint8Array | null = bytesOf("{")): Message {
  const place = { topic: "events.dlq", partition: 1, offset: 7 };
  return {
    ...place,
    timestamp: RECORD_TIME,
    key: bytesOf("user-123"),
    value,
    headers,
    leaderEpoch: 3,
  };
}

function text(name: string, content: string): Header {
  return [name, bytesOf(content)];
}

/** As Java's ByteBuffer.putInt and putLong write them. */
function int32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function oursFor(reduction: Reduction, { batch = false } = {}): Message {
  const letter = deadLetterFor(message(42, { key: "user-123", value: "{", headers: [OWN] }), {
    facts: {
      failure: { stage: "validate", code: "schema_mismatch", message: "no", rules: ["x y"] },
      attempts: 3,
      firstFailedAt: Date.UTC(2024, 0, 15, 10, 30, 45),
      lastFailedAt: Date.UTC(2024, 0, 15, 10, 31, 0),
      groupId: "processing-service-group",
      serviceVersion: "1.2.3",
      ...(batch ? { batch: { first: 42, last: 44, base: 40 } } : {}),
    },
    reduction,
  });
  return { ...record(letter.headers, letter.value), key: letter.key };
}

Deno.test("parseLetter() reads what this service writes", () => {
  const letter = parseLetter(oursFor(REDUCTIONS[0] as Reduction));
  assert.deepEqual(letter, {
    place: { topic: "events.dlq", partition: 1, offset: 7 },
    family: "ours",
    stage: "validate",
    code: "schema_mismatch",
    reason: "no",
    fingerprint: fingerprintOf({ stage: "validate", code: "schema_mismatch", rules: ["x y"] }),
    failedAt: Date.UTC(2024, 0, 15, 10, 31, 0),
    attempts: 3,
    replays: 0,
    group: "processing-service-group",
    source: { topic: "t", partition: 0, offset: 42, timestamp: message(42).timestamp },
    key: bytesOf("user-123"),
    value: bytesOf("{"),
    headers: [OWN],
    obstacle: null,
  });
});

Deno.test("parseLetter() takes no time for a date that is none, and no text for a fingerprint that is none", () => {
  const ours = oursFor(REDUCTIONS[0] as Reduction);
  const own = fingerprintOf({ stage: "validate", code: "schema_mismatch" });
  for (const odd of ["", "other", "x".repeat(100_000), "0".repeat(65)]) {
    const headers = [...ours.headers, text("__dlq.processing.fingerprint", odd)];
    assert.equal(parseLetter({ ...ours, headers }).fingerprint, own, odd.slice(0, 10));
  }
  for (const timestamp of [-2, Number.MAX_SAFE_INTEGER]) {
    assert.equal(parseLetter({ ...record([]), timestamp }).failedAt, -1);
  }
});

Deno.test("parseLetter() says which letters can never be redriven", () => {
  const [whole, , withoutValue, bare] = REDUCTIONS as readonly Reduction[];
  const obstacles = [
    oursFor(withoutValue as Reduction),
    oursFor(bare as Reduction),
    oursFor(whole as Reduction, { batch: true }),
  ].map((each) => parseLetter(each).obstacle);
  assert.deepEqual(obstacles, ["value_left_out", "value_left_out", "raw_batch"]);
});

Deno.test("parseLetter() reads the letters of Kafka Connect", () => {
  const letter = parseLetter(record([
    OWN,
    text("__connect.errors.topic", "events"),
    text("__connect.errors.partition", "2"),
    text("__connect.errors.offset", "1234567"),
    text("__connect.errors.connector.name", "sink"),
    text("__connect.errors.task.id", "0"),
    text("__connect.errors.stage", "VALUE_CONVERTER"),
    text("__connect.errors.class.name", "org.apache.kafka.connect.json.JsonConverter"),
    text(
      "__connect.errors.exception.class.name",
      "org.apache.kafka.connect.errors.DataException",
    ),
    text("__connect.errors.exception.message", "Converting byte[] to Kafka Connect data failed"),
    text("__connect.errors.exception.stacktrace", "org.apache...\n\tat ..."),
  ]));
  const code = "org.apache.kafka.connect.errors.DataException";
  assert.deepEqual(
    { ...letter, place: null, key: null, value: null },
    {
      place: null,
      family: "connect",
      stage: "VALUE_CONVERTER",
      code,
      reason: "Converting byte[] to Kafka Connect data failed",
      fingerprint: fingerprintOf({ stage: "VALUE_CONVERTER", code }),
      failedAt: RECORD_TIME,
      attempts: null,
      replays: 0,
      group: "sink",
      // Connect gives its letter the timestamp of the message.
      source: { topic: "events", partition: 2, offset: 1_234_567, timestamp: RECORD_TIME },
      key: null,
      value: null,
      headers: [OWN],
      obstacle: null,
    },
  );
});

Deno.test("parseLetter() reads the letters of Kafka Streams", () => {
  const letter = parseLetter(record([
    text("__streams.errors.exception", "java.lang.IllegalArgumentException: count: -1"),
    text("__streams.errors.message", "count: -1"),
    text("__streams.errors.stacktrace", "java.lang..."),
    text("__streams.errors.topic", "events"),
    text("__streams.errors.partition", "0"),
    text("__streams.errors.offset", "12345678"),
  ]));
  assert.equal(letter.family, "streams");
  assert.equal(letter.code, "java.lang.IllegalArgumentException");
  assert.equal(letter.reason, "count: -1");
  assert.deepEqual(letter.source, {
    topic: "events",
    partition: 0,
    offset: 12_345_678,
    timestamp: RECORD_TIME,
  });
});

/** What Spring writes; retryable topics write the same under `kafka_`. */
function springHeaders(prefix: "kafka_dlt-" | "kafka_"): Header[] {
  return [
    OWN,
    [`${prefix}original-topic`, bytesOf("events")],
    [`${prefix}original-partition`, int32(2)],
    [`${prefix}original-offset`, int64(4_294_967_296)],
    [`${prefix}original-timestamp`, int64(1_705_314_645_000)],
    [`${prefix}original-timestamp-type`, bytesOf("CreateTime")],
    ["kafka_dlt-original-consumer-group", bytesOf("billing")],
    text(`${prefix}exception-fqcn`, "org.springframework.kafka...ListenerExecutionFailedException"),
    text(`${prefix}exception-cause-fqcn`, "java.lang.IllegalStateException"),
    text(`${prefix}exception-message`, "Listener failed"),
    text(`${prefix}exception-stacktrace`, "..."),
  ];
}

for (const prefix of ["kafka_dlt-", "kafka_"] as const) {
  Deno.test(`parseLetter() reads the letters of Spring, ${prefix}*`, () => {
    const letter = parseLetter(record(springHeaders(prefix)));
    assert.equal(letter.family, "spring");
    assert.equal(letter.code, "java.lang.IllegalStateException");
    assert.equal(letter.reason, "Listener failed");
    assert.equal(letter.group, "billing");
    assert.deepEqual(letter.headers, [OWN]);
    assert.deepEqual(letter.source, {
      topic: "events",
      partition: 2,
      offset: 4_294_967_296,
      timestamp: 1_705_314_645_000,
    });
  });
}

Deno.test("parseLetter() reads Spring's numbers as text, too, where somebody wrote them so", () => {
  const { source } = parseLetter(record([
    text("kafka_dlt-original-topic", "events"),
    text("kafka_dlt-original-partition", "1234"),
    text("kafka_dlt-original-offset", "12345678"),
  ]));
  assert.deepEqual([source.partition, source.offset], [1234, 12_345_678]);
});

Deno.test("parseLetter() reads the letters of a broker for share groups", () => {
  const letter = parseLetter(record([
    text("__dlq.errors.topic", "events"),
    text("__dlq.errors.partition", "3"),
    text("__dlq.errors.offset", "5"),
    text("__dlq.errors.group", "sharers"),
    text("__dlq.errors.delivery.count", "5"),
    text("__dlq.errors.message", "released too often"),
  ]));
  assert.deepEqual(
    [letter.family, letter.attempts, letter.reason, letter.code, letter.fingerprint],
    ["kafka", 5, "released too often", null, null],
  );
  assert.deepEqual(letter.source, { topic: "events", partition: 3, offset: 5, timestamp: null });
});

Deno.test("parseLetter() goes by whoever wrote last, the first origin and the last error", () => {
  const letter = parseLetter(record([
    ...springHeaders("kafka_dlt-"),
    text("__connect.errors.topic", "events"),
    text("__connect.errors.offset", "1"),
    text("__connect.errors.exception.message", "first"),
    text("__connect.errors.topic", "connect-dlq"),
    text("__connect.errors.offset", "2"),
    text("__connect.errors.exception.message", "second"),
  ]));
  assert.deepEqual(
    [letter.family, letter.source.topic, letter.source.offset, letter.reason],
    ["connect", "events", 1, "second"],
  );
  assert.deepEqual(letter.headers, springHeaders("kafka_dlt-"));
});

Deno.test("parseLetter() takes a record without any of these headers, or with nonsense in them", () => {
  const bare = parseLetter(record([OWN]));
  assert.deepEqual([bare.family, bare.reason, bare.fingerprint], ["unknown", null, null]);
  assert.deepEqual(bare.headers, [OWN]);
  const odd = parseLetter(record([
    ["kafka_dlt-original-topic", null],
    ["kafka_dlt-original-partition", new Uint8Array([255, 255, 255, 255])],
    ["kafka_dlt-original-offset", new Uint8Array([1, 2, 3])],
    ["kafka_dlt-original-timestamp", int64(-1)],
    ["kafka_dlt-exception-fqcn", new Uint8Array([0xff])],
  ]));
  assert.deepEqual(odd.source, { topic: null, partition: null, offset: null, timestamp: null });
  assert.equal(odd.code, null);
});

Deno.test("messageOf() is the message as it was; where nobody says, it stands where the letter lies", () => {
  const was = messageOf(parseLetter(oursFor(REDUCTIONS[0] as Reduction)));
  assert.deepEqual(was, {
    ...message(42, { key: "user-123", value: "{", headers: [OWN] }),
    leaderEpoch: -1,
  });
  const bare = messageOf(parseLetter(record([OWN])));
  assert.deepEqual(
    [bare.topic, bare.partition, bare.offset, bare.timestamp],
    ["events.dlq", 1, 7, -1],
  );
});

Deno.test("originalOf() counts the redrive that is under way, and keeps when it first failed", () => {
  const ours = oursFor(REDUCTIONS[0] as Reduction);
  const { replays, firstFailedAt, from, message: was } = originalOf(ours);
  assert.deepEqual([replays, firstFailedAt], [1, Date.UTC(2024, 0, 15, 10, 30, 45)]);
  assert.deepEqual(from, { topic: "events.dlq", partition: 1, offset: 7 });
  assert.deepEqual(was, messageOf(parseLetter(ours)));
  const foreign = originalOf(record(springHeaders("kafka_dlt-")));
  assert.deepEqual([foreign.replays, foreign.firstFailedAt], [1, null]);
});
