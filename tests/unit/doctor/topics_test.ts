import assert from "node:assert/strict";
import { ClusterView } from "../../../src/doctor/examination.ts";
import { checkTopics } from "../../../src/doctor/topics.ts";
import type { Caller } from "../../../src/kafka/connections.ts";
import { newDecoder } from "../../../src/kafka/kafkajs.ts";
import { examinationWith, LED } from "../../support/examination.ts";

/** A broker that tells max.message.bytes of each topic, and nothing else. */
function telling(bytes: Readonly<Record<string, number>>): Caller {
  return {
    async call({ request }) {
      const decoder = newDecoder((await request.encode(request.maxVersion).encode()).buffer);
      const [topic = ""] = decoder.readArray(() => {
        decoder.readInt8(); // its kind
        const name = decoder.readString();
        decoder.readArray(() => decoder.readString());
        return name;
      });
      const configValue = String(bytes[topic]);
      const configEntries = [{ configName: "max.message.bytes", configValue }];
      return { resources: [{ configEntries }] } as never;
    },
    drop() {},
  };
}

Deno.test("checkTopics() compares a dead-letter topic with the largest of all whose letters it holds", async () => {
  const env = { KAFKA_TOPIC: "large,small", DLQ_TOPIC: "letters" };
  const partitions = [{
    partition: 0,
    errorCode: 0,
    leader: 1,
    leaderEpoch: 0,
    replicas: 1,
    inSync: 1,
  }];
  const topics = ["large", "small", "letters"].map((name) => ({
    name,
    errorCode: 0,
    operations: null,
    id: null,
    partitions,
  }));
  const view = new ClusterView(
    { throttleTimeMs: 0, brokers: [LED.broker], controllerId: 1, topics },
    LED.broker,
  );
  const caller = telling({ large: 5_000_000, small: 1_000_000, letters: 2_000_000 });
  const results = await checkTopics(examinationWith(env, caller), view);
  const found = results.filter(({ finding }) => finding !== null);
  assert.deepEqual(found.map(({ name, finding, detail }) => [name, finding, detail]), [
    ["letters", "dead_letter_topic_small", "max.message.bytes=2000000, and 5000000 for large"],
  ]);
});
