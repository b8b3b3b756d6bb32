/**
 * Reads topics from outside of any group, a page at a time: what lies between two offsets, by their order, nothing
 * committed and nobody disturbed. One page is in memory at any time. Every question has a deadline, and so many tries.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import type { Message, TopicPartition } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";
import { requestDelayMs } from "../processing/retry.ts";
import { TopicError } from "./connect.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "./error_codes.ts";
import { fetch, type FetchedPartition } from "./fetch_request.ts";
import { askOffsets, byLeader } from "./listed_offsets.ts";
import type { PartitionLeader } from "./metadata.ts";
import type { ListedOffset } from "./offset_requests.ts";
import type { ApiRequest } from "./protocol.ts";
import { type DecodedBatches, decodeRecordBatches, type UnreadableBatch } from "./record_batch.ts";

export interface LogReaderOptions {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly metadata: {
    leader(partition: TopicPartition): PartitionLeader | undefined;
    refresh(): Promise<void>;
  };
  readonly requestTimeoutMs: number;
  /** Asked for at a time; a batch that is longer comes whole. */
  readonly maxPartitionFetchBytes: number;
  /** For a batch of which less came than it is long. */
  readonly fetchMaxBytes: number;
  readonly maxDecompressedBytes: number;
  /** After it nothing is tried again. */
  readonly signal?: AbortSignal | undefined;
}

/** The offsets [start, end) of a partition. */
export interface LogStretch extends TopicPartition {
  readonly start: number;
  readonly end: number;
}

/** Messages that follow each other. */
export interface LogPage extends TopicPartition {
  /** Ascending offsets. */
  readonly messages: readonly Message[];
  /** Where the next page begins. */
  readonly next: number;
  /** A batch that lies behind them and was left out; null when there is none. */
  readonly unreadable: UnreadableBatch | null;
}

/** Nobody could be asked, or nobody knew, however often it was tried. */
export class LogUnreadableError extends Error {
  override readonly name = "LogUnreadableError";
}

const PURPOSE = "browse";
const TRIES = 5;
const BACKOFF = { backoffMs: 100, backoffMaxMs: 2_000 } as const;
/** Of records, unpacked: a page is no longer, but for the last batch of it. */
const PAGE_BYTES = 8 * 1024 * 1024;

export class LogReader {
  readonly #options: LogReaderOptions;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /**
   * Where the logs start and end now.
   *
   * @throws TopicError when a topic is refused, LogUnreadableError or what Caller.call throws when nobody answers
   */
  async stretches(partitions: readonly TopicPartition[]): Promise<readonly LogStretch[]> {
    const starts = await this.#offsets(partitions, "start");
    const ends = await this.#offsets(partitions, "end");
    return partitions.map(({ topic, partition }, i) => ({
      topic,
      partition,
      start: starts[i] ?? 0,
      end: ends[i] ?? 0,
    }));
  }

  /**
   * What lies there, page by page. Ends early where the log does: what a transaction holds that is still open is not
   * there yet. What retention deletes meanwhile is left out. After `signal` no further page comes.
   *
   * @throws TopicError when the topic is refused, LogUnreadableError or what Caller.call throws when nobody answers
   */
  async *pages(
    { topic, partition, start, end }: LogStretch,
    signal?: AbortSignal,
  ): AsyncGenerator<LogPage, void> {
    const place = { topic, partition };
    for (let position = start; position < end && !signal?.aborted;) {
      const fetched = await this.#fetch(place, position);
      if (fetched === "gone") {
        const [start = 0] = await this.#offsets([place], "start");
        position = Math.max(position + 1, start);
        continue;
      }
      if (fetched.records.length === 0) return;
      const decoded = await this.#decode(fetched, position);
      const messages = decoded.messages.filter(({ offset }) => offset < end);
      const { next, unreadable } = behind(decoded);
      if (next <= position) return;
      position = next;
      yield { ...place, messages, next: Math.min(next, end), unreadable };
    }
  }

