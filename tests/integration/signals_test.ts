/** SIGTERM and SIGINT while handlers run: drained where there is time, abandoned and said so where there is none. */
import assert from "node:assert/strict";
import { events } from "../support/events.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import type { Program } from "../support/program.ts";
import { type HandlerPlan, Recording } from "../support/recording.ts";
import { logLines } from "../support/service.ts";

const MESSAGES = 10;
const DEADLINE_MS = 20_000;
const STUCK: HandlerPlan = { minMs: 600_000, maxMs: 600_000 };

kafkaTest(
  "what is in flight at SIGTERM is finished and committed, and the group is left",
  { topics: { events: 1 } },
  async (kafka) => {
    await using recording = await Recording.start();
    const plan = { minMs: 1_000, maxMs: 1_000 };
    const { service, group } = await startAllAtOnce(kafka, { recording, plan });
    await using _ = service;
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    const { state, members } = await kafka.describeGroup(group);
    assert.deepEqual({ state, members }, { state: "Empty", members: [] }, "it has left");
    assert.equal(
      (await recording.handled()).filter(({ kind }) => kind === "done").length,
      MESSAGES,
    );
    assert.deepEqual(await kafka.committed(group, kafka.topics.events), [MESSAGES]);
  },
);

kafkaTest(
  "what is not finished within DRAIN_TIMEOUT_MS is counted, exit 75, and comes again",
  { topics: { events: 1 } },
  async (kafka) => {
    await using recording = await Recording.start();
    const settings = { DRAIN_TIMEOUT_MS: "300" };
    const { service, group } = await startAllAtOnce(kafka, { recording, plan: STUCK, settings });
    await using _ = service;
    assert.deepEqual(await service.stop(), { code: 75, signal: null });
    const [told, ...more] = logLines(service).filter(({ level }) => level === "WARNING");
    assert.equal(told?.fields["abandoned"], MESSAGES);
    assert.deepEqual(more, []);
    assert.deepEqual(await kafka.committed(group, kafka.topics.events), [0]);

    await using again = await recording.startService(kafka, { topic: kafka.topics.events, group });
    await recording.untilDone(MESSAGES, { process: "p2", withinMs: DEADLINE_MS });
    assert.equal((await again.stop()).code, 0);
  },
);

for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
  kafkaTest(
    `a second ${signal} ends it at once with exit ${code}`,
    { topics: { events: 1 } },
    async (kafka) => {
      await using recording = await Recording.start();
      const { service } = await startAllAtOnce(kafka, { recording, plan: STUCK });
      await using _ = service;
      service.signal(signal);
      await service.waitForLine("Stopping Processing Service");
      service.signal(signal);
      assert.deepEqual(await service.waitForExit(), { code, signal: null });
    },
  );
}

/** Starts the service and waits until the handler of every message runs. */
async function startAllAtOnce(
  kafka: KafkaUnderTest<"events">,
  options: {
    readonly recording: Recording;
    readonly plan: HandlerPlan;
    readonly settings?: Readonly<Record<string, string>>;
  },
): Promise<{ readonly service: Program; readonly group: string }> {
  const { recording, ...others } = options;
  const topic = kafka.topics.events;
  const group = kafka.unique("group");
  const all = events({ seed: 1, count: MESSAGES });
  await kafka.produce(topic, all.map(({ value }, index) => ({ key: `key-${index}`, value })));
  const service = await recording.startService(kafka, { topic, group, ...others });
  await recording.untilStarted(MESSAGES, { withinMs: DEADLINE_MS });
  return { service, group };
}
