/**
 * Where partitions stand: what the group committed, where the logs start and end, and from these where to begin.
 * Asks for as long as it takes, or until the caller does not want to know any more.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import { requestDelayMs } from "../processing/retry.ts";
import type { Caller } from "./connections.ts";
import type { Coordinator } from "./coordinator.ts";
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "./error_codes.ts";
import { COORDINATOR_DEADLINE_MS } from "./generation.ts";
import type { PartitionLeader } from "./metadata.ts";
import {
  type CommittedOffset,
  listOffsets,
  offsetFetch,
  offsetForLeaderEpoch,
} from "./offset_requests.ts";
import type { ApiRequest, PartitionError } from "./protocol.ts";

export interface OffsetsOptions {
  readonly caller: Caller;
  readonly coordinator: Coordinator;
  readonly clock: Clock;
  readonly groupId: string;
  readonly requestTimeoutMs: number;
  readonly metadata: {
    leader(partition: TopicPartition): PartitionLeader | undefined;
    doubt(): void;
  };
  /** The group or topic refuses us; asked again after a pause. */
  readonly onRefused: (reason: string, code: number) => void;
}

/** First and next offset of a partition's log. */
export interface LogRange {
  readonly start: number;
  readonly end: number;
}

const BACKOFF = { backoffMs: 100, backoffMaxMs: 2_000 } as const;

export class Offsets {
  readonly #options: OffsetsOptions;

  constructor(options: OffsetsOptions) {
    this.#options = options;
  }

  /** What the group committed for these partitions (offset -1: nothing); null when no longer wanted. */
  async committed(
    partitions: readonly TopicPartition[],
    isWanted: () => boolean,
  ): Promise<readonly CommittedOffset[] | null> {
    if (partitions.length === 0) return [];
    return await this.#persist(isWanted, async () => {
      const { caller, coordinator, groupId } = this.#options;
      const to = await coordinator.find().catch(() => null);
      if (to === null) return null; // stopping: nobody wants to know any more
      try {
        const request = offsetFetch(groupId, partitions);
        const deadlineMs = COORDINATOR_DEADLINE_MS;
        const answer = await caller.call({ to, purpose: "commit", request, deadlineMs });
        const code = answer.errorCode ||
          answer.partitions.find((each) => each.errorCode)?.errorCode;
        if (!code) return answer.partitions;
        if (!coordinator.isCoordinatorTrouble(code, to)) this.#refused("OffsetFetch", code);
      } catch {
        coordinator.doubt(to);
      }
      return null;
    });
  }

  /** Where a partition's log starts and ends, asked from its leader; null when no longer wanted. */
  async logRange(partition: TopicPartition, isWanted: () => boolean): Promise<LogRange | null> {
    return await this.#persist(isWanted, async () => {
      const start = await this.#logOffset(partition, "start");
      if (start === null) return null;
      const end = await this.#logOffset(partition, "end");
      return end === null ? null : { start, end };
    });
  }

  /**
   * Where the log of `leaderEpoch` ends, by the leader of now: an end below our position says that what we read was
   * truncated. Null when no longer wanted, or where the leader does not know the epoch.
   */
  async epochEnd(
    partition: TopicPartition,
    { leaderEpoch, isWanted }: { readonly leaderEpoch: number; readonly isWanted: () => boolean },
  ): Promise<number | null> {
    const answer = await this.#persist(isWanted, async () => {
      const end = await this.#askLeader(partition, {
        requestFor: (leader) =>
          offsetForLeaderEpoch(partition, { current: leader.leaderEpoch, asked: leaderEpoch }),
        pick: ({ partitions }) => partitions[0],
      });
      return end === null ? null : { offset: end.endOffset };
    });
    return answer === null || answer.offset < 0 ? null : answer.offset;
  }

  async #logOffset(partition: TopicPartition, at: "start" | "end"): Promise<number | null> {
    const listed = await this.#askLeader(partition, {
      requestFor: () => listOffsets([partition], at),
      pick: ({ offsets }) => offsets[0],
    });
    return listed?.offset ?? null;
  }

  /** One answer about one partition from its leader; null: ask again, by a new view of the cluster. */
  async #askLeader<Answer, T extends PartitionError>(
    partition: TopicPartition,
    { requestFor, pick }: {
      readonly requestFor: (leader: PartitionLeader) => ApiRequest<Answer>;
      readonly pick: (answer: Answer) => T | undefined;
    },
  ): Promise<T | null> {
    const { caller, metadata, requestTimeoutMs: deadlineMs } = this.#options;
    const leader = metadata.leader(partition);
    if (leader === undefined) return this.#doubt();
    const request = requestFor(leader);
    try {
      const whole = await caller.call({
        to: leader.broker,
        purpose: "metadata",
        request,
        deadlineMs,
      });
      const answer = pick(whole);
      if (answer?.errorCode === ERROR_CODE.NONE) return answer;
      if (answer !== undefined) this.#refused(request.apiName, answer.errorCode);
      return this.#doubt();
    } catch {
      return this.#doubt();
    }
  }

  /** Everything else passes by itself. */
  #refused(api: string, code: number): void {
    if (isAuthorizationCode(code)) this.#options.onRefused(`${api}: ${errorCodeText(code)}`, code);
  }

  #doubt(): null {
    this.#options.metadata.doubt();
    return null;
  }

  async #persist<T>(isWanted: () => boolean, attempt: () => Promise<T | null>): Promise<T | null> {
    const { clock } = this.#options;
    for (let tries = 1; isWanted(); tries += 1) {
      const result = await attempt();
      if (!isWanted()) return null;
      if (result !== null) return result;
      await sleep(clock, requestDelayMs(tries, BACKOFF, clock.random()));
    }
    return null;
  }
}
