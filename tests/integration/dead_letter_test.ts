/** What cannot be processed ends in the dead-letter topic with its reason, and holds nothing else up. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { badMessages, events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import type { StoredMessage } from "../support/kafka_client.ts";
import {
  complaints,
  finalCounts,
  handledEvents,
  logLines,
  startService,
  untilAllCommitted,
  untilJoined,
} from "../support/service.ts";

const ERRORS = "__dlq.errors.";
const OURS = "__dlq.processing.";
/** Apache Kafka's default of max.message.bytes. */
const MAX_MESSAGE_BYTES = 1_048_588;
/** What a batch of one record without key and headers holds beside a value of about 1 MB. */
const BATCH_OVERHEAD_BYTES = 72;
const DEADLINE_MS = 20_000;

kafkaTest(
  "each kind of bad message is dead-lettered as received, with its reason, and the good ones around are processed",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const bad = badMessages(1);
    const good = events({ seed: 2, count: bad.length });
    const sent = await kafka.produce(
      topic,
      bad.flatMap(({ value }, index) => [
        { partition: index % 2, key: good[index]?.key ?? null, value: good[index]?.value ?? null },
        { partition: index % 2, key: `bad-${index}`, value, headers: { trace: `trace-${index}` } },
      ]),
    );

    await using service = await startService(kafka, { topic, group });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);

    const letters = await kafka.consume(`${topic}.dlq`, { count: bad.length });
    const byKey = new Map(letters.map((letter) => [keyText(letter), letter]));
    assert.equal(letters.length, bad.length);
    for (const [index, { kind, code, value }] of bad.entries()) {
      const letter = byKey.get(`bad-${index}`);
      const source = sent[2 * index + 1];
      assert.ok(letter && source, kind);
      assert.deepEqual(bytesOf(letter.value), bytesOf(value), kind);
      assert.equal(letter.partition, source.partition, kind);
      assert.equal(letter.headers["trace"], `trace-${index}`);
      assert.equal(letter.headers[`${OURS}code`], code, kind);
      assert.match(letter.headers[`${OURS}fingerprint`] ?? "", /^[0-9a-f]{10}$/, kind);
      assert.equal(letter.headers[`${ERRORS}topic`], topic);
      assert.equal(letter.headers[`${ERRORS}partition`], String(source.partition));
      assert.equal(letter.headers[`${ERRORS}offset`], String(source.offset));
      assert.equal(letter.headers[`${ERRORS}group`], group);
      assert.equal(letter.headers[`${ERRORS}delivery.count`], "1", "never retried");
      assert.notEqual(letter.headers[`${ERRORS}message`], "", kind);
    }
    const handled = handledEvents(service).map(({ eventId }) => eventId);
    assert.deepEqual(handled.sort(), good.map(({ eventId }) => eventId).sort());
    const told = logLines(service).filter(({ text }) => text === "Message dead-lettered");
    assert.deepEqual(
      told.map(({ fields }) => fields["code"]).sort(),
      bad.map(({ code }) => code).sort(),
    );
    assert.deepEqual(
      told.map(({ fields }) => fields["fingerprint"]).sort(),
      letters.map(({ headers }) => headers[`${OURS}fingerprint`]).sort(),
    );
  },
);

kafkaTest(
  "a tombstone is skipped, and is no dead letter",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const [event] = events({ seed: 3, count: 1 });
    await kafka.produce(topic, [{ key: "user-1", value: null }, {
      key: "user-1",
      value: event?.value ?? null,
    }]);

    await using service = await startService(kafka, { topic, group });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);

    const { processed, skipped, dead_lettered: deadLettered } = finalCounts(service);
    assert.deepEqual({ processed, skipped, deadLettered }, {
      processed: 1,
      skipped: 1,
      deadLettered: undefined, // what did not happen is not told
    });
    assert.deepEqual(await kafka.endOffsets(`${topic}.dlq`), [0]);
    assert.deepEqual(complaints(service), []);
  },
);

kafkaTest(
  "a bad message of the greatest size that its topic takes is dead-lettered whole",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const value = randomBytes(MAX_MESSAGE_BYTES - BATCH_OVERHEAD_BYTES);
    await assert.rejects(
      kafka.produce(topic, [{ value: Buffer.concat([value, new Uint8Array(1)]) }]),
      "a byte more does not fit",
    );
    await kafka.produce(topic, [{ value }]);

    await using service = await startService(kafka, { topic, group });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);

    const [letter] = await kafka.consume(`${topic}.dlq`, { count: 1 });
    assert.ok(letter?.value);
    assert.equal(sha256(letter.value), sha256(value));
    assert.equal(letter.headers[`${OURS}code`], "not_utf8");
  },
);

