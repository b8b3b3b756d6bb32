/** OffsetCommit, OffsetFetch and OffsetDelete on the wire. */
import {
  array,
  boolean,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  versions,
} from "../wire/codec.ts";

export const OFFSET_COMMIT_REQUEST = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(7, nullableString, null),
  retentionTimeMs: versions([2, 4], int64, -1),
  topics: array(struct({
    name: string,
    partitions: array(struct({
      partition: int32,
      offset: int64,
      leaderEpoch: since(6, int32, -1),
      metadata: nullableString,
    })),
  })),
});

export const OFFSET_COMMIT_ANSWER = struct({
  throttleTimeMs: since(3, int32, 0),
  topics: array(struct({
    name: string,
    partitions: array(struct({ partition: int32, errorCode: int16 })),
  })),
});

export const OFFSET_FETCH_REQUEST = struct({
  groupId: string,
  topics: nullableArray(struct({ name: string, partitions: array(int32) })),
  requireStable: since(7, boolean, false),
});

export const OFFSET_FETCH_ANSWER = struct({
  throttleTimeMs: since(3, int32, 0),
  topics: array(struct({
    name: string,
    partitions: array(struct({
      partition: int32,
      offset: int64,
      leaderEpoch: since(5, int32, -1),
      metadata: nullableString,
      errorCode: int16,
    })),
  })),
  errorCode: since(2, int16, 0),
});

export const OFFSET_DELETE_REQUEST = struct({
  groupId: string,
  topics: array(struct({ name: string, partitions: array(struct({ partition: int32 })) })),
});

export const OFFSET_DELETE_ANSWER = struct({
  errorCode: int16,
  throttleTimeMs: int32,
  topics: array(struct({
    name: string,
    partitions: array(struct({ partition: int32, errorCode: int16 })),
  })),
});