  /** In the order of the partitions. What is known is not asked for again. */
  async #offsets(
    partitions: readonly TopicPartition[],
    at: "start" | "end",
  ): Promise<readonly number[]> {
    const { caller, metadata, requestTimeoutMs: deadlineMs } = this.#options;
    const known = new Map<TopicPartition, number>();
    await this.#persist(async () => {
      const unknown = partitions.filter((each) => !known.has(each));
      const { led, leaderless: [alone] } = byLeader(unknown, (each) => metadata.leader(each));
      await Promise.all(led.map(async ({ leader: { broker: to }, partitions }) => {
        const asked = { caller, to, purpose: PURPOSE, deadlineMs } as const;
        const answers = await askOffsets(asked, { partitions, at });
        for (const each of partitions) {
          known.set(each, checked(each, answers.get(partitionKey(each))).offset);
        }
      }));
      if (alone !== undefined) throw withoutLeader(alone);
    });
    return partitions.map((each) => known.get(each) ?? 0);
  }

  /** At least one whole batch, nothing at the end of the log; `gone` where the log does not reach. */
  #fetch(place: TopicPartition, position: number): Promise<FetchedPartition | "gone"> {
    const { maxPartitionFetchBytes } = this.#options;
    return this.#askLeader(place, async (leader) => {
      const fetched = await this.#fetchOnce(place, {
        leader,
        position,
        maxBytes: maxPartitionFetchBytes,
      });
      if (fetched.errorCode === ERROR_CODE.OFFSET_OUT_OF_RANGE) return "gone";
      checked(place, fetched);
      if (fetched.records.length > 0 || position >= fetched.lastStable) return fetched;
      throw new LogUnreadableError(`${nameOf(place)}: nothing came of offset ${position}`);
    });
  }

  async #fetchOnce(
    place: TopicPartition,
    { leader, position, maxBytes }: {
      readonly leader: PartitionLeader;
      readonly position: number;
      readonly maxBytes: number;
    },
  ): Promise<FetchedPartition> {
    const positions = [{ ...place, position, leaderEpoch: leader.leaderEpoch }];
    const limits = { maxWaitMs: 0, minBytes: 1, maxBytes, maxPartitionBytes: maxBytes };
    const { partitions: [fetched] } = await this.#call(leader, fetch(positions, limits));
    // A broker that throttles us answers without any.
    if (fetched === undefined) throw new LogUnreadableError(`${nameOf(place)}: no answer about it`);
    return fetched;
  }

  async #decode(fetched: FetchedPartition, from: number): Promise<DecodedBatches> {
    const { topic, partition } = fetched;
    const decoded = await this.#decodeOnce(fetched, from);
    if (decoded.unreadable?.code !== "cut_off") return decoded;
    const maxBytes = this.#options.fetchMaxBytes;
    const whole = await this.#askLeader(
      { topic, partition },
      (leader) => this.#fetchOnce({ topic, partition }, { leader, position: from, maxBytes }),
    );
    return await this.#decodeOnce(whole, from);
  }

  async #decodeOnce(
    { topic, partition, records, aborted }: FetchedPartition,
    from: number,
  ): Promise<DecodedBatches> {
    return await decodeRecordBatches(records, {
      topic,
      partition,
      from,
      aborted,
      maxDecompressedBytes: this.#options.maxDecompressedBytes,
      stopAfterBytes: PAGE_BYTES,
    });
  }

  #call<Answer>(leader: PartitionLeader, request: ApiRequest<Answer>): Promise<Answer> {
    const { caller, requestTimeoutMs: deadlineMs } = this.#options;
    return caller.call({ to: leader.broker, purpose: PURPOSE, request, deadlineMs });
  }

  async #askLeader<T>(
    place: TopicPartition,
    ask: (leader: PartitionLeader) => Promise<T>,
  ): Promise<T> {
    return await this.#persist(async () => {
      const leader = this.#options.metadata.leader(place);
      if (leader === undefined) throw withoutLeader(place);
      return await ask(leader);
    });
  }

  /** Asks; anew, by a new view of the cluster, where that fails. */
  async #persist<T>(ask: () => Promise<T>): Promise<T> {
    const { clock, metadata, signal } = this.#options;
    for (let tries = 1;; tries++) {
      try {
        return await ask();
      } catch (error) {
        const isFinal = error instanceof TopicError || tries === TRIES;
        if (isFinal || signal?.aborted) throw error;
        await sleep(clock, requestDelayMs(tries, BACKOFF, clock.random()), signal);
        await metadata.refresh().catch(() => {}); // the next question says why
      }
    }
  }
}

/** @throws TopicError when it is refused, LogUnreadableError when it is not answered */
function checked<T extends ListedOffset | FetchedPartition>(
  place: TopicPartition,
  answer: T | undefined,
): T {
  const code = answer?.errorCode ?? ERROR_CODE.UNKNOWN_SERVER_ERROR;
  if (isAuthorizationCode(code)) throw new TopicError(place.topic, code);
  if (answer === undefined || code !== ERROR_CODE.NONE) {
    throw new LogUnreadableError(`${nameOf(place)}: ${errorCodeText(code)}`);
  }
  return answer;
}

function withoutLeader(place: TopicPartition): LogUnreadableError {
  return new LogUnreadableError(`${nameOf(place)} has no leader`);
}

/** Where it goes on behind a batch that cannot be read: nothing depends on it here. */
function behind({ next, unreadable }: DecodedBatches): Pick<LogPage, "next" | "unreadable"> {
  if (unreadable === null) return { next, unreadable };
  return { next: Math.max(next, unreadable.lastOffset + 1), unreadable };
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}
