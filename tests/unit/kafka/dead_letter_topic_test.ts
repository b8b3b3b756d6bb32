import assert from "node:assert/strict";
import type { Call, Caller } from "../../../src/kafka/connections.ts";
import {
  DeadLetterTopicError,
  ensureDeadLetterTopic,
} from "../../../src/kafka/dead_letter_topic.ts";
import { Metadata } from "../../../src/kafka/metadata.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const BROKER = { id: 1, host: "kafka", port: 9092 };
const NAMES = { source: "events", deadLetterTopic: "events.dlq" };

Deno.test("ensureDeadLetterTopic() says why the broker did not create the topic, and how to", async () => {
  const refused = { errorCode: 44, errorMessage: "Names must begin with a team" };
  const error = await ensure(refused).catch((error) => error);
  assert.ok(error instanceof DeadLetterTopicError);
  assert.equal(error.errorCode, 44);
  assert.match(error.message, /POLICY_VIOLATION \(44\), Names must begin with a team/);
  assert.match(error.message, /kafka-topics\.sh .* --create --topic events\.dlq --partitions 3 /);
  assert.match(error.message, / --config max\.message\.bytes=65636 --config retention\.ms=-1$/);
});

Deno.test("ensureDeadLetterTopic() has no error code when the broker says nothing of the topic", async () => {
  const error = await ensure().catch((error) => error);
  assert.ok(error instanceof DeadLetterTopicError);
  assert.equal(error.errorCode, null);
});

/** A cluster with the source topic alone, which answers this to CreateTopics. */
function ensure(...topicErrors: readonly object[]): Promise<unknown> {
  const clock = new ManualClock();
  const partitions = [0, 1, 2].map((partition) => ({
    errorCode: 0,
    partition,
    leader: BROKER.id,
    leaderEpoch: 0,
    replicas: 2,
  }));
  const topics = [{ errorCode: 0, name: NAMES.source, id: null, partitions }];
  const maximum = { configName: "max.message.bytes", configValue: "100" };
  const answers: Readonly<Record<string, unknown>> = {
    Metadata: { throttleTimeMs: 0, brokers: [BROKER], controllerId: BROKER.id, topics },
    DescribeConfigs: { resources: [{ errorCode: 0, configEntries: [maximum] }] },
    CreateTopics: { topicErrors },
  };
  const caller: Caller = {
    call: <Answer>({ request }: Call<Answer>) =>
      Promise.resolve(answers[request.apiName] as Answer),
    drop: () => {},
  };
  const shared = { caller, clock, requestTimeoutMs: 1_000 };
  const metadata = new Metadata({
    ...shared,
    bootstrap: [BROKER],
    maxAgeMs: 1_000,
    onChange: () => {},
    onUnreachable: () => {},
    onReachable: () => {},
  });
  metadata.track([NAMES.source]);
  return ensureDeadLetterTopic(NAMES, { ...shared, metadata, retentionMs: -1 });
}
