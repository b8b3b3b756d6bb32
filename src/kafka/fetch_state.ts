/** What the fetcher knows of one partition, and what others may know of that. */
import type { TopicPartition } from "../processing/message.ts";
import { ERROR_CODE, errorCodeText } from "./error_codes.ts";

/** Where the log of a partition starts and ends, as the last answer said. */
export interface LogBounds {
  readonly logStart: number;
  readonly logEnd: number;
  /** Where it ends for those who read only what is committed. */
  readonly lastStable: number;
}

/** How the reading of a partition goes, for when it stands still. */
export interface Reading {
  /** Monotonic time of the last answer for it; -Infinity before the first. */
  readonly answeredAt: number;
  /** The error code of that answer. */
  readonly errorCode: number;
  /** Not asked for: whether its position lies in the log, or its batch can be read, is being found out. */
  readonly isSettling: boolean;
  /** Why the last request to its leader failed; null when it did not. */
  readonly failure: unknown;
}

export interface FetchState {
  /** Monotonic time before which the partition is left alone. */
  retryAt: number;
  failures: number;
  answeredAt: number;
  /** Of the last answer. */
  errorCode: number;
  unsettled: boolean;
  /** There is something at the position, and nothing came. */
  wentShort: boolean;
  /** The leader epoch under which the position was last known to be inside the log. */
  validEpoch: number;
  bounds: LogBounds | null;
}

/** Codes that say: ask somebody else. */
export const MOVED: ReadonlySet<number> = new Set([
  ERROR_CODE.UNKNOWN_TOPIC_OR_PARTITION,
  ERROR_CODE.LEADER_NOT_AVAILABLE,
  ERROR_CODE.NOT_LEADER_OR_FOLLOWER,
  ERROR_CODE.REPLICA_NOT_AVAILABLE,
  ERROR_CODE.KAFKA_STORAGE_ERROR,
  ERROR_CODE.FENCED_LEADER_EPOCH,
  ERROR_CODE.UNKNOWN_LEADER_EPOCH,
]);

/** Before the first question. */
export function newFetchState(): FetchState {
  return {
    retryAt: 0,
    failures: 0,
    answeredAt: -Infinity,
    errorCode: ERROR_CODE.NONE,
    unsettled: false,
    wentShort: false,
    validEpoch: -1,
    bounds: null,
  };
}

/** Why the leader would not let us read, the last time; null when it did, or is not the leader any more. */
export function refusalText(
  { topic, partition }: TopicPartition,
  { errorCode }: Pick<FetchState, "errorCode">,
): string | null {
  const isRefusal = errorCode !== ERROR_CODE.NONE && !MOVED.has(errorCode) &&
    errorCode !== ERROR_CODE.OFFSET_OUT_OF_RANGE;
  return isRefusal ? `${topic}/${partition}: ${errorCodeText(errorCode)}` : null;
}
