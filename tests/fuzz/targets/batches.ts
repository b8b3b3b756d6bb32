/**
 * Record batches of a Fetch answer: what is delivered is what a plain reading gives, record by record; what is not is
 * behind the position that comes next, hidden by a transaction, or in a batch that is named as unreadable.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { beginsWith, frontBatch } from "../../../src/kafka/batch_end.ts";
import { decodeRecordBatches } from "../../../src/kafka/record_batch.ts";
import type { Message } from "../../../src/processing/message.ts";
import { SeededRandom } from "../../support/seeded_random.ts";
import { randomBytes } from "../bytes.ts";
import { makeDamagedLog } from "../make_batches.ts";
import { plainBatches, type PlainMessage } from "../plain_batches.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

export const BATCHES: FuzzTarget = { name: "batches", weight: 10, make, check };

/** A seed for the options of the read comes before the log. */
const HEAD_BYTES = 4;

async function make(random: SeededRandom): Promise<Uint8Array> {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(random.below(2 ** 32));
  const log = random.chance(0.03) ? randomBytes(random, 200) : await makeDamagedLog(random);
  return Buffer.concat([head, log]);
}

async function check(input: Uint8Array): Promise<void> {
  if (input.length < HEAD_BYTES) return;
  const bytes = Buffer.from(input);
  const log = bytes.subarray(HEAD_BYTES);
  const options = drawOptions(new SeededRandom(bytes.readUInt32BE(0)), log);
  const decoded = await decodeRecordBatches(log, { topic: "t", partition: 3, ...options });
  const expected = plainBatches(log, options);
  assert.equal(decoded.next, expected.next, "another position is next");
  assert.equal(decoded.unreadable !== null, expected.end === "bad", "readable and not");
  assertSame(decoded.messages.map(asPlain), expected.messages.map(withTime));
  for (const { topic, partition } of decoded.messages) {
    assertSame([topic, partition], ["t", 3]);
  }
  const { unreadable } = decoded;
  if (unreadable !== null) {
    assert.ok(unreadable.message.length > 0 && unreadable.lastOffset >= unreadable.baseOffset);
  }
  checkEnd(log);
}

function drawOptions(random: SeededRandom, log: Buffer) {
  const base = log.length < 8 ? 0 : Number(log.readBigInt64BE(0));
  const from = Number.isSafeInteger(base) && base >= 0 ? base + random.below(5) : random.below(100);
  const aborted = Array.from({ length: random.below(3) }, () => ({
    producerId: random.pick([7n, 8n]),
    firstOffset: from + random.below(20),
  }));
  return {
    from,
    aborted,
    maxDecompressedBytes: random.chance(0.9) ? 100_000 : random.below(300),
    stopAfterBytes: random.chance(0.8) ? Infinity : random.below(300),
  };
}

/** Times beyond 2^53 lose digits: nobody knows what they mean. */
function withTime(message: PlainMessage): PlainMessage {
  const { timestamp } = message;
  return Math.abs(timestamp) < 2 ** 52 ? message : { ...message, timestamp: 0 };
}

function asPlain({ offset, timestamp, key, value, headers }: Message): PlainMessage {
  return withTime({
    offset,
    timestamp,
    key: hex(key),
    value: hex(value),
    headers: headers.map(([name, content]) => [name, hex(content)] as const),
  });
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("hex");
}

/** A batch is only left behind for an offset that lies behind it. */
function checkEnd(log: Buffer): void {
  const front = frontBatch(log, [5, 60]);
  if (front !== null && front.next !== null) {
    assert.ok(front.next > front.baseOffset, `it ends at ${front.next}`);
    assert.ok(!front.isLast || [5, 60].includes(front.next));
  }
  beginsWith(log, 5);
}