kafkaTest(
  "what the dead-letter topic never takes is written without its value, with size, hash and place, as an ERROR",
  {},
  async (kafka) => {
    const topic = await kafka.createTopic();
    await kafka.createTopic({ name: `${topic}.dlq`, config: { "max.message.bytes": "10000" } });
    const group = kafka.unique("group");
    const large = randomBytes(20_000);
    const shrinks = new Uint8Array(20_000).fill(0xff);
    const [place] = await kafka.produce(topic, [
      { key: "large", value: large },
      { key: "shrinks", value: shrinks },
    ]);

    await using service = await startService(kafka, { topic, group });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);

    const letters = await kafka.consume(`${topic}.dlq`, { count: 2 });
    const reduced = letters.find((letter) => keyText(letter) === "large");
    assert.equal(reduced?.value, null);
    assert.equal(reduced?.headers[`${OURS}value.bytes`], "20000");
    assert.equal(reduced?.headers[`${OURS}value.sha256`], sha256(large));
    assert.equal(reduced?.headers[`${ERRORS}offset`], String(place?.offset));
    const compressed = letters.find((letter) => keyText(letter) === "shrinks");
    assert.deepEqual(bytesOf(compressed?.value ?? null), bytesOf(shrinks));
    const errors = logLines(service).filter(({ level }) => level === "ERROR");
    assert.deepEqual(errors.map(({ text }) => text), [
      "Message dead-lettered without its value: the broker refused it",
    ]);
    assert.equal(finalCounts(service)["dead_letters_without_value"], 1);
  },
);

kafkaTest(
  "DLQ_TOPIC=none drops bad messages with a WARNING and a count each, and creates no topic",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await kafka.produce(topic, [{ value: "{" }, { value: "" }]);

    const settings = { DLQ_TOPIC: "none" };
    await using service = await startService(kafka, { topic, group, settings });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);

    assert.deepEqual(complaints(service), ["WARNING Message dropped", "WARNING Message dropped"]);
    assert.equal(finalCounts(service)["dropped"], 2);
    assert.equal(await kafka.hasTopic(`${topic}.dlq`), false);
  },
);

kafkaTest(
  "the dead-letter topic is created after its source, and kept until dealt with",
  {},
  async (kafka) => {
    const config = { "max.message.bytes": "300000", "retention.ms": "1000000" };
    const topic = await kafka.createTopic({ partitions: 3, config });

    await using service = await startService(kafka, { topic, group: kafka.unique("group") });
    await untilJoined(service);
    assert.equal((await service.stop()).code, 0);

    assert.equal((await kafka.endOffsets(`${topic}.dlq`)).length, 3);
    const created = await kafka.topicConfig(`${topic}.dlq`);
    assert.equal(created["max.message.bytes"], String(300_000 + 65_536));
    assert.equal(created["retention.ms"], "-1");
    assert.equal(created["cleanup.policy"], "delete");
  },
);

kafkaTest(
  "several topics may share a dead-letter topic that exists, which stays as it is",
  { topics: { clicks: 1, views: 1 } },
  async (kafka) => {
    const { clicks, views } = kafka.topics;
    const shared = await kafka.createTopic({ config: { "retention.ms": "5000000" } });
    const group = kafka.unique("group");
    await kafka.produce(clicks, [{ value: "click" }]);
    await kafka.produce(views, [{ value: "view" }]);

    await using service = await startService(kafka, {
      topic: `${clicks},${views}`,
      group,
      settings: { DLQ_TOPIC: shared, DLQ_RETENTION_MS: "60000" },
    });
    await untilAllCommitted(kafka, { group, topic: clicks });
    await untilAllCommitted(kafka, { group, topic: views });
    assert.equal((await service.stop()).code, 0);

    const letters = await kafka.consume(shared, { count: 2 });
    const sources = letters.map(({ headers }) => headers[`${ERRORS}topic`]);
    assert.deepEqual(sources.sort(), [clicks, views].sort());
    assert.equal((await kafka.topicConfig(shared))["retention.ms"], "5000000");
  },
);

kafkaTest(
  "without its dead-letter topic a bad message waits, uncommitted, and others go on; with it, it is written",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const good = events({ seed: 4, count: 20 });
    await using service = await startService(kafka, { topic, group });
    await untilJoined(service);
    await kafka.deleteTopic(`${topic}.dlq`);
    await kafka.produce(topic, [{ key: "bad", value: "{" }, ...good]);

    await service.waitForLine("Dead letter not written, trying again");
    await eventually("the good ones are processed", () => handledEvents(service).length, {
      withinMs: DEADLINE_MS,
      until: (handled) => handled === good.length,
    });
    assert.ok((await kafka.committed(group, topic)).every((offset) => offset <= 0));
    await kafka.createTopic({ name: `${topic}.dlq` });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);

    const letters = await kafka.consume(`${topic}.dlq`, { count: 1 });
    assert.deepEqual(letters.map(keyText), ["bad"]);
    assert.equal(handledEvents(service).length, good.length);
  },
);

kafkaTest(
  "a dead-letter topic that is consumed, too, is a configuration error",
  {},
  async (kafka) => {
    await using service = await startService(kafka, {
      topic: "events,events.dlq",
      group: "group",
      settings: { DLQ_TOPIC: "events.dlq" },
    });
    assert.equal((await service.waitForExit()).code, 78);
    assert.match(service.stderr.join("\n"), /DLQ_TOPIC.*KAFKA_TOPIC|KAFKA_TOPIC.*DLQ_TOPIC/);
  },
);

function keyText({ key }: StoredMessage): string | null {
  return key === null ? null : new TextDecoder().decode(key);
}

function bytesOf(value: string | Uint8Array | null): readonly number[] | null {
  if (value === null) return null;
  return [...(typeof value === "string" ? new TextEncoder().encode(value) : value)];
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
