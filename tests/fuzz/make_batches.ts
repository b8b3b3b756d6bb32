/** Logs of record batches at random: every codec, old formats, transactions, compaction, and headers that lie. */
import { Buffer } from "node:buffer";
import {
  BATCH_CODECS,
  controlBatch,
  encodeBatch,
  sealBatch,
  type TestBatch,
  type TestRecord,
} from "../support/record_batches.ts";
import type { SeededRandom } from "../support/seeded_random.ts";
import { damage, oddInt, randomBytes, randomText } from "./bytes.ts";

const PRODUCERS = [7n, 8n];
const HEADER_BYTES = 61;

/** Good batches, one after the other. */
export async function makeLog(random: SeededRandom): Promise<Buffer[]> {
  const batches: Buffer[] = [];
  let next = random.chance(0.9) ? random.below(50) : 2 ** 40;
  for (let left = random.between(1, 4); left > 0; left--) {
    const batch = { ...makeBatch(random), baseOffset: next };
    batches.push(await encodeBatch(batch));
    const last = batch.lastOffsetDelta ?? batch.records?.at(-1)?.offsetDelta ??
      Math.max(0, (batch.records?.length ?? 0) - 1);
    next += last + 1 + (random.chance(0.2) ? random.below(5) : 0);
  }
  return batches;
}

/** As `makeLog`, then damaged here and there, inside of checksums, too. */
export async function makeDamagedLog(random: SeededRandom): Promise<Buffer> {
  const batches = await makeLog(random);
  const damaged = batches.map((batch) => random.chance(0.35) ? damageBatch(random, batch) : batch);
  if (random.chance(0.05)) damaged.push(messageSet(random));
  if (random.chance(0.05)) damaged.reverse();
  const log = Buffer.concat(damaged);
  if (random.chance(0.2)) return log.subarray(0, random.below(log.length + 1));
  return random.chance(0.1) ? damage(random, log) : log;
}

function makeBatch(random: SeededRandom): TestBatch {
  if (random.chance(0.1)) {
    return controlBatch(random.pick(PRODUCERS), random.pick(["commit", "abort"]));
  }
  const records = Array.from({ length: random.below(6) }, () => makeRecord(random));
  const isCompacted = random.chance(0.2);
  let offset = -1;
  const placed = isCompacted
    ? records.map((record) => ({ ...record, offsetDelta: offset += random.between(1, 4) }))
    : records;
  return {
    records: placed,
    codec: random.pick(BATCH_CODECS),
    leaderEpoch: random.below(3),
    baseTimestamp: random.chance(0.9) ? 1_700_000_000_000 : -1,
    maxTimestamp: 1_700_000_000_100,
    hasAppendTime: random.chance(0.1),
    isTransactional: random.chance(0.2),
    producerId: random.pick([...PRODUCERS, -1n]),
    ...(isCompacted || records.length === 0
      ? { lastOffsetDelta: Math.max(0, offset) + random.below(3) }
      : {}),
  };
}

function makeRecord(random: SeededRandom): TestRecord {
  const text = (most: number) => random.chance(0.15) ? null : randomText(random, most);
  const name = () => random.pick(["a", "trace", "", "__dlq.errors.topic", randomText(random, 8)]);
  const headers = Array.from(
    { length: random.chance(0.7) ? 0 : random.below(4) },
    (): [string, string | null] => [name(), text(8)],
  );
  const value = random.chance(0.05) ? "x".repeat(random.below(4_000)) : text(40);
  return { key: text(8), value, headers, timestampDelta: random.between(-5, 100) };
}

function damageBatch(random: SeededRandom, batch: Buffer): Buffer {
  switch (random.below(6)) {
    case 0:
      return damage(random, batch);
    case 1: { // in its records, with a checksum that says nothing of it
      const records = damage(random, batch.subarray(HEADER_BYTES));
      return reseal(Buffer.concat([batch.subarray(0, HEADER_BYTES), records]));
    }
    case 2: { // in its header, likewise
      const changed = Buffer.from(batch);
      changed[random.between(21, HEADER_BYTES - 1)] = random.below(256);
      return reseal(changed);
    }
    case 3: { // the count, or the last offset
      const changed = Buffer.from(batch);
      changed.writeInt32BE(oddInt(random), random.pick([23, 57]));
      return reseal(changed);
    }
    case 4: { // base offset, length, epoch, magic: not under the checksum
      const changed = Buffer.from(batch);
      changed[random.below(21)] = random.below(256);
      return changed;
    }
    default: { // records of the producer's own making
      const records = randomBytes(random, 60);
      return reseal(Buffer.concat([batch.subarray(0, HEADER_BYTES), records]));
    }
  }
}

function reseal(batch: Buffer): Buffer {
  const sealed = Buffer.from(batch);
  sealed.writeInt32BE(sealed.length - 12, 8);
  sealBatch(sealed);
  return sealed;
}

/** As producers before Kafka 0.11 wrote it: offset, size, CRC, magic 0 or 1, attributes, key, value. */
function messageSet(random: SeededRandom): Buffer {
  const body = randomBytes(random, 80);
  const head = Buffer.alloc(17);
  head.writeInt32BE(body.length + 5, 8);
  head[16] = random.below(2);
  return Buffer.concat([head, body]);
}
