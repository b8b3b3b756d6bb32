/** ListOffsets, OffsetForLeaderEpoch and DeleteRecords: where a log starts, ends, and was when. */
import { ERROR } from "../error_codes.ts";
import {
  DELETE_RECORDS_ANSWER,
  DELETE_RECORDS_REQUEST,
  LEADER_EPOCH_ANSWER,
  LEADER_EPOCH_REQUEST,
  LIST_OFFSETS_ANSWER,
  LIST_OFFSETS_REQUEST,
} from "../messages/fetch.ts";
import type { Partition } from "../topics/topic.ts";
import { type Call, defineApi, locate } from "./api.ts";

const LATEST = -1;
const EARLIEST = -2;
const READ_COMMITTED = 1;
const HIGH_WATERMARK = -1;
/** What an answer about an offset says when there is none. */
const NO_OFFSET = { timestamp: -1, offset: -1, leaderEpoch: -1 };

export const LIST_OFFSETS = defineApi({
  name: "ListOffsets",
  key: 2,
  minVersion: 1,
  maxVersion: 5,
  flexibleFrom: 6,
  request: LIST_OFFSETS_REQUEST,
  answer: LIST_OFFSETS_ANSWER,
  handle: ({ topics, isolationLevel }, call) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, timestamp }) => {
        const asked = { topic: name, partition: index, currentLeaderEpoch };
        const { partition, errorCode } = locate(call, asked);
        if (partition === null) return { partition: index, errorCode, ...NO_OFFSET };
        const isolated = isolationLevel === READ_COMMITTED;
        return { partition: index, errorCode, ...offsetAt(partition, { timestamp, isolated }) };
      }),
    })),
  }),
  refuse: ({ topics }, errorCode) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode, ...NO_OFFSET })),
    })),
  }),
});

export const LEADER_EPOCH = defineApi({
  name: "OffsetForLeaderEpoch",
  key: 23,
  minVersion: 2,
  maxVersion: 4,
  flexibleFrom: 4,
  request: LEADER_EPOCH_REQUEST,
  answer: LEADER_EPOCH_ANSWER,
  handle: ({ topics }, call) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const { partition, errorCode } = locate(call, {
          topic,
          partition: index,
          currentLeaderEpoch,
        });
        const end = partition?.log.endOfEpoch(leaderEpoch) ?? { epoch: -1, endOffset: -1 };
        const { epoch, endOffset } = end;
        return { errorCode, partition: index, leaderEpoch: epoch, endOffset };
      }),
    })),
  }),
  refuse: ({ topics }, errorCode) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => {
        return { errorCode, partition, leaderEpoch: -1, endOffset: -1 };
      }),
    })),
  }),
});

export const DELETE_RECORDS = defineApi({
  name: "DeleteRecords",
  key: 21,
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request: DELETE_RECORDS_REQUEST,
  answer: DELETE_RECORDS_ANSWER,
  handle: ({ topics }, call) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition, offset }) => {
        return { partition, ...deleteRecords(call, { topic: name, partition, offset }) };
      }),
    })),
  }),
  refuse: ({ topics }, errorCode) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition }) => ({ partition, lowWatermark: -1, errorCode })),
    })),
  }),
});

function offsetAt(
  { log, leaderEpoch }: Partition,
  { timestamp, isolated }: { readonly timestamp: number; readonly isolated: boolean },
): typeof NO_OFFSET {
  if (timestamp === LATEST) {
    const offset = isolated ? log.lastStableOffset : log.endOffset;
    return { timestamp: -1, offset, leaderEpoch };
  }
  if (timestamp === EARLIEST) {
    const { startOffset: offset } = log;
    return { timestamp: -1, offset, leaderEpoch: log.epochAt(offset) };
  }
  return log.offsetAt(timestamp) ?? NO_OFFSET;
}

function deleteRecords(
  call: Call,
  { topic, partition: index, offset }: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  },
): { readonly lowWatermark: number; readonly errorCode: number } {
  const { partition, errorCode } = locate(call, { topic, partition: index });
  if (partition === null) return { lowWatermark: -1, errorCode };
  const { log } = partition;
  const before = offset === HIGH_WATERMARK ? log.endOffset : offset;
  if (before < 0 || before > log.endOffset) {
    return { lowWatermark: -1, errorCode: ERROR.OFFSET_OUT_OF_RANGE };
  }
  log.deleteBefore(before);
  partition.wakeWatchers();
  return { lowWatermark: log.startOffset, errorCode: ERROR.NONE };
}
