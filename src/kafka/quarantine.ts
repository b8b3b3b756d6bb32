/**
 * Batches that cannot be read. Each is fetched again, alone and on new connections, while the other partitions go on.
 * If the same bytes come each time they are damaged where they are kept: they go to the dead-letter topic as they are,
 * once, and the position moves behind them, provided that something other than the batch says where it ends. What an
 * update or a setting could make readable is never put away: the partition stands still there, and says so.
 */
import { Buffer } from "node:buffer";
import { type Clock, sleep } from "../processing/clock.ts";
import type { Coordinates, TopicPartition } from "../processing/message.ts";
import type { Partition, StartPosition } from "../processing/partition.ts";
import { requestDelayMs } from "../processing/retry.ts";
import type { StoredDeadLetter } from "../processing/telemetry.ts";
import { beginsWith, type FrontBatch, frontBatch } from "./batch_end.ts";
import type { FetchedPartition } from "./fetch_request.ts";
import type { QuarantineWriter } from "./quarantine_writer.ts";
import { decodeRecordBatches, type UnreadableBatch } from "./record_batch.ts";
import type { SingleFetch } from "./single_fetch.ts";

/** A batch that was put away. */
export interface QuarantinedBatch extends TopicPartition {
  /** The offsets [from, to) that it stands for. */
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly code: string;
  readonly reason: string;
  /** Null with DLQ_TOPIC=none: it is dropped on purpose. */
  readonly stored: StoredDeadLetter | null;
}

export interface QuarantineTelemetry {
  /** Told at each try. */
  batchUnreadable(facts: TopicPartition & UnreadableBatch): void;
  batchQuarantined(facts: QuarantinedBatch): void;
  /** Told again and again while it lasts. */
  partitionStalled(facts: Coordinates & { readonly reason: string }): void;
  /** What could not be read can be read now, or is gone from the log. */
  partitionGoesOn(facts: Coordinates): void;
}

export interface QuarantineOptions {
  readonly clock: Clock;
  readonly fetches: Pick<SingleFetch, "read">;
  readonly writer: Pick<QuarantineWriter, "store">;
  /** Asked for beyond the batch, so that the one behind it comes, too. */
  readonly maxPartitionBytes: number;
  readonly maxDecompressedBytes: number;
  readonly telemetry: QuarantineTelemetry;
  readonly skipTo: (partition: Partition, start: StartPosition) => void;
  /** The partition may be asked for again. */
  readonly settled: (partition: Partition) => void;
}

/** Damaged for good: neither time nor a setting mends them. Any other code is a matter of who reads. */
const PUT_AWAY: ReadonlySet<UnreadableBatch["code"]> = new Set([
  "crc_mismatch",
  "corrupt_compression",
  "malformed_records",
]);
/** Fetched on so many new connections with the same bytes. */
const TRIES = 3;
const BACKOFF = { backoffMs: 100, backoffMaxMs: 30_000 } as const;

/** A batch before which a partition stands. */
interface Trouble {
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
  tries: number;
  /** Its bytes, the last time; null when they were not all there. */
  seen: Buffer | null;
  /** How often in a row they were the same. */
  same: number;
  /** Why it stands still until somebody does something. */
  stalled: string | null;
}

/** What a look at the batch gave. */
interface Finding {
  readonly unreadable: UnreadableBatch;
  readonly front: FrontBatch | null;
}

