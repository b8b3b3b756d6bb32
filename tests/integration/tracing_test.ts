/** A message is one trace from its producer's header over its processing to its dead letter, where OpenTelemetry is on. */
import assert from "node:assert/strict";
import { events } from "../support/events.ts";
import { kafkaTest } from "../support/kafka.ts";
import { OtlpReceiver, type ReceivedSpan } from "../support/otlp_receiver.ts";
import { Recording } from "../support/recording.ts";
import { logLines, startService, untilAllCommitted } from "../support/service.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const PARENT = `00-${TRACE}-${SPAN}-01`;
const CLIENT = 3;
const PRODUCER = 4;
const CONSUMER = 5;

kafkaTest(
  "with OTEL_DENO=true a message is one trace from its producer over its processing to its dead letter",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await kafka.produce(topic, [
      { value: "no JSON", headers: { traceparent: PARENT, tracestate: "vendor=1", other: "kept" } },
    ]);
    await using receiver = OtlpReceiver.start();
    const settings = receiver.environment;
    await using service = await startService(kafka, { topic, group, settings });
    const processed = await receiver.span(`process ${topic}`, 0);
    const sent = await receiver.span(`send ${topic}.dlq`, 0);
    assert.deepEqual(await service.stop(), { code: 0, signal: null });

    const common = {
      "messaging.system": "kafka",
      "messaging.consumer.group.name": group,
      "messaging.client.id": "processing-service",
    };
    const told = logLines(service).find(({ text }) => text === "Message dead-lettered");
    assert.equal(told?.fields["trace_id"], TRACE);
    assert.equal(told?.fields["span_id"], processed.spanId);
    const { links } = processed;
    assert.deepEqual(ids(processed), { traceId: TRACE, parentSpanId: SPAN, kind: CONSUMER });
    assert.deepEqual(links.map(({ traceId, spanId }) => [traceId, spanId]), [[TRACE, SPAN]]);
    assert.ok(processed.isError);
    assert.deepEqual(processed.attributes, {
      ...common,
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": topic,
      "messaging.destination.partition.id": "0",
      "messaging.kafka.offset": 0,
      "processing.outcome": "dead_lettered",
      "processing.stage": "decode",
      "error.type": "not_json",
    });
    assert.deepEqual(ids(sent), {
      traceId: TRACE,
      parentSpanId: processed.spanId,
      kind: PRODUCER,
    });
    assert.deepEqual(sent.attributes, {
      ...common,
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": `${topic}.dlq`,
      "messaging.destination.partition.id": "0",
      "messaging.kafka.offset": 0,
    });
    const commits = receiver.spans.filter(({ name }) => name === "commit");
    const committed = commits.map(({ attributes }) => attributes["messaging.batch.message_count"]);
    assert.equal(committed.reduce<number>((sum, each) => sum + Number(each), 0), 1);
    assert.ok(commits.every(({ kind }) => kind === CLIENT));
    assert.equal(commits[0]?.attributes["messaging.operation.type"], "settle");

    const [letter] = await kafka.consume(`${topic}.dlq`, { count: 1 });
    assert.equal(letter?.headers["traceparent"], `00-${TRACE}-${sent.spanId}-01`);
    assert.equal(letter?.headers["tracestate"], "vendor=1");
    assert.equal(letter?.headers["other"], "kept");
  },
);

kafkaTest(
  "a message without a trace begins one, and one whose producer has its trace not recorded is not followed",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const unsampled = `00-${TRACE}-${SPAN}-00`;
    await kafka.produce(topic, [
      { value: "no JSON", headers: { traceparent: unsampled } },
      { value: "no JSON" },
    ]);
    await using receiver = OtlpReceiver.start();
    const settings = receiver.environment;
    const group = kafka.unique("group");
    await using service = await startService(kafka, { topic, group, settings });
    const own = await receiver.span(`process ${topic}`, 1);
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual([own.parentSpanId, own.links], ["", []]);
    assert.notEqual(own.traceId, TRACE);
    const letters = await kafka.consume(`${topic}.dlq`, { count: 2 });
    const [first, second] = letters.map(({ headers }) => headers["traceparent"]);
    assert.equal(first, unsampled, "as its producer wrote it");
    assert.match(second ?? "", new RegExp(`^00-${own.traceId}-[0-9a-f]{16}-01$`));
    assert.equal(receiver.spans.filter(({ kind }) => kind === CONSUMER).length, 1);
  },
);

kafkaTest(
  "what a handler calls belongs to the message's trace, and so do its retries",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const [event] = events({ seed: 1, count: 1 });
    const user = String(JSON.parse(String(event?.value)).user_id);
    await kafka.produce(topic, [
      { value: event?.value ?? null, headers: { traceparent: PARENT } },
    ]);
    await using receiver = OtlpReceiver.start();
    await using recording = await Recording.start();
    await using service = await recording.startService(kafka, {
      topic,
      group: kafka.unique("group"),
      settings: receiver.environment,
      plan: { failures: { [user]: 2 }, calls: `${receiver.url}/downstream` },
    });
    const span = await receiver.span(`process ${topic}`, 0);
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(span.events, ["retry", "retry"]);
    assert.equal(span.attributes["processing.outcome"], "processed");
    assert.equal(receiver.traceparents.length, 3);
    for (const each of receiver.traceparents) assert.match(each, new RegExp(`^00-${TRACE}-`));
    const children = receiver.spans.filter(({ parentSpanId }) => parentSpanId === span.spanId);
    assert.equal(children.length, 3, "one client span a call, below the message's");
  },
);

kafkaTest(
  "without OTEL_DENO nothing is exported, and trace headers go into the dead letter as they came",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await kafka.produce(topic, [{ value: "no JSON", headers: { traceparent: PARENT } }]);
    await using receiver = OtlpReceiver.start();
    const settings = { ...receiver.environment, OTEL_DENO: "false" };
    await using service = await startService(kafka, { topic, group, settings });
    await untilAllCommitted(kafka, { group, topic });
    const [letter] = await kafka.consume(`${topic}.dlq`, { count: 1 });
    assert.equal(letter?.headers["traceparent"], PARENT);
    assert.equal((await service.stop()).code, 0);
    assert.equal(receiver.exports, 0);
  },
);

function ids({ traceId, parentSpanId, kind }: ReceivedSpan) {
  return { traceId, parentSpanId, kind };
}
