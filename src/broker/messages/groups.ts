/** DescribeGroups, ListGroups and DeleteGroups on the wire. */
import {
  array,
  boolean,
  bytes,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
} from "../wire/codec.ts";
import { NO_OPERATIONS } from "./cluster.ts";

export const DESCRIBE_GROUPS_REQUEST = struct({
  groupIds: array(string),
  includeAuthorizedOperations: since(3, boolean, false),
});

export const DESCRIBE_GROUPS_ANSWER = struct({
  throttleTimeMs: since(1, int32, 0),
  groups: array(struct({
    errorCode: int16,
    groupId: string,
    state: string,
    protocolType: string,
    protocolName: string,
    members: array(struct({
      memberId: string,
      groupInstanceId: since(4, nullableString, null),
      clientId: string,
      clientHost: string,
      metadata: bytes,
      assignment: bytes,
    })),
    authorizedOperations: since(3, int32, NO_OPERATIONS),
  })),
});

export const LIST_GROUPS_REQUEST = struct({
  states: since(4, array(string), []),
});

export const LIST_GROUPS_ANSWER = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  groups: array(struct({
    groupId: string,
    protocolType: string,
    state: since(4, string, ""),
  })),
});

export const DELETE_GROUPS_REQUEST = struct({ groupIds: array(string) });

export const DELETE_GROUPS_ANSWER = struct({
  throttleTimeMs: int32,
  groups: array(struct({ groupId: string, errorCode: int16 })),
});
