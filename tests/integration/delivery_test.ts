/** Every event is processed exactly once where nothing fails, whatever client wrote it, and the group has no lag left. */
import assert from "node:assert/strict";
import { events } from "../support/events.ts";
import type { ExternalAcknowledgement, ExternalSendOptions } from "../support/external_producer.ts";
import { javaProducerMissing, produceByJava } from "../support/java_producer.ts";
import { kafkaTest } from "../support/kafka.ts";
import { describeGroupLag } from "../support/kafka_tools.ts";
import { librdkafkaMissing, produceByLibrdkafka } from "../support/librdkafka.ts";
import {
  complaints,
  finalCounts,
  handledEvents,
  startService,
  untilAllCommitted,
} from "../support/service.ts";

interface ExternalProducer {
  readonly name: string;
  readonly missing: string | null;
  readonly produce: (options: ExternalSendOptions) => Promise<readonly ExternalAcknowledgement[]>;
}

const EVENTS = 2_000;
const PARTITIONS = 3;

const PRODUCERS: readonly ExternalProducer[] = [
  {
    name: "librdkafka in snappy",
    missing: await librdkafkaMissing(),
    produce: produceByLibrdkafka,
  },
  {
    name: "the Java client in xerial snappy",
    missing: await javaProducerMissing(),
    produce: produceByJava,
  },
];

for (const { name, missing, produce } of PRODUCERS) {
  kafkaTest(
    `each event by ${name} is processed once, no lag is left, and SIGTERM changes nothing of it`,
    { topics: { events: PARTITIONS }, missing },
    async (kafka) => {
      const topic = kafka.topics.events;
      const group = kafka.unique("group");
      const seed = Math.trunc(Math.random() * 2 ** 31);
      console.log(`seed ${seed}`);
      const sent = await produce({
        bootstrap: kafka.bootstrap,
        topic,
        messages: events({ seed, count: EVENTS }),
      });

      await using service = await startService(kafka, { topic, group });
      await untilAllCommitted(kafka, { group, topic });
      assert.equal(await lagOf(kafka.bootstrap, group), 0);
      assert.deepEqual(await service.stop(), { code: 0, signal: null });

      const place = ({ partition, offset, eventId }: ExternalAcknowledgement) =>
        `${partition}@${offset} ${eventId}`;
      const handled = handledEvents(service).map((event) => place({ ...event, key: null }));
      assert.deepEqual(handled.sort(), sent.map(place).sort());
      assert.equal(finalCounts(service)["processed"], EVENTS);
      assert.deepEqual(complaints(service), []);
      assert.equal(await lagOf(kafka.bootstrap, group), 0);
    },
  );
}

/** As an operator would see it. Throws when a partition has no committed offset. */
async function lagOf(bootstrap: string, group: string): Promise<number> {
  const partitions = await describeGroupLag(bootstrap, group);
  assert.equal(partitions.length, PARTITIONS);
  return partitions.reduce((sum, { lag }) => sum + (lag ?? NaN), 0);
}
