import assert from "node:assert/strict";
import { parkWith, topicOf } from "../../../src/dead_letters/parking.ts";
import { type DeadLetter, DeadLetterRefused } from "../../../src/processing/dead_letter.ts";
import { FatalError } from "../../../src/processing/failure.ts";
import type { HandlerContext, Message } from "../../../src/processing/message.ts";
import { message } from "../../support/processing_bench.ts";

const CONTEXT = { signal: new AbortController().signal } as HandlerContext;
const LETTER: Message = { ...message(7, { key: "k", headers: [["h", null]] }), topic: "e.dlq" };

/** What was sent, and how it was refused. */
function sinkThat(refuses: (compressed: boolean) => Error | null) {
  const sent: { letter: DeadLetter; compressed: boolean }[] = [];
  const send = (letter: DeadLetter, { compressed }: { readonly compressed: boolean }) => {
    sent.push({ letter, compressed });
    const error = refuses(compressed);
    if (error !== null) return Promise.reject(error);
    return Promise.resolve({ topic: "e.dlq.parked", partition: 0, offset: 0 });
  };
  return { sent, send };
}

Deno.test("topicOf() sends a letter back until it has failed often enough, then parks it", () => {
  const letter = (replays: number): DeadLetter => ({
    source: { topic: "e", partition: 0, offset: 1 },
    key: null,
    value: null,
    headers: [],
    from: { topic: "e.dlq", partition: 0, offset: 2 },
    replays,
  });
  const topics = [1, 2, 3, 4].map((replays) => topicOf(letter(replays), { dlqMaxReplays: 3 }));
  assert.deepEqual(topics, ["e.dlq", "e.dlq", "e.dlq.parked", "e.dlq.parked"]);
});

Deno.test("parkWith() sends a letter as it lies there, with its time", async () => {
  const sink = sinkThat(() => null);
  await parkWith(sink)(LETTER, CONTEXT);
  const { key, value, headers, timestamp } = LETTER;
  const source = { topic: "e.dlq", partition: 0, offset: 7 };
  const letter = { source, key, value, headers, timestamp };
  assert.deepEqual(sink.sent, [{ letter, compressed: false }]);
  const [parked] = sink.sent;
  assert.ok(parked);
  assert.equal(topicOf(parked.letter, { dlqMaxReplays: 3 }), "e.dlq.parked");
});

Deno.test("parkWith() tries a letter that is too large compressed, and stops where that cannot help", async () => {
  const smaller = sinkThat((compressed) => compressed ? null : new DeadLetterRefused("Too large"));
  await parkWith(smaller)(LETTER, CONTEXT);
  assert.deepEqual(smaller.sent.map(({ compressed }) => compressed), [false, true]);
  const never = sinkThat(() => new DeadLetterRefused("Too large"));
  await assert.rejects(parkWith(never)(LETTER, CONTEXT), FatalError);
  const away = sinkThat(() => new Error("away"));
  await assert.rejects(parkWith(away)(LETTER, CONTEXT), /^Error: away$/);
  assert.equal(away.sent.length, 1);
});
