/** Dead letters can be counted, looked at and rehearsed, whoever wrote them, and nothing changes by that. */
import assert from "node:assert/strict";
import { encodeCommitMetadata } from "../../src/kafka/commit_metadata.ts";
import { offsetCommit } from "../../src/kafka/offset_requests.ts";
import { fingerprintOf } from "../../src/processing/fingerprint.ts";
import {
  type CommandResult,
  deadLetters,
  letterRecord,
  MISMATCH,
  NO_JSON,
} from "../support/dead_letters.ts";
import { connectLetter, springLetter, streamsLetter } from "../support/foreign_letters.ts";
import { badMessages, events } from "../support/events.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import { startService, untilAllCommitted } from "../support/service.ts";
import { withConnections } from "../support/with_connections.ts";

const REFUSED = { stage: "handle", code: "no_user", message: "No such user" } as const;
const FINGERPRINT = fingerprintOf(MISMATCH);

function settings(
  kafka: { readonly bootstrap: string },
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { KAFKA_BROKERS: kafka.bootstrap, HTTP_PORT: "off", ...own };
}

function json({ code, printed, errors }: CommandResult) {
  assert.deepEqual([code, errors], [0, ""]);
  return JSON.parse(printed);
}

kafkaTest(
  "dead-letters list counts what a service has dead-lettered by cause, and show has one of them whole",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const bad = badMessages(1);
    const sent = await kafka.produce(
      topic,
      bad.map(({ value }, index) => ({
        partition: index % 2,
        key: `bad-${index}`,
        value,
        headers: { trace: `t-${index}` },
      })),
    );
    await using service = await startService(kafka, { topic, group });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);

    const env = settings(kafka, { KAFKA_TOPIC: topic, KAFKA_GROUP_ID: group });
    const listing = json(await deadLetters(["list", "--json"], env));
    assert.deepEqual([listing.topics, listing.count, listing.dealt_with], [
      [`${topic}.dlq`],
      bad.length,
      0,
    ]);
    const codes = Map.groupBy(bad, ({ code }) => code);
    const counts = [...codes].map(([code, of]) => [code, of.length]);
    assert.deepEqual(listing.by_code, Object.fromEntries(counts));
    assert.deepEqual(listing.by_topic, { [topic]: bad.length });
    assert.equal(listing.by_age.hour, bad.length);
    const counted = listing.causes.reduce(
      (sum: number, { count }: { count: number }) => sum + count,
      0,
    );
    assert.equal(counted, bad.length);
    const { printed } = await deadLetters(["list"], env);
    for (const { fingerprint } of listing.causes) assert.ok(printed.includes(fingerprint), printed);

    const cause = listing.causes.find(({ reason }: { reason: string }) =>
      reason.startsWith("session_id")
    );
    const [{ partition, offset }] = cause.samples;
    const shown = json(
      await deadLetters(["show", `${topic}.dlq/${partition}/${offset}`, "--json"], env),
    );
    const index = bad.findIndex(({ kind }) => kind === "a field of another type");
    assert.equal(shown.value.text, JSON.stringify(JSON.parse(String(bad[index]?.value)), null, 2));
    assert.equal(shown.key.text, `bad-${index}`);
    assert.deepEqual(shown.headers.map(({ name, text }: Record<string, string>) => [name, text]), [[
      "trace",
      `t-${index}`,
    ]]);
    assert.deepEqual(
      [shown.source.topic, shown.source.partition, shown.source.offset, shown.source.state],
      [topic, index % 2, sent[index]?.offset, "still in the log"],
    );
    assert.deepEqual([shown.fingerprint, shown.today.prospect], [cause.fingerprint, "fails"]);
    const text = await deadLetters(["show", `${topic}.dlq[${partition}]@${offset}`], env);
    assert.match(text.printed, /reason +session_id: expected string, received number/);
    assert.match(text.printed, /"session_id": 5,/);
  },
);

