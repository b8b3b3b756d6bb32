/**
 * One loop per leader broker asks for the partitions that want data, each from the position that we own. What comes
 * back is handed to the core only for the position it was asked for; an error belongs to its partition alone: the view
 * of the cluster is refreshed, that partition waits, the others go on. Never a reason to rejoin the group.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import type { Delivery } from "../processing/message.ts";
import type { Partition } from "../processing/partition.ts";
import { partitionKey } from "../processing/partition_key.ts";
import { requestDelayMs } from "../processing/retry.ts";
import type { Decompress } from "./codecs.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE } from "./error_codes.ts";
import {
  fetch,
  type FetchedPartition,
  type FetchLimits,
  type FetchPosition,
} from "./fetch_request.ts";
import {
  type FetchState,
  type LogBounds,
  MOVED,
  newFetchState,
  type Reading,
  refusalText,
} from "./fetch_state.ts";
import type { PartitionLeader } from "./metadata.ts";
import { decodeRecordBatches, type UnreadableBatch } from "./record_batch.ts";

export interface FetcherOptions {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly metadata: {
    leader(partition: Partition): PartitionLeader | undefined;
    doubt(): void;
  };
  readonly limits: FetchLimits;
  /** How much longer than `limits.maxWaitMs` an answer may take. */
  readonly requestTimeoutMs: number;
  /** Cap on the decompressed size of one record batch. */
  readonly maxDecompressedBytes: number;
  readonly decompress: Decompress;
  /** How much one delivery may bring to one partition, decompressed; one batch comes in any case. */
  readonly deliveryBytes: () => number;
  readonly partitions: () => readonly Partition[];
  /** Hands over to the core; false when it was not for this position any more. */
  readonly deliver: (partition: Partition, delivery: Delivery) => boolean;
  /** The position lies outside the log. The partition is not asked for until `settled`. */
  readonly onOutOfRange: (partition: Partition) => void;
  /** A later leader than the one that wrote what lies before the position. Not asked for until `settled`. */
  readonly onNewLeader: (partition: Partition) => void;
  /** The broker refused the partition with a code that is neither a moved leader nor an offset. */
  readonly onRefused: (partition: Partition, code: number) => void;
  /** The batch at the position cannot be read. The partition is not asked for until `settled`. */
  readonly onUnreadable: (partition: Partition, batch: UnreadableBatch) => void;
  readonly onFailed: (broker: string, error: unknown) => void;
}

/** Below that most batches would not fit. */
const ASK_MIN_BYTES = 65_536;
/** As Kafka's own clients, by default: each failure is also a look at who leads now, and that must not come late. */
const BACKOFF = { backoffMs: 100, backoffMaxMs: 1_000 } as const;
/** Longest run of decoding before the event loop turns, in which handlers have their slice as well. */
const DECODE_MS = 4;
/** A leader unknown to us now may be known soon, without anybody calling `wake`. */
const IDLE_LOOK_MS = 5_000;

