/**
 * Fetch: what the log has from a position on, within the reader's limits. A fetch that finds less than it wants waits
 * for more, until its time is over, something changes, or its connection is closed.
 */
import { ERROR } from "../error_codes.ts";
import { FETCH_ANSWER, FETCH_REQUEST } from "../messages/fetch.ts";
import type { Partition } from "../topics/topic.ts";
import type { ValueOf } from "../wire/codec.ts";
import { type Call, defineApi, locate } from "./api.ts";

type FetchRequest = ValueOf<typeof FETCH_REQUEST>;
type FetchAnswer = ValueOf<typeof FETCH_ANSWER>;
type Asked = FetchRequest["topics"][number]["partitions"][number];
type PartitionAnswer = FetchAnswer["topics"][number]["partitions"][number];

const READ_COMMITTED = 1;
/** From this version on a follower serves consumers, too: so does a leader of yesterday (KIP-392). */
const FOLLOWER_VERSION = 11;

/** What is left of the reader's limit while an answer is put together. */
interface Budget {
  bytesLeft: number;
  /** The first batch of the answer comes whole, so that no reader is ever stuck. */
  isEmpty: boolean;
}

export const FETCH = defineApi({
  name: "Fetch",
  key: 1,
  minVersion: 4,
  maxVersion: 12,
  flexibleFrom: 12,
  request: FETCH_REQUEST,
  answer: FETCH_ANSWER,
  async handle(request, call) {
    // No session is ever given out, so each fetch names all its partitions.
    if (request.sessionId !== 0) return refuseFetch(request, ERROR.FETCH_SESSION_ID_NOT_FOUND);
    const endsAt = call.cluster.clock.now() + request.maxWaitMs;
    while (true) {
      const answer = collect(request, call);
      const waitMs = endsAt - call.cluster.clock.now();
      if (isDue(answer, request) || waitMs <= 0 || call.closed.aborted) return answer;
      await untilChanged(request, { call, waitMs });
    }
  },
  refuse: refuseFetch,
});

function collect(request: FetchRequest, call: Call): FetchAnswer {
  const budget: Budget = { bytesLeft: request.maxBytes, isEmpty: true };
  return answerEach(request, (topic, asked) => {
    const located = locate(call, {
      topic,
      partition: asked.partition,
      currentLeaderEpoch: asked.currentLeaderEpoch,
      fromFollower: call.version >= FOLLOWER_VERSION,
    });
    if (located.partition === null) return refused(asked, located.errorCode);
    const isolated = request.isolationLevel === READ_COMMITTED;
    return read(asked, { partition: located.partition, isolated, budget });
  });
}

function read(asked: Asked, { partition, isolated, budget }: {
  readonly partition: Partition;
  readonly isolated: boolean;
  readonly budget: Budget;
}): PartitionAnswer {
  const { log } = partition;
  const { fetchOffset: from } = asked;
  const bounds = {
    highWatermark: log.endOffset,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.startOffset,
  };
  if (from < log.startOffset || from > log.endOffset) {
    return { ...refused(asked, ERROR.OFFSET_OUT_OF_RANGE), ...bounds };
  }
  const upTo = isolated ? log.lastStableOffset : log.endOffset;
  const maxBytes = Math.max(0, Math.min(budget.bytesLeft, asked.partitionMaxBytes));
  const records = log.read({ from, upTo, maxBytes, minOneBatch: budget.isEmpty });
  const size = sizeOf(records);
  budget.bytesLeft -= size;
  if (size > 0) budget.isEmpty = false;
  const abortedTransactions = isolated ? log.abortedIn(from, upTo) : null;
  return { ...refused(asked, ERROR.NONE), ...bounds, abortedTransactions, records };
}

/** An answer goes out at once when it holds enough, or an error. */
function isDue({ topics }: FetchAnswer, { minBytes }: FetchRequest): boolean {
  const partitions = topics.flatMap((topic) => topic.partitions);
  if (partitions.length === 0) return true;
  if (partitions.some(({ errorCode }) => errorCode !== ERROR.NONE)) return true;
  return partitions.reduce((sum, { records }) => sum + sizeOf(records), 0) >= minBytes;
}

/** Resolves when one of the partitions changes, after `waitMs`, or when the connection is closed. */
function untilChanged(
  { topics }: FetchRequest,
  { call, waitMs }: { readonly call: Call; readonly waitMs: number },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const stops = topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => call.cluster.topics.partition(topic, partition)?.watch(wake))
  );
  stops.push(call.cluster.clock.schedule(waitMs, wake));
  call.closed.addEventListener("abort", wake);
  stops.push(() => call.closed.removeEventListener("abort", wake));
  return promise.finally(() => stops.forEach((stop) => stop?.()));
}

function refused({ partition }: Asked, errorCode: number): PartitionAnswer {
  return {
    partition,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: [],
  };
}

function refuseFetch(request: FetchRequest, errorCode: number): FetchAnswer {
  const answer = answerEach(request, (_topic, asked) => refused(asked, errorCode));
  const isOfSession = errorCode === ERROR.FETCH_SESSION_ID_NOT_FOUND;
  return isOfSession ? { ...answer, errorCode, topics: [] } : answer;
}

function answerEach(
  { topics }: FetchRequest,
  answer: (topic: string, asked: Asked) => PartitionAnswer,
): FetchAnswer {
  return {
    throttleTimeMs: 0,
    errorCode: ERROR.NONE,
    sessionId: 0,
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => answer(topic, asked)),
    })),
  };
}

function sizeOf(records: readonly Uint8Array[]): number {
  return records.reduce((sum, piece) => sum + piece.length, 0);
}