kafkaTest(
  "dead-letters list takes filters, and leaves out what a redrive has dealt with",
  {},
  async (kafka) => {
    const dlq = await kafka.createTopic({ partitions: 2 });
    const group = kafka.unique("group");
    const at = (offset: number) => ({
      topic: offset < 4 ? "one" : "two",
      partition: offset % 2,
      offset,
    });
    const long = Date.now() - 3 * 86_400_000;
    const [event] = events({ seed: 1, count: 1 });
    const value = event?.value ?? "";
    const letters = Array.from(
      { length: 10 },
      (_, offset) =>
        letterRecord({
          source: at(offset),
          value,
          failure: offset % 3 === 0 ? NO_JSON : MISMATCH,
          failedAt: offset === 5 ? long : Date.now(),
        }),
    );
    await kafka.produce(dlq, letters.slice(0, 6));
    await kafka.produce(dlq, letters.slice(6).map((letter) => ({ ...letter, partition: 1 })));
    const env = settings(kafka, { KAFKA_TOPIC: "unused", KAFKA_GROUP_ID: group, DLQ_TOPIC: dlq });
    const counts = async (...args: string[]) => {
      const { count, filtered_out } = json(await deadLetters(["list", "--json", ...args], env));
      assert.equal(count + filtered_out, 10);
      return count;
    };
    assert.equal(await counts(), 10);
    assert.equal(await counts("--fingerprint", FINGERPRINT), 6);
    assert.equal(await counts("--reason", "not_json"), 4);
    assert.equal(await counts("--reason", "expected string", "--topic", "one"), 2);
    assert.equal(await counts("--topic", "two", "--partition", "1"), 3);
    assert.equal(await counts("--since", "24h"), 9);
    assert.equal(await counts("--until", "1d"), 1);

    await commit(`${group}.redrive`, {
      kafka,
      topic: dlq,
      offset: 2,
      done: [{ first: 3, last: 4 }],
    });
    const listing = json(await deadLetters(["list", "--json"], env));
    assert.deepEqual(
      [listing.count, listing.dealt_with],
      [6, 4],
      "of the first partition 2 and 5 are left",
    );
    const shown = json(await deadLetters(["show", `${dlq}/0/3`, "--json"], env));
    assert.equal(shown.dealt_with, true);
  },
);

/** As the redrive does. */
async function commit(
  groupId: string,
  { kafka, topic, offset, done }: {
    readonly kafka: KafkaUnderTest;
    readonly topic: string;
    readonly offset: number;
    readonly done: readonly { readonly first: number; readonly last: number }[];
  },
): Promise<void> {
  const metadata = encodeCommitMetadata({ firstPartitions: null, topicId: null, done }, offset);
  const member = { groupId, generationId: -1, memberId: "", groupInstanceId: null };
  const [host = "", port] = kafka.bootstrap.split(":");
  await withConnections(async (connections) => {
    const request = offsetCommit(member, [{
      topic,
      partition: 0,
      offset,
      leaderEpoch: -1,
      metadata,
    }]);
    const to = { id: -1, host, port: Number(port) };
    const { partitions } = await connections.call({
      to,
      purpose: "commit",
      request,
      deadlineMs: 10_000,
    });
    assert.deepEqual(partitions.map(({ errorCode }) => errorCode), [0]);
  });
}

