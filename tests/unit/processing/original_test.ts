import assert from "node:assert/strict";
import { PermanentError } from "../../../src/processing/failure.ts";
import type { HandlerContext, Message } from "../../../src/processing/message.ts";
import type { Original } from "../../../src/processing/original.ts";
import { delivery, message, ProcessingBench } from "../../support/processing_bench.ts";

const FROM = { topic: "t", partition: 0, offset: 3 };
const FIRST_FAILED_AT = Date.UTC(2024, 0, 15);

/** Each letter was the message at 100 more of another topic. */
function originalOf(letter: Message): Original {
  const { topic, partition, offset } = letter;
  return {
    message: { ...letter, topic: "source", partition: 7, offset: offset + 100, headers: [] },
    replays: 2,
    firstFailedAt: FIRST_FAILED_AT,
    from: { topic, partition, offset },
  };
}

function textOf(headers: Message["headers"], name: string): string {
  const content = headers.find(([each]) => each === name)?.[1];
  return new TextDecoder().decode(content ?? undefined);
}

Deno.test("a handler sees a redriven letter as the message that it was", () => {
  const seen: HandlerContext[] = [];
  const bench = new ProcessingBench((context) => void seen.push(context), { originalOf });
  const partition = bench.own(3);
  bench.assignment.deliver(partition, delivery(3, [message(3, { headers: [["h", null]] })]));
  const [context] = seen;
  assert.deepEqual(
    [context?.topic, context?.partition, context?.offset, context?.headers],
    ["source", 7, 103, []],
  );
  assert.equal(partition.prefix, 4);
  bench.assignment.close();
});

Deno.test("a redriven letter that fails again keeps its origin and counts its replays", async () => {
  const bench = new ProcessingBench(() => {
    throw new PermanentError("No");
  }, { originalOf });
  bench.assignment.deliver(bench.own(3), delivery(3, [message(3)]));
  await bench.clock.settle();
  const [letter] = bench.sink.stored;
  assert.ok(letter);
  assert.deepEqual([letter.from, letter.replays], [FROM, 2]);
  assert.deepEqual(letter.source, { topic: "source", partition: 7, offset: 103 });
  const ours = (name: string) => textOf(letter.headers, name);
  assert.deepEqual(
    [ours("__dlq.errors.topic"), ours("__dlq.errors.partition"), ours("__dlq.errors.offset")],
    ["source", "7", "103"],
  );
  assert.equal(ours("__dlq.processing.replay.count"), "2");
  assert.equal(ours("__dlq.processing.first.failure.time"), "2024-01-15T00:00:00.000Z");
  assert.equal(ours("__dlq.processing.last.source"), "t/0/3");
  bench.assignment.close();
});

Deno.test("what is done instead of handling gets each message as it is, and is tried again", async () => {
  const got: string[] = [];
  const instead = (each: Message, { attempt }: HandlerContext) => {
    got.push(`${each.topic}/${each.offset}#${attempt}`);
    return attempt === 1 ? Promise.reject(new Error("Not yet")) : Promise.resolve();
  };
  const bench = new ProcessingBench(() => {}, { originalOf, instead });
  const partition = bench.own(3);
  const raw = { value: null, key: null };
  bench.assignment.deliver(partition, delivery(3, [message(3, raw)]));
  await bench.clock.settle();
  await bench.clock.advance(1_000);
  assert.deepEqual(got, ["t/3#1", "t/3#2"]);
  assert.deepEqual([partition.prefix, bench.calls], [4, []]);
  bench.assignment.close();
});
