/** The embedded broker is a Kafka to the clients of others: kafkajs, librdkafka and Kafka's own in Java. */
import assert from "node:assert/strict";
import { CompressionTypes } from "kafkajs";
import { CUT, EmbeddedKafka } from "../../src/broker/mod.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { javaProducerMissing, produceByJava } from "../support/java_producer.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { describeGroupLag } from "../support/kafka_tools.ts";
import { KafkajsMember } from "../support/kafkajs_member.ts";
import {
  consumeByLibrdkafka,
  librdkafkaMissing,
  produceByLibrdkafka,
} from "../support/librdkafka.ts";
import { runAdmin, runStaticMembers, runTwoMembers } from "../support/librdkafka_group.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const TOPIC = "events";
const GROUP = "group";
const PARTITIONS = 4;
const EACH = 10;
const WITHIN_MS = 15_000;

const NO_LIBRDKAFKA = await librdkafkaMissing();
const NO_JAVA = await javaProducerMissing();

/** Two nodes with one topic; whatever request cannot be served fails the test. */
class Broker implements AsyncDisposable {
  readonly kafka: EmbeddedKafka;
  readonly client: KafkaClient;
  readonly #errors: unknown[];

  private constructor(kafka: EmbeddedKafka, errors: unknown[]) {
    this.kafka = kafka;
    this.client = new KafkaClient(kafka.bootstrap);
    this.#errors = errors;
  }

  static async start(): Promise<Broker> {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const kafka = await EmbeddedKafka.start({ nodes: 2, topics: { [TOPIC]: PARTITIONS }, onError });
    return new Broker(kafka, errors);
  }

