/** What the core tells of one message to whoever follows it. */
import assert from "node:assert/strict";
import { FatalError, PermanentError } from "../../../src/processing/failure.ts";
import type { Message } from "../../../src/processing/message.ts";
import type { MessageTrace, Tracer } from "../../../src/processing/tracing.ts";
import { bytesOf } from "../../support/sample_event.ts";
import { delivery, message, ProcessingBench, type Script } from "../../support/processing_bench.ts";

/** Writes down what it is told; follows the messages that `follows` names. */
class RecordingTracer implements Tracer {
  readonly told: string[] = [];
  readonly follows: (message: Message) => boolean;
  isInside = false;

  constructor(follows: (message: Message) => boolean = () => true) {
    this.follows = follows;
  }

  messageStarted(message: Message): MessageTrace | null {
    if (!this.follows(message)) return null;
    const { offset } = message;
    const tell = (what: string) => this.told.push(`${offset} ${what}`);
    tell("started");
    return {
      traceId: `trace-${offset}`,
      spanId: `span-${offset}`,
      run: (call) => {
        this.isInside = true;
        try {
          return call();
        } finally {
          this.isInside = false;
        }
      },
      retried: ({ attempt, failure }) => tell(`retried ${attempt} ${failure.code}`),
      deadLetterStarted: () => {
        tell("dead letter");
        return {
          headers: [["traceparent", bytesOf("ours")]],
          stored: (at) => tell(`stored ${at.topic}/${at.partition}/${at.offset}`),
          failed: () => tell("not stored"),
        };
      },
      ended: (how, failure) => tell(`ended ${how}${failure ? ` ${failure.code}` : ""}`),
    };
  }
}

function start(script: Script, tracer = new RecordingTracer()) {
  const bench = new ProcessingBench(script, { tracer });
  return { bench, tracer, partition: bench.own() };
}

Deno.test("A message's trace holds each of its attempts and ends with its outcome, once", async () => {
  const inside: boolean[] = [];
  const { bench, tracer, partition } = start(({ attempt }) => {
    inside.push(tracer.isInside);
    if (attempt === 1) throw new Error("Not yet");
  });
  bench.deliver(partition, ["a"]);
  await bench.clock.advance(5_000);
  assert.deepEqual(tracer.told, ["0 started", "0 retried 1 handler_error", "0 ended processed"]);
  assert.deepEqual(inside, [true, true]);
});

Deno.test("A dead letter carries the trace on, instead of the header that it came with", async () => {
  const { bench, tracer, partition } = start(() => {
    throw new PermanentError("No", { code: "no" });
  });
  const headers = [["traceparent", bytesOf("theirs")], ["other", bytesOf("kept")]] as const;
  bench.sink.answer = () => bench.sink.asked.length === 1 ? "fail" : "ack";
  bench.assignment.deliver(partition, delivery(0, [message(0, { headers })]));
  await bench.clock.advance(5_000);
  assert.deepEqual(tracer.told, [
    "0 started",
    "0 dead letter",
    "0 not stored",
    "0 dead letter",
    "0 stored t.dlq/0/0",
    "0 ended dead_lettered no",
  ]);
  const [letter] = bench.sink.stored;
  const kept = letter?.headers.filter(([name]) => !name.startsWith("__dlq."));
  assert.deepEqual(kept, [["other", bytesOf("kept")], ["traceparent", bytesOf("ours")]]);
});

Deno.test("A trace ends where its message never will: partition taken away, service stopped", async () => {
  const { bench, tracer, partition } = start(({ offset }) => {
    if (offset === 1) throw new FatalError("Stop", { code: "stop" });
    return new Promise<void>(() => {});
  });
  bench.deliver(partition, ["a", "b"]);
  await bench.clock.settle();
  bench.assignment.revoke([partition]);
  assert.deepEqual(tracer.told.sort(), [
    "0 ended interrupted",
    "0 started",
    "1 ended interrupted stop",
    "1 started",
  ]);
});

Deno.test("A message that nobody follows is processed all the same, and its headers stay", async () => {
  const tracer = new RecordingTracer(({ offset }) => offset === 1);
  const { bench, partition } = start(() => {
    throw new PermanentError("No");
  }, tracer);
  const headers = [["traceparent", bytesOf("theirs")]] as const;
  bench.assignment.deliver(partition, delivery(0, [message(0, { headers })]));
  bench.assignment.deliver(partition, delivery(1, [message(1, { value: null })]));
  await bench.clock.advance(5_000);
  assert.deepEqual(bench.sink.stored[0]?.headers[0], headers[0]);
  assert.deepEqual(tracer.told, ["1 started", "1 ended skipped"]);
});

Deno.test("HandlerContext.logger names the trace in each line, where there is one", async () => {
  const tracer = new RecordingTracer(({ offset }) => offset === 0);
  const { bench, partition } = start(({ logger }) => logger.info("Hello"), tracer);
  bench.deliver(partition, ["a", "b"]);
  await bench.clock.settle();
  assert.deepEqual(bench.logger.lines.map(({ fields }) => fields), [
    { topic: "t", partition: 0, offset: 0, traceId: "trace-0", spanId: "span-0" },
    { topic: "t", partition: 0, offset: 1 },
  ]);
});
