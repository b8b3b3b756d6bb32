/**
 * What members of a group tell each other through the coordinator: subscriptions (who wants which topics and owns
 * which partitions) and assignments. The consumer protocol of Apache Kafka, ConsumerProtocolSubscription and
 * ConsumerProtocolAssignment: versions 1 and 0 are written, which every client reads; 0 to 3 are read, and of later
 * ones what is alike. Bytes of other members are not trusted.
 */
import { Buffer } from "node:buffer";
import type { TopicPartition } from "../processing/message.ts";

const GENERATION_BYTES = 4;

export interface Subscription {
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  /** The generation in which it owns them; null where it does not say, or has been in none. */
  readonly ownedGeneration: number | null;
}

/** `generationId`: in which `owned` was given to us; -1 for none. */
export function encodeSubscription(
  topics: readonly string[],
  owned: readonly TopicPartition[],
  generationId: number,
): Uint8Array {
  const writer = new Writer();
  writer.int16(1);
  writer.int32(topics.length);
  for (const topic of topics) writer.text(topic);
  // Where version 1 has no room for the generation, the Java client's cooperative-sticky puts it in the user data.
  writer.int32(GENERATION_BYTES);
  writer.int32(generationId);
  writer.byTopic(owned);
  return writer.finish();
}

/** @throws Error when the bytes are not a subscription */
export function parseSubscription(bytes: Uint8Array): Subscription {
  const reader = new Reader(bytes, "subscription");
  const version = reader.int16();
  const topics = reader.list(() => reader.text());
  const userData = reader.bytes();
  // Some clients write version 1 and leave out what it adds.
  const owned = version >= 1 && reader.hasMore ? reader.byTopic() : [];
  let generation = -1;
  if (version >= 2 && reader.hasMore) generation = reader.int32();
  else if (userData?.length === GENERATION_BYTES) generation = userData.readInt32BE(0);
  return { topics, owned, ownedGeneration: generation < 0 ? null : generation };
}

/** No user data; version 0, as version 1 adds nothing. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Uint8Array {
  const writer = new Writer();
  writer.int16(0);
  writer.byTopic(partitions);
  writer.int32(-1); // no user data
  return writer.finish();
}

/** Null or nothing at all is an empty assignment. @throws Error when the bytes are something else */
export function parseAssignment(bytes: Uint8Array | null): readonly TopicPartition[] {
  if (bytes === null || bytes.length === 0) return [];
  const reader = new Reader(bytes, "assignment");
  reader.int16(); // version; all begin alike
  return reader.byTopic();
}

class Writer {
  readonly #parts: Buffer[] = [];

  int16(value: number): void {
    const part = Buffer.alloc(2);
    part.writeInt16BE(value);
    this.#parts.push(part);
  }

  int32(value: number): void {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    this.#parts.push(part);
  }

  text(value: string): void {
    const part = Buffer.from(value, "utf8");
    this.int16(part.length);
    this.#parts.push(part);
  }

  byTopic(partitions: readonly TopicPartition[]): void {
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
    this.int32(byTopic.size);
    for (const [topic, list] of byTopic) {
      this.text(topic);
      this.int32(list.length);
      for (const { partition } of list) this.int32(partition);
    }
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

class Reader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  text(): string {
    const size = this.int16();
    const start = this.#take(size);
    return this.#bytes.toString("utf8", start, start + size);
  }

  bytes(): Buffer | null {
    const size = this.int32();
    if (size < 0) return null;
    const start = this.#take(size);
    return this.#bytes.subarray(start, start + size);
  }

  list<T>(read: () => T): T[] {
    const count = this.int32();
    if (count > this.#bytes.length) throw this.#damaged(); // before anything of that length is made
    return Array.from({ length: Math.max(0, count) }, read);
  }

  byTopic(): TopicPartition[] {
    return this.list(() => {
      const topic = this.text();
      return this.list(() => ({ topic, partition: this.#partition() }));
    }).flat();
  }

  #partition(): number {
    const partition = this.int32();
    if (partition < 0) throw this.#damaged();
    return partition;
  }

  #take(size: number): number {
    const start = this.#at;
    if (size < 0 || start + size > this.#bytes.length) throw this.#damaged();
    this.#at += size;
    return start;
  }

  #damaged(): Error {
    const what = `the ${this.#what} of one is not Kafka's consumer protocol`;
    return new Error(`Check the members of the group, ${what}: ${this.#bytes.length} bytes`);
  }
}