  /** Some messages in each partition. */
  async fill(prefix = "value", compression = CompressionTypes.None): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const messages = Array.from({ length: EACH }, (_, i) => {
        return { partition, key: `key-${i}`, value: `${prefix}-${partition}-${i}` };
      });
      await this.client.produce(TOPIC, messages, { compression });
    }
  }

  committed(): readonly number[] {
    const committed = this.kafka.committed(GROUP).toSorted((a, b) => a.partition - b.partition);
    return committed.map(({ offset }) => offset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.kafka.close();
    assert.deepEqual(this.#errors, []);
  }
}

const { None, GZIP, Snappy } = CompressionTypes;
for (const [name, codec] of [["nothing", None], ["gzip", GZIP], ["snappy", Snappy]] as const) {
  Deno.test(`The embedded broker keeps what kafkajs writes in ${name}`, async () => {
    await using broker = await Broker.start();
    await broker.fill("value", codec);
    const stored = await broker.client.consume(TOPIC, { count: PARTITIONS * EACH });
    assert.deepEqual(
      stored.map(({ partition, offset, value }) => [partition, offset, String(value)]),
      stored.map((_, n) => {
        const [partition, i] = [Math.floor(n / EACH), n % EACH];
        return [partition, i, `value-${partition}-${i}`];
      }),
    );
  });
}

Deno.test("The embedded broker administers topics for kafkajs", async () => {
  await using broker = await Broker.start();
  const { client } = broker;
  const topic = await client.createTopic({ partitions: 2, config: { "retention.ms": "-1" } });
  await client.addPartitions(topic, 3);
  assert.deepEqual(await client.endOffsets(topic), [0, 0, 0]);
  assert.equal((await client.topicConfig(topic))["retention.ms"], "-1");
  await client.produce(topic, [{ value: "one" }, { value: "two" }]);
  await client.deleteBefore(topic, 0, 1);
  assert.deepEqual(await client.startOffsets(topic), [1, 0, 0]);
  await client.deleteTopic(topic);
  assert.equal(await client.hasTopic(topic), false);
});

Deno.test("The embedded broker shares a topic between two members of kafkajs, and out again", async () => {
  await using broker = await Broker.start();
  const { kafka } = broker;
  const join = () =>
    KafkajsMember.start({ bootstrap: kafka.bootstrap, topic: TOPIC, group: GROUP });
  const soon = (what: string, holds: () => boolean) =>
    eventually(what, holds, { withinMs: WITHIN_MS });
  const allCommitted = (offset: number) => () =>
    String(broker.committed()) === String(Array(PARTITIONS).fill(offset));
  await broker.fill("first");
  await using stays = await join();
  await soon("one member has committed everything", allCommitted(EACH));
  assert.equal(stays.held.length, PARTITIONS);

  const goes = await join();
  await soon("two members share", () => stays.held.length === 2 && goes.held.length === 2);
  assert.deepEqual([...stays.held, ...goes.held].toSorted(), [0, 1, 2, 3]);
  assert.equal(kafka.describeGroup(GROUP)?.state, "Stable");
  await broker.fill("second");
  await soon("both have committed everything", allCommitted(2 * EACH));
  const places = goes.read.map(({ partition, offset }) => [partition, offset]);
  assert.equal(places.length, 2 * EACH);
  assert.ok(places.every(([, offset = 0]) => offset >= EACH), "nothing that was committed");

  await goes[Symbol.asyncDispose]();
  await soon("one has all again", () => stays.held.length === PARTITIONS);
  await broker.fill("third");
  await soon("one has committed everything again", allCommitted(3 * EACH));
  const values = [...stays.read, ...goes.read].map(({ value }) => value);
  assert.equal(new Set(values).size, 3 * PARTITIONS * EACH);
  assert.equal(values.length, new Set(values).size, "each was read once");
});

testIfPossible(
  "The embedded broker keeps once what an idempotent librdkafka writes in snappy, though answers get lost",
  NO_LIBRDKAFKA,
  async () => {
    await using broker = await Broker.start();
    const { bootstrap } = broker.kafka;
    const messages = events({ seed: 5, count: 2_000 });
    let requests = 0;
    let lost = 0;
    broker.kafka.intercept(async ({ apiName }, serve) => {
      const answer = await serve();
      if (apiName !== "Produce" || ++requests % 4 !== 2) return answer;
      lost += 1;
      return CUT;
    });
    const sent = await produceByLibrdkafka({ bootstrap, topic: TOPIC, messages });
    assert.ok(lost > 0);
    const stored = await consumeByLibrdkafka({ bootstrap, topic: TOPIC, count: messages.length });
    assert.equal(stored.length, messages.length);
    assert.deepEqual(
      stored.map(({ partition, offset }) => `${partition}@${offset}`).toSorted(),
      sent.map(({ partition, offset }) => `${partition}@${offset}`).toSorted(),
    );
  },
);

for (const strategy of ["range", "cooperative-sticky"] as const) {
  testIfPossible(
    `The embedded broker shares a topic between two members of librdkafka by ${strategy}`,
    NO_LIBRDKAFKA,
    async () => {
      await using broker = await Broker.start();
      await broker.fill();
      const { one, two, described, committed } = await runTwoMembers({
        bootstrap: broker.kafka.bootstrap,
        topic: TOPIC,
        group: GROUP,
        strategy,
        count: PARTITIONS * EACH,
      });
      assert.deepEqual([described.state, described.assignor], ["STABLE", strategy]);
      assert.deepEqual(described.members.map(({ partitions }) => partitions.length), [2, 2]);
      assert.deepEqual(committed, [EACH, EACH, EACH, EACH]);
      assert.deepEqual(two.read, [], "nothing that was committed");
      const given = one.changes.find(({ kind }) => kind === "revoked")?.partitions;
      assert.equal(given?.length, strategy === "range" ? PARTITIONS : PARTITIONS / 2);
      assert.equal(broker.kafka.describeGroup(GROUP)?.state, "Empty");
    },
  );
}

testIfPossible(
  "The embedded broker lets a static member of librdkafka restart, and fences who is replaced",
  NO_LIBRDKAFKA,
  async () => {
    await using broker = await Broker.start();
    const { bootstrap } = broker.kafka;
    const seen = await runStaticMembers({ bootstrap, topic: TOPIC, group: GROUP, count: EACH });
    const { described, ...rest } = seen;
    assert.deepEqual(rest, { keptItsPart: true, rebalances: 0, readAgain: 0 });
    const instanceIds = described.members.map(({ instanceId }) => instanceId);
    assert.deepEqual(instanceIds.toSorted(), ["one", "two"]);
  },
);

testIfPossible("The embedded broker is administered by librdkafka", NO_LIBRDKAFKA, async () => {
  await using broker = await Broker.start();
  assert.deepEqual(await runAdmin(broker.kafka.bootstrap), {
    createdAgain: "TOPIC_ALREADY_EXISTS",
    partitions: 3,
    configs: { "max.message.bytes": "2000", "retention.ms": "-1" },
    offsets: [0, 10],
    earliestAfterDeletion: 4,
    groupOffsets: [[0, 7]],
    groupListed: true,
    groupListedAfterDeletion: false,
    topicListedAfterDeletion: false,
  });
});

testIfPossible(
  "The embedded broker keeps what the Java client writes, and shows its tools a group's lag",
  NO_JAVA,
  async () => {
    await using broker = await Broker.start();
    const { bootstrap } = broker.kafka;
    const messages = events({ seed: 6, count: 500 });
    const sent = await produceByJava({ bootstrap, topic: TOPIC, messages });
    const stored = await broker.client.consume(TOPIC, { count: messages.length });
    assert.deepEqual(
      stored.map(({ partition, offset }) => `${partition}@${offset}`).toSorted(),
      sent.map(({ partition, offset }) => `${partition}@${offset}`).toSorted(),
    );
    await using _member = await KafkajsMember.start({ bootstrap, topic: TOPIC, group: GROUP });
    const sum = (offsets: readonly number[]) => offsets.reduce((a, b) => a + b, 0);
    await eventually("everything is committed", () => sum(broker.committed()) === 500, {
      withinMs: WITHIN_MS,
    });
    const lags = await describeGroupLag(bootstrap, GROUP);
    assert.deepEqual(lags.map(({ lag }) => lag), [0, 0, 0, 0]);
  },
);
