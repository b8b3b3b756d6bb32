/** What the log lost before it was read is told exactly, whether the service ran meanwhile or not, and then what is left is read. */
import assert from "node:assert/strict";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import type { Program } from "../support/program.ts";
import {
  handledEvents,
  type LogLine,
  logLines,
  startService,
  untilAllCommitted,
  untilServing,
} from "../support/service.ts";

type OneTopic = KafkaUnderTest<"events">;

const DEADLINE_MS = 40_000;
const READ = 3;
/** As tests/support/service.ts sets it. */
const FETCH_MAX_WAIT_MS = 200;

kafkaTest(
  "a topic that is created again and filled past the old position while the service is stopped is read from its beginning",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, group } = await groupThatHasRead(kafka);
    await kafka.deleteTopic(topic);
    await kafka.createTopic({ name: topic });
    await produce(kafka, 6);
    await using service = await startService(kafka, { topic, group });
    await untilHandled(service, [0, 1, 2, 3, 4, 5]);
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(losses(service), [], "what the group had committed went with the topic");
  },
);

kafkaTest(
  "with AUTO_OFFSET_RESET=none a topic that was created again is exit 65",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, group } = await groupThatHasRead(kafka);
    await kafka.deleteTopic(topic);
    await kafka.createTopic({ name: topic });
    await produce(kafka, 6);
    const settings = { AUTO_OFFSET_RESET: "none" };
    await using service = await startService(kafka, { topic, group, settings });
    assert.equal((await service.waitForExit(DEADLINE_MS)).code, 65);
    assert.deepEqual(handledEvents(service), []);
  },
);

for (const policy of ["latest", "none"]) {
  kafkaTest(
    `retention past a running service is told exactly, also with AUTO_OFFSET_RESET=${policy}`,
    { topics: { events: 1 } },
    async (kafka) => {
      const topic = kafka.topics.events;
      const { group } = await groupThatHasRead(kafka);
      const settings = {
        AUTO_OFFSET_RESET: policy,
        HTTP_PORT: "0",
        SESSION_TIMEOUT_MS: "30000",
        REBALANCE_TIMEOUT_MS: "30000",
      };
      await using service = await startService(kafka, { topic, group, settings });
      const url = await untilServing(service);
      await produce(kafka, 1);
      await untilHandled(service, [3]);
      service.signal("SIGSTOP");
      await untilAnswered();
      await produce(kafka, 10); // 4 to 13
      await kafka.deleteBefore(topic, 0, 8);
      service.signal("SIGCONT");
      if (policy === "none") {
        assert.equal((await service.waitForExit(DEADLINE_MS)).code, 65);
        return;
      }
      await untilAllCommitted(kafka, { group, topic });
      assert.deepEqual(losses(service), [{ from: 4, to: 8, count: 4, cause: "retention" }]);
      await untilHandled(service, [3, 8, 9, 10, 11, 12, 13]);
      const { lostRanges, counts } = await (await fetch(`${url}/status`)).json();
      assert.deepEqual([lostRanges.length, counts.lostMessages], [1, 4]);
      assert.equal((await service.stop()).code, 0);
    },
  );
}

async function produce(kafka: OneTopic, count: number): Promise<void> {
  const sent = events({ seed: Math.trunc(Math.random() * 2 ** 31), count });
  await eventually("the topic takes messages", () => kafka.produce(kafka.topics.events, sent), {
    withinMs: DEADLINE_MS,
  });
}

/** The fetch that was under way has its answer, without a message, so that nothing comes before the log loses it. */
async function untilAnswered(): Promise<void> {
  const from = Date.now();
  await eventually("FETCH_MAX_WAIT_MS is over", () => Date.now() - from > 10 * FETCH_MAX_WAIT_MS, {
    withinMs: DEADLINE_MS,
  });
}

/** A group that has read and committed three messages, and has no member now. */
async function groupThatHasRead(kafka: OneTopic): Promise<{ topic: string; group: string }> {
  const topic = kafka.topics.events;
  const group = kafka.unique("group");
  await produce(kafka, READ);
  await using service = await startService(kafka, { topic, group });
  await untilHandled(service, [0, 1, 2]);
  await untilAllCommitted(kafka, { group, topic });
  assert.equal((await service.stop()).code, 0);
  return { topic, group };
}

async function untilHandled(service: Program, offsets: readonly number[]): Promise<void> {
  const handled = () => handledEvents(service).map(({ offset }) => offset).sort((a, b) => a - b);
  await eventually(`handled: ${offsets}`, handled, {
    withinMs: DEADLINE_MS,
    until: (found) => found.join() === offsets.join(),
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
