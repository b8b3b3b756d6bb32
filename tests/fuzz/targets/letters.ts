/**
 * Keys, values and headers of any message survive the way into the dead-letter topic and back: as received where
 * nothing is reduced, described by size and digest where something is.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeRecordBatches } from "../../../src/kafka/record_batch.ts";
import { writeRecordBatch } from "../../../src/kafka/record_batch_writer.ts";
import {
  type DeadLetter,
  type DeadLetterFacts,
  deadLetterFor,
  REDUCTIONS,
} from "../../../src/processing/dead_letter.ts";
import type { Header, Message } from "../../../src/processing/message.ts";
import { encodeBatch, type TestRecord } from "../../support/record_batches.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { randomText } from "../bytes.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

export const LETTERS: FuzzTarget = { name: "letters", weight: 3, make, check };

const NAMES = [
  ...["", "a", "a", "trace-id", "__dlq.errors.topic", "__dlq.errors.partition"],
  ...[
    "__dlq.errors.offset",
    "__dlq.processing.replay.count",
    "__dlq.processing.first.failure.time",
  ],
];
const OPTIONS = { topic: "t", partition: 0, from: 0, aborted: [], maxDecompressedBytes: 1_000_000 };

/** A record batch. */
function make(random: SeededRandom): Promise<Uint8Array> {
  const text = (most: number) => random.chance(0.1) ? null : randomText(random, most);
  const records = Array.from({ length: random.between(1, 3) }, (): TestRecord => ({
    key: text(10),
    value: text(random.chance(0.05) ? 3_000 : 50),
    headers: Array.from({ length: random.below(7) }, () => [
      random.chance(0.8) ? random.pick(NAMES) : randomText(random, 10),
      random.chance(0.3) ? String(random.below(9)) : text(random.chance(0.05) ? 2_000 : 20),
    ]),
  }));
  return encodeBatch({ records, baseTimestamp: random.pick([-1, 0, 1_700_000_000_000, 2 ** 50]) });
}

async function check(input: Uint8Array): Promise<void> {
  const { messages } = await decodeRecordBatches(input, OPTIONS);
  for (const message of messages) {
    for (const reduction of REDUCTIONS) {
      const letter = deadLetterFor(message, { facts: factsOf(message), reduction });
      const again = await throughKafka(letter, reduction.compressed);
      assertSame(plain(again), plain({ ...message, ...letter }));
      checkKept(message, again, reduction);
    }
  }
}

function factsOf({ offset, value }: Message): DeadLetterFacts {
  const message = Buffer.from(value ?? "none").toString("latin1");
  return {
    failure: { stage: "validate", code: "schema_mismatch", message, stack: message.repeat(3) },
    attempts: offset,
    firstFailedAt: 1_700_000_000_000,
    lastFailedAt: 1_700_000_000_001,
    groupId: "g",
    serviceVersion: "1",
  };
}

async function throughKafka(letter: DeadLetter, compressed: boolean): Promise<Message> {
  const { key, value, headers } = letter;
  const record = { key, value, headers, timestamp: 1_700_000_000_000 };
  const batch = await writeRecordBatch([record], compressed ? "gzip" : "none");
  const { messages, unreadable } = await decodeRecordBatches(batch, OPTIONS);
  assert.equal(unreadable, null);
  const [message] = messages;
  assert.ok(message !== undefined && messages.length === 1);
  return message;
}

type Content = Pick<Message, "key" | "value" | "headers">;

function plain({ key, value, headers }: Content) {
  const hex = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString("hex");
  return [hex(key), hex(value), headers.map(([name, content]) => [name, hex(content)])];
}

function checkKept(
  message: Message,
  letter: Message,
  { hasValue, hasRest }: typeof REDUCTIONS[number],
): void {
  const own = ([name]: Header) => !/^__dlq\.(errors|processing)\./.test(name);
  const expected: Content = {
    key: hasRest ? message.key : null,
    value: hasValue ? message.value : null,
    headers: hasRest ? message.headers.filter(own) : [],
  };
  assertSame(plain({ ...letter, headers: letter.headers.filter(own) }), plain(expected));
  const ours = letter.headers.filter((header) => !own(header));
  assert.equal(new Set(ours.map(([name]) => name)).size, ours.length, "a header of ours twice");
  for (const [name, content] of ours) {
    assert.ok(content !== null && content.length <= 4_096, name);
    Buffer.from(content).toString("utf8");
  }
}