export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #states = new WeakMap<Partition, FetchState>();
  /** Leader id -> the running loop's wake-up. */
  readonly #loops = new Map<number, AbortController>();
  /** Leader id -> why the last request to it failed. */
  readonly #failures = new Map<number, unknown>();
  readonly #running = new Set<Promise<void>>();
  #lastFetchAt = -Infinity;
  #hasServed = false;
  #stopped = false;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** Monotonic time of the last answer of any broker. */
  get lastFetchAt(): number {
    return this.#lastFetchAt;
  }

  /** Has any leader let us read any partition? */
  get hasServed(): boolean {
    return this.#hasServed;
  }

  /** What is wanted may have changed: new partitions, room again, other leaders. */
  wake(): void {
    if (this.#stopped) return;
    for (const partition of this.#options.partitions()) {
      const leader = this.#options.metadata.leader(partition);
      if (leader === undefined) this.#options.metadata.doubt();
      else if (!this.#loops.has(leader.broker.id)) this.#startLoop(leader.broker.id);
    }
    for (const loop of this.#loops.values()) loop.abort();
  }

  /** The partition can be asked for again: its position is inside the log, and before what can be read. */
  settled(partition: Partition): void {
    this.#state(partition).unsettled = false;
    this.wake();
  }

  /** Why a partition of ours is not read; null when all are. */
  get refusal(): string | null {
    for (const partition of this.#options.partitions()) {
      const refusal = refusalText(partition, this.#state(partition));
      if (refusal !== null) return refusal;
    }
    return null;
  }

  bounds(partition: Partition): LogBounds | null {
    return this.#state(partition).bounds;
  }

  /** How the reading of a partition goes. */
  reading(partition: Partition): Reading {
    const { answeredAt, errorCode, unsettled: isSettling } = this.#state(partition);
    const leader = this.#options.metadata.leader(partition);
    const failure = leader === undefined ? null : this.#failures.get(leader.broker.id) ?? null;
    return { answeredAt, errorCode, isSettling, failure };
  }

  /** Asks for nothing more; resolves when the loops have ended, which the long poll can hold up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const loop of this.#loops.values()) loop.abort();
    await Promise.all(this.#running);
  }

  #startLoop(leaderId: number): void {
    this.#loops.set(leaderId, new AbortController());
    const running = this.#fetchFrom(leaderId).finally(() => {
      this.#loops.delete(leaderId);
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  async #fetchFrom(leaderId: number): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      const { leader, positions, asked, nextLookMs } = this.#plan(leaderId);
      if (leader === undefined) return; // it leads nothing of ours; `wake` starts a new loop
      if (positions.length === 0) {
        await this.#idle(leaderId, nextLookMs);
        continue;
      }
      const failed = await this.#fetchOnce(leader, { positions, asked });
      failures = failed ? failures + 1 : 0;
      if (failed) await this.#idle(leaderId, this.#backoffMs(failures));
    }
  }

  async #fetchOnce(
    leader: PartitionLeader,
    plan: { positions: FetchPosition[]; asked: ReadonlyMap<string, Partition> },
  ): Promise<boolean> {
    const { caller, limits, requestTimeoutMs, metadata, onFailed } = this.#options;
    const from = new Map(plan.positions.map((each) => [partitionKey(each), each.position]));
    try {
      const answer = await caller.call({
        to: leader.broker,
        purpose: "fetch",
        request: fetch(plan.positions, reachable(limits, plan.positions)),
        deadlineMs: limits.maxWaitMs + requestTimeoutMs,
      });
      this.#lastFetchAt = this.#options.clock.now();
      this.#failures.delete(leader.broker.id);
      let turnedAt = this.#lastFetchAt;
      for (const fetched of answer.partitions) {
        const key = partitionKey(fetched);
        const partition = plan.asked.get(key);
        const position = from.get(key);
        if (partition === undefined || position === undefined) continue;
        turnedAt = await this.#turn(turnedAt);
        await this.#take(partition, position, fetched);
      }
      return false;
    } catch (error) {
      this.#failures.set(leader.broker.id, error);
      if (!this.#stopped) {
        onFailed(`${leader.broker.host}:${leader.broker.port}`, error);
        metadata.doubt();
      }
      return true;
    }
  }

  /** Decoding takes its time: heartbeats and sockets get their turn. */
  async #turn(turnedAt: number): Promise<number> {
    const { clock } = this.#options;
    if (clock.now() - turnedAt < DECODE_MS) return turnedAt;
    await sleep(clock, 0);
    return clock.now();
  }

  /** Which partitions to ask this leader for now, and when to look again if there are none. */
  #plan(leaderId: number) {
    const { clock, metadata, partitions } = this.#options;
    const now = clock.now();
    const positions: FetchPosition[] = [];
    const asked = new Map<string, Partition>();
    let leader: PartitionLeader | undefined;
    let nextLookMs = IDLE_LOOK_MS;
    for (const partition of partitions()) {
      const itsLeader = metadata.leader(partition);
      if (itsLeader?.broker.id !== leaderId) continue;
      leader = itsLeader;
      const state = this.#state(partition);
      this.#checkEpoch(partition, itsLeader.leaderEpoch);
      if (state.unsettled || !partition.wants()) continue;
      if (state.retryAt > now) {
        nextLookMs = Math.min(nextLookMs, state.retryAt - now);
        continue;
      }
      const { topic, position } = partition;
      const { leaderEpoch } = itsLeader;
      const maxBytes = this.#askBytes(state);
      positions.push({ topic, partition: partition.partition, position, leaderEpoch, maxBytes });
      asked.set(partitionKey(partition), partition);
    }
    rotate(positions, Math.floor(clock.random() * positions.length));
    return { leader, positions, asked, nextLookMs };
  }

  /** A new leader may have less of the log than the one before: have it looked at before anything is read from it. */
  #checkEpoch(partition: Partition, leaderEpoch: number): void {
    const state = this.#state(partition);
    if (leaderEpoch <= state.validEpoch) return;
    const isFirst = state.validEpoch < 0; // the start position was looked at
    state.validEpoch = leaderEpoch;
    if (isFirst || partition.positionEpoch < 0 || partition.positionEpoch >= leaderEpoch) return;
    state.unsettled = true;
    this.#options.onNewLeader(partition);
  }

  async #idle(leaderId: number, delayMs: number): Promise<void> {
    const wake = new AbortController();
    this.#loops.set(leaderId, wake);
    if (!this.#stopped) await sleep(this.#options.clock, delayMs, wake.signal);
  }

  async #take(partition: Partition, position: number, fetched: FetchedPartition): Promise<void> {
    // Other answers may have moved it, or the group may have taken it away, while this one was under way.
    if (partition.state === "dropped" || partition.position !== position) return;
    const { caller, onUnreadable } = this.#options;
    const state = this.#state(partition);
    const { errorCode, logStart, highWatermark: logEnd, lastStable } = fetched;
    state.answeredAt = this.#lastFetchAt;
    state.errorCode = errorCode;
    if (errorCode !== ERROR_CODE.NONE) return this.#takeError(partition, errorCode);
    this.#hasServed = true;
    state.bounds = { logStart, logEnd, lastStable };
    // A batch that is larger than what was asked for only comes where it is the first of an answer.
    state.wentShort = fetched.records.length === 0 && lastStable > position;
    if (fetched.records.length === 0) return;
    const decoded = await decodeRecordBatches(fetched.records, {
      topic: partition.topic,
      partition: partition.partition,
      from: position,
      aborted: fetched.aborted,
      maxDecompressedBytes: this.#options.maxDecompressedBytes,
      stopAfterBytes: this.#options.deliveryBytes(),
      decompress: this.#options.decompress,
    });
    if (decoded.next > position) {
      state.failures = 0;
      const { topic } = partition;
      const { messages, next, leaderEpoch } = decoded;
      const delivery = {
        topic,
        partition: partition.partition,
        from: position,
        messages,
        next,
        leaderEpoch,
      };
      this.#options.deliver(partition, delivery);
    } else {
      this.#postpone(state); // without progress, asking again at once would never end
      if (decoded.unreadable === null) return;
      state.unsettled = true;
      const leader = this.#options.metadata.leader(partition)?.broker;
      if (leader !== undefined) caller.drop(leader, "fetch", "a batch of its answer is unreadable");
      onUnreadable(partition, decoded.unreadable);
    }
  }

  /** What a delivery has no room for is not asked for, unless nothing came of that. */
  #askBytes({ wentShort }: FetchState): number {
    const { limits: { maxPartitionBytes }, deliveryBytes } = this.#options;
    if (wentShort) return maxPartitionBytes;
    return Math.min(maxPartitionBytes, Math.max(ASK_MIN_BYTES, deliveryBytes()));
  }

  #takeError(partition: Partition, code: number): void {
    const { metadata, onOutOfRange, onRefused } = this.#options;
    const state = this.#state(partition);
    if (code === ERROR_CODE.OFFSET_OUT_OF_RANGE) {
      state.unsettled = true;
      return onOutOfRange(partition);
    }
    if (MOVED.has(code)) {
      metadata.doubt();
    } else {
      onRefused(partition, code);
    }
    this.#postpone(state);
  }

  #postpone(state: FetchState): void {
    state.failures += 1;
    state.retryAt = this.#options.clock.now() + this.#backoffMs(state.failures);
  }

  #backoffMs(failures: number): number {
    return requestDelayMs(failures, BACKOFF, this.#options.clock.random());
  }

  #state(partition: Partition): FetchState {
    let state = this.#states.get(partition);
    if (state === undefined) {
      state = newFetchState();
      this.#states.set(partition, state);
    }
    return state;
  }
}

/** A broker must not wait for more than it may send. */
function reachable(limits: FetchLimits, positions: readonly FetchPosition[]): FetchLimits {
  const asked = positions.reduce((sum, { maxBytes = 0 }) => sum + maxBytes, 0);
  return { ...limits, minBytes: Math.min(limits.minBytes, asked) };
}

/** Brokers fill an answer in the order asked: who is first changes, so that nobody starves under the size limit. */
function rotate<T>(list: T[], by: number): void {
  list.push(...list.splice(0, by));
}
