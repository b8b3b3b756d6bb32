/** Where reading begins and goes on: by the commits, by AUTO_OFFSET_RESET, on order, and where the log has lost messages. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { untilCommitted, untilHandled } from "../support/handled_places.ts";
import { produceEvents } from "../support/produce_events.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import type { Program } from "../support/program.ts";
import {
  complaints,
  handledEvents,
  type LogLine,
  logLines,
  startService,
  untilAllCommitted,
  untilJoined,
} from "../support/service.ts";

type OneTopic = KafkaUnderTest<"events">;

const DEADLINE_MS = 20_000;
const NOT_COMMITTED =
  "Offsets are not committed: set ENABLE_AUTO_COMMIT=true, commits happen only after processing";

kafkaTest(
  "AUTO_OFFSET_RESET=latest starts at the end once, and goes on from the commits ever after",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const settings = { AUTO_OFFSET_RESET: "latest" };
    await produceEvents(kafka, { partition: 0, count: 5 });
    {
      await using service = await startService(kafka, { topic, group, settings });
      // Chosen once and committed, also where nothing came yet.
      await untilCommitted(kafka, { group, offsets: [5, 0] });
      await produceEvents(kafka, { partition: 0, count: 1 });
      await untilHandled(service, ["0@5"]);
      assert.equal((await service.stop()).code, 0);
    }
    await produceEvents(kafka, { partition: 0, count: 1 });
    await produceEvents(kafka, { partition: 1, count: 1 });
    await using service = await startService(kafka, { topic, group, settings });
    await untilHandled(service, ["0@6", "1@0"]);
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(complaints(service), []);
  },
);

kafkaTest(
  "with AUTO_OFFSET_RESET=latest a partition that is added later is read from its beginning",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const settings = { AUTO_OFFSET_RESET: "latest", METADATA_MAX_AGE_MS: "1000" };
    await produceEvents(kafka, { partition: 0, count: 3 });
    {
      await using service = await startService(kafka, { topic, group, settings });
      await untilCommitted(kafka, { group, offsets: [3] });
      await kafka.addPartitions(topic, 2);
      await produceEvents(kafka, { partition: 1, count: 2 });
      await untilHandled(service, ["1@0", "1@1"]);
      assert.equal((await service.stop()).code, 0);
    }
    await kafka.addPartitions(topic, 3);
    await produceEvents(kafka, { partition: 2, count: 2 });
    await using service = await startService(kafka, { topic, group, settings });
    await untilHandled(service, ["2@0", "2@1"]);
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(complaints(service), []);
  },
);

kafkaTest(
  "a static member that led the group, and comes back, finds partitions that were added meanwhile",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const settings = { KAFKA_GROUP_INSTANCE_ID: kafka.unique("one"), METADATA_MAX_AGE_MS: "1000" };
    await produceEvents(kafka, { partition: 0, count: 1 });
    {
      await using service = await startService(kafka, { topic, group, settings });
      await untilCommitted(kafka, { group, offsets: [1] });
      assert.equal((await service.stop()).code, 0);
    }
    await kafka.addPartitions(topic, 2);
    await produceEvents(kafka, { partition: 1, count: 2 });
    await using service = await startService(kafka, { topic, group, settings });
    await untilHandled(service, ["1@0", "1@1"]);
    await kafka.addPartitions(topic, 3);
    await produceEvents(kafka, { partition: 2, count: 1 });
    await untilHandled(service, ["1@0", "1@1", "2@0"]);
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(complaints(service), []);
  },
);

kafkaTest(
  "AUTO_OFFSET_RESET=earliest reads all that is still there",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await produceEvents(kafka, { partition: 0, count: 5 });
    await kafka.deleteBefore(topic, 0, 2);
    await using service = await startService(kafka, { topic, group });
    await untilHandled(service, ["0@2", "0@3", "0@4"]);
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(complaints(service), []);
  },
);

kafkaTest(
  "--read-from-beginning moves each partition once, with a WARNING, not again when it comes back",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await produceEvents(kafka, { partition: 0, count: 2 });
    await produceEvents(kafka, { partition: 1, count: 2 });
    const all = ["0@0", "0@1", "1@0", "1@1"];
    {
      await using service = await startService(kafka, { topic, group });
      await untilHandled(service, all);
      await untilAllCommitted(kafka, { group, topic });
      assert.equal((await service.stop()).code, 0);
    }
    const args = ["--read-from-beginning"];
    await using service = await startService(kafka, { topic, group, args });
    await untilHandled(service, all);
    await untilAllCommitted(kafka, { group, topic });
    await using other = await startService(kafka, { topic, group });
    await other.waitForLine("Partitions assigned");
    assert.equal((await other.stop()).code, 0);
    await untilOwned(service, 2);
    await produceEvents(kafka, { partition: 0, count: 1 });
    await produceEvents(kafka, { partition: 1, count: 1 });
    await untilHandled(service, [...all, "0@2", "1@2"]);
    assert.equal((await service.stop()).code, 0);

    assert.deepEqual(handledEvents(other), []);
    const [warning, ...more] = logLines(service).filter(({ level }) => level === "WARNING");
    assert.deepEqual(more, []);
    assert.equal(warning?.text, "Position set without a committed offset");
    assert.equal(warning?.fields["reason"], "--read-from-beginning");
    assert.equal(warning?.fields["partitions"], `${topic}/0-1`);
  },
);

kafkaTest(
  "ENABLE_AUTO_COMMIT=false never commits and says so; dead letters are written all the same",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await produceEvents(kafka, { partition: 0, count: 3 });
    await kafka.produce(topic, [{ value: "{" }]);
    const settings = { ENABLE_AUTO_COMMIT: "false", AUTO_COMMIT_INTERVAL_MS: "50" };
    await using service = await startService(kafka, { topic, group, settings });
    await untilHandled(service, ["0@0", "0@1", "0@2"]);
    await kafka.consume(`${topic}.dlq`, { count: 1 });
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(await kafka.committed(group, topic), [-1]);
    assert.deepEqual(complaints(service), [
      `WARNING ${NOT_COMMITTED}`,
      "WARNING Message dead-lettered",
    ]);
  },
);

kafkaTest(
  "messages that the log lost before they were read are reported exactly, and what is left is processed",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = await groupThatHasRead(kafka, 3);
    await produceEvents(kafka, { partition: 0, count: 10 });
    await kafka.deleteBefore(topic, 0, 8);
    // Also with `latest`: what is still there was never read.
    const settings = { AUTO_OFFSET_RESET: "latest" };
    await using service = await startService(kafka, { topic, group, settings });
    await untilHandled(service, ["0@8", "0@9", "0@10", "0@11", "0@12"]);
    await untilCommitted(kafka, { group, offsets: [13] });
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(losses(service), [{ from: 3, to: 8, count: 5, cause: "retention" }]);
  },
);

kafkaTest(
  "with AUTO_OFFSET_RESET=none a loss is exit 65, and the commit stays",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = await groupThatHasRead(kafka, 3);
    await produceEvents(kafka, { partition: 0, count: 10 });
    await kafka.deleteBefore(topic, 0, 8);
    const settings = { AUTO_OFFSET_RESET: "none" };
    await using service = await startService(kafka, { topic, group, settings });
    assert.equal((await service.waitForExit()).code, 65);
    const [reason = ""] = complaints(service);
    assert.match(reason, new RegExp(`${topic}/0: .*3.*8`));
    assert.deepEqual(handledEvents(service), []);
    assert.deepEqual(await kafka.committed(group, topic), [3]);
  },
);

kafkaTest(
  "a topic that is deleted and created again while it is read is read from its new beginning",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const settings = { METADATA_MAX_AGE_MS: "1000" };
    await produceEvents(kafka, { partition: 0, count: 5 });
    await using service = await startService(kafka, { topic, group, settings });
    const before = ["0@0", "0@1", "0@2", "0@3", "0@4"];
    await untilHandled(service, before);
    await untilAllCommitted(kafka, { group, topic });
    await kafka.deleteTopic(topic);
    await kafka.createTopic({ name: topic });
    await produceEvents(kafka, { partition: 0, count: 3 });
    await untilHandled(service, [...before, "0@0", "0@1", "0@2"]);
    await untilCommitted(kafka, { group, offsets: [3] });
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(losses(service), [{ from: 5, to: 5, count: 0, cause: "topic_recreated" }]);
  },
);

/** A group that has committed after so many messages, and has no member now. */
async function groupThatHasRead(kafka: OneTopic, count: number): Promise<string> {
  const topic = kafka.topics.events;
  const group = kafka.unique("group");
  await produceEvents(kafka, { partition: 0, count });
  await using service = await startService(kafka, { topic, group });
  await untilJoined(service);
  await untilCommitted(kafka, { group, offsets: [count] });
  assert.equal((await service.stop()).code, 0);
  return group;
}

/** Waits until the last rebalance has left the service with so many partitions, by what it logs. */
async function untilOwned(service: Program, count: number): Promise<void> {
  const assigned = () =>
    logLines(service).filter(({ text }) => text === "Partitions assigned").length;
  await eventually("partitions have come back", assigned, {
    withinMs: DEADLINE_MS,
    until: (lines) => lines >= count,
  });
}

function losses(service: Program): readonly object[] {
  const isLoss = ({ text }: LogLine) => text.startsWith("Messages lost");
  return logLines(service).filter(isLoss).map(({ level, fields }) => {
    assert.equal(level, "ERROR");
    const { from, to, count, cause } = fields;
    return { from, to, count, cause };
  });
}
