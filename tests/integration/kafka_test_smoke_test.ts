/** kafkaTest itself: what is produced can be read back, on each Kafka. The tests of the service stand on this. */
import assert from "node:assert/strict";
import { kafkaTest } from "../support/kafka.ts";

kafkaTest("what is produced can be read back", { topics: { events: 2 } }, async (kafka) => {
  const topic = kafka.topics.events;
  const stored = await kafka.produce(topic, [
    { partition: 1, key: "user-1", value: "first", headers: { trace: "abc" } },
    { partition: 0, value: null },
    { partition: 1, key: "user-1", value: new Uint8Array([0xff, 0x00]) },
  ]);
  assert.deepEqual(stored.map(({ partition, offset }) => [partition, offset]), [
    [1, 0],
    [0, 0],
    [1, 1],
  ]);
  assert.deepEqual(await kafka.startOffsets(topic), [0, 0]);
  assert.deepEqual(await kafka.endOffsets(topic), [1, 2]);
  const read = await kafka.consume(topic, { count: 3 });
  assert.deepEqual(read.map(({ partition, offset }) => [partition, offset]), [
    [0, 0],
    [1, 0],
    [1, 1],
  ]);
  assert.equal(read[0]?.value, null);
  assert.equal(read[1]?.headers["trace"], "abc");
  assert.deepEqual([...read[2]?.value ?? []], [0xff, 0x00]);
  assert.deepEqual(await kafka.committed(kafka.unique("group"), topic), [-1, -1]);
});
