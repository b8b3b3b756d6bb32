/** The log of one partition as a simulation has it: messages with gaps, a start that moves up, and an end that stays. */
import type { Message } from "../../src/processing/message.ts";
import { bytesOf, sampleEvent } from "./sample_event.ts";
import type { Receipt } from "./simulation_history.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** One message of the log. */
export interface SimulatedRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly is: Receipt["is"];
}

const VALUES: Readonly<Record<Receipt["is"], Uint8Array | null>> = {
  event: bytesOf(sampleEvent()),
  invalid: bytesOf("{"),
  tombstone: null,
};

export class SimulatedLog {
  readonly topic = "t";
  readonly partition: number;
  readonly records: readonly SimulatedRecord[];
  readonly end: number;
  start = 0;

  constructor(partition: number, random: SeededRandom) {
    this.partition = partition;
    const records: SimulatedRecord[] = [];
    let offset = random.below(3);
    for (let left = random.between(5, 40); left > 0; left--) {
      const key = random.chance(0.2) ? null : random.pick(["a", "b", "c", ""]);
      const is = random.chance(0.85) ? "event" : random.pick(["invalid", "tombstone"] as const);
      records.push({ offset, key, is });
      offset += random.chance(0.8) ? 1 : random.between(2, 5);
    }
    this.records = records;
    this.end = offset;
  }

  get place(): string {
    return `${this.topic}/${this.partition}`;
  }

  /** At most so many messages from a position on, and the position after them. */
  read(
    from: number,
    count: number,
  ): { readonly records: SimulatedRecord[]; readonly next: number } {
    const ahead = this.records.filter(({ offset }) => offset >= from);
    const records = ahead.slice(0, count);
    const last = records.at(-1);
    if (last === undefined || records.length === ahead.length) return { records, next: this.end };
    return { records, next: last.offset + 1 };
  }
}

/** As Kafka delivers it. The receipt's id stands where the time would: it comes back in contexts and dead letters. */
export function messageOf(record: SimulatedRecord, log: SimulatedLog, id: number): Message {
  return {
    topic: log.topic,
    partition: log.partition,
    offset: record.offset,
    timestamp: id,
    key: record.key === null ? null : bytesOf(record.key),
    value: VALUES[record.is],
    headers: [],
    leaderEpoch: -1,
  };
}

/** What of a message the oracle is told. */
export function receiptOf(
  { key, value, timestamp: id, offset }: Message,
  { record, unkeyedOrder }: {
    readonly record: SimulatedRecord;
    readonly unkeyedOrder: "partition" | "none";
  },
): Receipt {
  const own = unkeyedOrder === "none" ? `unkeyed ${offset}` : "unkeyed";
  return {
    id,
    offset,
    lane: record.key === null ? own : `key ${record.key}`,
    bytes: (key?.length ?? 0) + (value?.length ?? 0),
    is: record.is,
  };
}
