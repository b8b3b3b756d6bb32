/** JoinGroup, SyncGroup, Heartbeat and LeaveGroup on the wire. */
import {
  array,
  bytes,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
  versions,
} from "../wire/codec.ts";

export const JOIN_GROUP_REQUEST = struct({
  groupId: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: int32,
  memberId: string,
  groupInstanceId: since(5, nullableString, null),
  protocolType: string,
  protocols: array(struct({ name: string, metadata: bytes })),
});

export const JOIN_GROUP_ANSWER = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  generationId: int32,
  protocolType: since(7, nullableString, null),
  protocolName: nullableString,
  leader: string,
  memberId: string,
  members: array(struct({
    memberId: string,
    groupInstanceId: since(5, nullableString, null),
    metadata: bytes,
  })),
});

export const SYNC_GROUP_REQUEST = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullableString, null),
  protocolType: since(5, nullableString, null),
  protocolName: since(5, nullableString, null),
  assignments: array(struct({ memberId: string, assignment: bytes })),
});

export const SYNC_GROUP_ANSWER = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  protocolType: since(5, nullableString, null),
  protocolName: since(5, nullableString, null),
  assignment: bytes,
});

export const HEARTBEAT_REQUEST = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullableString, null),
});

export const HEARTBEAT_ANSWER = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
});

export const LEAVE_GROUP_REQUEST = struct({
  groupId: string,
  memberId: versions([0, 2], string, ""),
  members: since(
    3,
    array(struct({
      memberId: string,
      groupInstanceId: nullableString,
      reason: since(5, nullableString, null),
    })),
    [],
  ),
});

export const LEAVE_GROUP_ANSWER = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  members: since(
    3,
    array(struct({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })),
    [],
  ),
});
