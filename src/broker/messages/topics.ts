/** CreateTopics, DeleteTopics and CreatePartitions on the wire. */
import {
  array,
  boolean,
  int16,
  int32,
  int8,
  NO_UUID,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  uuid,
  versions,
} from "../wire/codec.ts";

export const CREATE_TOPICS_REQUEST = struct({
  topics: array(struct({
    name: string,
    partitions: int32,
    replicationFactor: int16,
    assignments: array(struct({ partition: int32, nodeIds: array(int32) })),
    configs: array(struct({ name: string, value: nullableString })),
  })),
  timeoutMs: int32,
  validateOnly: boolean,
});

export const CREATE_TOPICS_ANSWER = struct({
  throttleTimeMs: int32,
  topics: array(struct({
    name: string,
    id: since(7, uuid, NO_UUID),
    errorCode: int16,
    errorMessage: nullableString,
    partitions: since(5, int32, -1),
    replicationFactor: since(5, int16, -1),
    configs: since(
      5,
      nullableArray(struct({
        name: string,
        value: nullableString,
        readOnly: boolean,
        source: int8,
        isSensitive: boolean,
      })),
      null,
    ),
  })),
});

export const DELETE_TOPICS_REQUEST = struct({
  topics: since(6, array(struct({ name: nullableString, id: uuid })), []),
  names: versions([0, 5], array(string), []),
  timeoutMs: int32,
});

export const DELETE_TOPICS_ANSWER = struct({
  throttleTimeMs: int32,
  topics: array(struct({
    name: nullableString,
    id: since(6, uuid, NO_UUID),
    errorCode: int16,
    errorMessage: since(5, nullableString, null),
  })),
});

export const CREATE_PARTITIONS_REQUEST = struct({
  topics: array(struct({
    name: string,
    count: int32,
    assignments: nullableArray(struct({ nodeIds: array(int32) })),
  })),
  timeoutMs: int32,
  validateOnly: boolean,
});

export const CREATE_PARTITIONS_ANSWER = struct({
  throttleTimeMs: int32,
  topics: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
});
