/** Fetch, ListOffsets, OffsetForLeaderEpoch and DeleteRecords on the wire. */
import {
  array,
  byteChunks,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  since,
  string,
  struct,
} from "../wire/codec.ts";

export const FETCH_REQUEST = struct({
  replicaId: int32,
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32,
  isolationLevel: int8,
  sessionId: since(7, int32, 0),
  sessionEpoch: since(7, int32, -1),
  topics: array(struct({
    topic: string,
    partitions: array(struct({
      partition: int32,
      currentLeaderEpoch: since(9, int32, -1),
      fetchOffset: int64,
      lastFetchedEpoch: since(12, int32, -1),
      logStartOffset: since(5, int64, -1),
      partitionMaxBytes: int32,
    })),
  })),
  forgottenTopics: since(7, array(struct({ topic: string, partitions: array(int32) })), []),
  rackId: since(11, string, ""),
});

export const FETCH_ANSWER = struct({
  throttleTimeMs: int32,
  errorCode: since(7, int16, 0),
  sessionId: since(7, int32, 0),
  topics: array(struct({
    topic: string,
    partitions: array(struct({
      partition: int32,
      errorCode: int16,
      highWatermark: int64,
      lastStableOffset: int64,
      logStartOffset: since(5, int64, -1),
      abortedTransactions: nullableArray(struct({ producerId: int64, firstOffset: int64 })),
      preferredReadReplica: since(11, int32, -1),
      records: byteChunks,
    })),
  })),
});

export const LIST_OFFSETS_REQUEST = struct({
  replicaId: int32,
  isolationLevel: since(2, int8, 0),
  topics: array(struct({
    name: string,
    partitions: array(struct({
      partition: int32,
      currentLeaderEpoch: since(4, int32, -1),
      timestamp: int64,
    })),
  })),
});

export const LIST_OFFSETS_ANSWER = struct({
  throttleTimeMs: since(2, int32, 0),
  topics: array(struct({
    name: string,
    partitions: array(struct({
      partition: int32,
      errorCode: int16,
      timestamp: int64,
      offset: int64,
      leaderEpoch: since(4, int32, -1),
    })),
  })),
});

export const LEADER_EPOCH_REQUEST = struct({
  replicaId: since(3, int32, -2),
  topics: array(struct({
    topic: string,
    partitions: array(struct({ partition: int32, currentLeaderEpoch: int32, leaderEpoch: int32 })),
  })),
});

export const LEADER_EPOCH_ANSWER = struct({
  throttleTimeMs: int32,
  topics: array(struct({
    topic: string,
    partitions: array(struct({
      errorCode: int16,
      partition: int32,
      leaderEpoch: int32,
      endOffset: int64,
    })),
  })),
});

export const DELETE_RECORDS_REQUEST = struct({
  topics: array(struct({
    name: string,
    partitions: array(struct({ partition: int32, offset: int64 })),
  })),
  timeoutMs: int32,
});

export const DELETE_RECORDS_ANSWER = struct({
  throttleTimeMs: int32,
  topics: array(struct({
    name: string,
    partitions: array(struct({ partition: int32, lowWatermark: int64, errorCode: int16 })),
  })),
});