kafkaTest(
  "dead-letters rehearse says which would pass today, and changes nothing",
  {},
  async (kafka) => {
    const dlq = await kafka.createTopic({ partitions: 2 });
    const group = kafka.unique("group");
    const good = events({ seed: 2, count: 5 }).map(({ value }) => value);
    const source = { topic: "events", partition: 0, offset: 7 };
    const wrong = JSON.stringify({ ...JSON.parse(good[0] ?? ""), user_id: 7 });
    await kafka.produce(
      dlq,
      [
        // Mended since, but for one.
        ...good.slice(0, 3).map((value) => letterRecord({ source, value, failure: MISMATCH })),
        letterRecord({ source, value: wrong, failure: MISMATCH }),
        letterRecord({ source, value: "{", failure: NO_JSON }),
        ...good.slice(3).map((value) => letterRecord({ source, value, failure: REFUSED })),
      ].map((letter, index) => ({ ...letter, partition: index % 2 })),
    );
    const ends = await kafka.endOffsets(dlq);
    const env = settings(kafka, { KAFKA_TOPIC: "unused", KAFKA_GROUP_ID: group, DLQ_TOPIC: dlq });

    const all = json(await deadLetters(["rehearse", "--json"], env));
    assert.deepEqual(all.prospects, { passes: 5, valid: 0, fails: 2, never: 0 });
    const byFingerprint = Object.fromEntries(
      all.causes.map((
        { fingerprint, prospects }: { fingerprint: string; prospects: object },
      ) => [fingerprint, prospects]),
    );
    assert.deepEqual(byFingerprint, {
      [FINGERPRINT]: { passes: 3, valid: 0, fails: 1, never: 0 },
      [fingerprintOf(NO_JSON)]: { passes: 0, valid: 0, fails: 1, never: 0 },
      [fingerprintOf(REFUSED)]: { passes: 2, valid: 0, fails: 0, never: 0 },
    });
    const expected = all.failures.map(({ fingerprint }: { fingerprint: string }) => fingerprint);
    assert.deepEqual(expected.sort(), [FINGERPRINT, fingerprintOf(NO_JSON)].sort());
    const one = json(await deadLetters(["rehearse", "--json", "--fingerprint", FINGERPRINT], env));
    assert.deepEqual([one.count, one.prospects.passes], [4, 3]);
    const { printed } = await deadLetters(["rehearse"], env);
    assert.match(printed, /5 would pass, 2 would fail again/);

    assert.deepEqual(await kafka.endOffsets(dlq), ends);
    const groups = await kafka.groupIds();
    assert.deepEqual(groups.filter((name) => name.startsWith(group)), []);
  },
);

kafkaTest(
  "dead letters of Kafka Connect, Kafka Streams and Spring are listed with their reason",
  {},
  async (kafka) => {
    const dlq = await kafka.createTopic();
    await kafka.produce(dlq, [connectLetter("{"), springLetter("x"), streamsLetter("y")]);
    const env = settings(kafka, { KAFKA_TOPIC: "unused", DLQ_TOPIC: dlq });
    const listing = json(await deadLetters(["list", "--json"], env));
    const reasons = listing.causes.map(({ reason }: { reason: string }) => reason).sort();
    assert.deepEqual(reasons, [
      "Listener failed",
      "Size of data is not 8",
      "Unexpected end-of-input",
    ]);
    assert.deepEqual(listing.by_topic, { orders: 1, payments: 1, clicks: 1 });
    const { printed } = await deadLetters(["show", `${dlq}/0/1`], env);
    assert.match(printed, /it was +payments\[1\]@99: /);
    assert.match(printed, /written by +Spring for Apache Kafka/);
    assert.match(printed, /given up by +billing/);
  },
);

kafkaTest("dead-letters says what is wrong, and ends with the code for it", {}, async (kafka) => {
  const dlq = await kafka.createTopic();
  await kafka.produce(dlq, [{ value: "x" }]);
  const env = settings(kafka, { KAFKA_TOPIC: "unused", DLQ_TOPIC: dlq });
  const ends = async (args: readonly string[], own: Readonly<Record<string, string>> = {}) => {
    const { code, errors } = await deadLetters(args, { ...env, ...own });
    return `${code} ${errors}`;
  };
  const missing = kafka.unique("missing");
  assert.match(await ends(["list"], { DLQ_TOPIC: missing }), /^69 Check DLQ_TOPIC.*missing-/);
  assert.match(await ends(["list"], { DLQ_TOPIC: "none" }), /^78 Name a topic with --dlq-topic/);
  assert.match(
    await ends(["list"], { KAFKA_BROKERS: "127.0.0.1:1" }),
    /^69 Cannot read dead letters/,
  );
  assert.match(await ends(["show", "nonsense"]), /^64 Name the letter as/);
  assert.match(await ends(["show", `${dlq}/0/5`]), /^65 Check the offset.*offsets 0 to 0/);
  assert.match(await ends(["show", `${dlq}/7/5`]), /^65 Check the partition/);
});