export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #troubles = new Map<Partition, Trouble>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** Takes care of the unreadable batch at the position of a partition, up to `settled`. */
  take(partition: Partition, batch: UnreadableBatch): void {
    this.#tell(partition, batch);
    if (this.#stopped || this.#troubles.has(partition)) return;
    const { position } = partition;
    const firstAt = this.#options.clock.wallTime();
    const trouble = { position, firstAt, tries: 1, seen: null, same: 0, stalled: null };
    this.#troubles.set(partition, trouble);
    const running = this.#resolve(partition, trouble).finally(() => {
      this.#running.delete(running);
      this.#troubles.delete(partition);
      if (this.#isWanted(partition)) this.#options.settled(partition);
    });
    this.#running.add(running);
  }

  /** Why a partition stands still until somebody does something; null when it does not. */
  stalled(partition: Partition): string | null {
    return this.#troubles.get(partition)?.stalled ?? null;
  }

  /** The first partition that stands still, and why; null when none does. */
  get problem(): string | null {
    for (const [{ topic, partition }, { stalled }] of this.#troubles) {
      if (stalled !== null) return `${topic}/${partition}: ${stalled}`;
    }
    return null;
  }

  /** Begins nothing more; resolves when what is under way has ended, which open requests hold up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  /** Ends when the partition can go on, one way or another. */
  async #resolve(partition: Partition, trouble: Trouble): Promise<void> {
    const { clock, fetches, maxPartitionBytes, telemetry } = this.#options;
    const { position } = trouble;
    for (let attempt = 1; this.#isWanted(partition); attempt++) {
      await sleep(clock, requestDelayMs(attempt, BACKOFF, clock.random()), partition.signal);
      if (!this.#isWanted(partition)) return;
      const maxBytes = (trouble.seen?.length ?? 0) + maxPartitionBytes;
      const answer = await fetches.read(partition, { position, maxBytes });
      if (partition.position !== position) return; // moved by another hand
      if (answer === null) continue;
      const finding = await this.#lookAt(partition, answer);
      if (finding === null) return telemetry.partitionGoesOn(placeOf(partition, position));
      note(trouble, finding);
      this.#tell(partition, finding.unreadable);
      if (trouble.same < TRIES) continue;
      if (await this.#putAway(partition, { trouble, finding })) return;
    }
  }

  /** Null: there is nothing that cannot be read. */
  async #lookAt(partition: Partition, answer: FetchedPartition): Promise<Finding | null> {
    const { records, aborted, highWatermark, lastStable } = answer;
    const { topic, partition: number, position } = partition;
    const { unreadable, next } = await decodeRecordBatches(records, {
      topic,
      partition: number,
      from: position,
      aborted,
      maxDecompressedBytes: this.#options.maxDecompressedBytes,
    });
    if (unreadable === null || next > position) return null;
    return { unreadable, front: frontBatch(records, [highWatermark, lastStable]) };
  }

  /** False: the partition stands still. */
  async #putAway(
    partition: Partition,
    { trouble, finding }: { trouble: Trouble; finding: Finding },
  ): Promise<boolean> {
    const { unreadable, front } = finding;
    const { position, tries, firstAt } = trouble;
    const { code, message: reason } = unreadable;
    if (front === null || !PUT_AWAY.has(code)) {
      return this.#stall(partition, { trouble, reason });
    }
    const to = front.next ?? await this.#endOfSegment(partition, front);
    if (to === null || to <= position) {
      return this.#stall(partition, { trouble, reason: `${END_UNKNOWN}: ${reason}` });
    }
    const { raw, baseOffset: base } = front;
    const batch = { raw, from: position, to, base, code, reason, tries, firstAt };
    const isWanted = () => this.#isWanted(partition) && partition.position === position;
    const stored = await this.#options.writer.store(batch, { partition, isWanted });
    if (stored === undefined || !isWanted()) return true;
    this.#options.skipTo(partition, { position: to, leaderEpoch: -1 });
    const { topic, partition: number } = partition;
    const bytes = raw.length;
    const facts = { topic, partition: number, from: position, to, bytes, code, reason, stored };
    this.#options.telemetry.batchQuarantined(facts);
    return true;
  }

  #stall(
    partition: Partition,
    { trouble, reason }: { trouble: Trouble; reason: string },
  ): false {
    const { position } = trouble;
    trouble.stalled = `cannot read the batch at offset ${position}: ${reason}`;
    this.#options.telemetry.partitionStalled({ ...placeOf(partition, position), reason });
    return false;
  }

  /** No answer goes beyond a segment of the log: the next one begins where this batch says that it ends. */
  async #endOfSegment(
    partition: Partition,
    { claimed, isLast }: FrontBatch,
  ): Promise<number | null> {
    if (!isLast || claimed <= partition.position) return null;
    const { fetches, maxPartitionBytes: maxBytes } = this.#options;
    const answer = await fetches.read(partition, { position: claimed, maxBytes });
    return answer !== null && beginsWith(answer.records, claimed) ? claimed : null;
  }

  #tell({ topic, partition }: Partition, batch: UnreadableBatch): void {
    this.#options.telemetry.batchUnreadable({ topic, partition, ...batch });
  }

  #isWanted(partition: Partition): boolean {
    return !this.#stopped && partition.state !== "dropped";
  }
}

const END_UNKNOWN = "Restore it or move the group behind it, nothing says where it ends";

/** Bytes that differ from the last time were damaged on their way: counting starts anew. */
function note(trouble: Trouble, { front }: Finding): void {
  const seen = front === null ? null : Buffer.from(front.raw);
  const isSame = trouble.same > 0 &&
    (seen === null ? trouble.seen === null : trouble.seen?.equals(seen) === true);
  trouble.same = isSame ? trouble.same + 1 : 1;
  trouble.seen = seen;
  trouble.tries += 1;
}

function placeOf({ topic, partition }: TopicPartition, offset: number): Coordinates {
  return { topic, partition, offset };
}
