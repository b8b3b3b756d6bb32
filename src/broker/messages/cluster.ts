/** ApiVersions, Metadata and FindCoordinator on the wire. */
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

/** What an answer says of permissions when nobody asked. */
export const NO_OPERATIONS = -2_147_483_648;

export const API_VERSIONS_REQUEST = struct({
  clientSoftwareName: since(3, string, ""),
  clientSoftwareVersion: since(3, string, ""),
});

export const API_VERSIONS_ANSWER = struct({
  errorCode: int16,
  apis: array(struct({ key: int16, minVersion: int16, maxVersion: int16 })),
  throttleTimeMs: since(1, int32, 0),
});

export const METADATA_REQUEST = struct({
  topics: nullableArray(struct({ id: since(10, uuid, NO_UUID), name: nullableString })),
  allowAutoTopicCreation: since(4, boolean, true),
  includeClusterAuthorizedOperations: versions([8, 10], boolean, false),
  includeTopicAuthorizedOperations: since(8, boolean, false),
});

export const METADATA_ANSWER = struct({
  throttleTimeMs: since(3, int32, 0),
  brokers: array(struct({
    nodeId: int32,
    host: string,
    port: int32,
    rack: since(1, nullableString, null),
  })),
  clusterId: since(2, nullableString, null),
  controllerId: since(1, int32, -1),
  topics: array(struct({
    errorCode: int16,
    name: nullableString,
    id: since(10, uuid, NO_UUID),
    isInternal: since(1, boolean, false),
    partitions: array(struct({
      errorCode: int16,
      partition: int32,
      leader: int32,
      leaderEpoch: since(7, int32, -1),
      replicas: array(int32),
      inSyncReplicas: array(int32),
      offlineReplicas: since(5, array(int32), []),
    })),
    authorizedOperations: since(8, int32, NO_OPERATIONS),
  })),
  clusterAuthorizedOperations: versions([8, 10], int32, NO_OPERATIONS),
});

export const FIND_COORDINATOR_REQUEST = struct({
  key: versions([0, 3], string, ""),
  keyType: since(1, int8, 0),
  keys: since(4, array(string), []),
});

export const FIND_COORDINATOR_ANSWER = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: versions([0, 3], int16, 0),
  errorMessage: versions([1, 3], nullableString, null),
  nodeId: versions([0, 3], int32, -1),
  host: versions([0, 3], string, ""),
  port: versions([0, 3], int32, -1),
  coordinators: since(
    4,
    array(struct({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: nullableString,
    })),
    [],
  ),
});
