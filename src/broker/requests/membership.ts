/** JoinGroup, SyncGroup, Heartbeat and LeaveGroup, taken to the group if this node coordinates it. */
import { ERROR } from "../error_codes.ts";
import {
  type JoinAnswer,
  type JoinRequest,
  refusedJoin,
  refusedSync,
  type SyncAnswer,
} from "../group/answers.ts";
import {
  HEARTBEAT_ANSWER,
  HEARTBEAT_REQUEST,
  JOIN_GROUP_ANSWER,
  JOIN_GROUP_REQUEST,
  LEAVE_GROUP_ANSWER,
  LEAVE_GROUP_REQUEST,
  SYNC_GROUP_ANSWER,
  SYNC_GROUP_REQUEST,
} from "../messages/membership.ts";
import type { ValueOf } from "../wire/codec.ts";
import { type Call, coordinatorError, defineApi } from "./api.ts";

type JoinGroupRequest = ValueOf<typeof JOIN_GROUP_REQUEST>;
type LeaveGroupRequest = ValueOf<typeof LEAVE_GROUP_REQUEST>;
type LeaveGroupAnswer = ValueOf<typeof LEAVE_GROUP_ANSWER>;
type LeavingMember = Omit<LeaveGroupRequest["members"][number], "reason">;

/** From this version on a dynamic member is given its id before it joins (KIP-394). */
const MEMBER_ID_VERSION = 4;
/** From this version on several members leave in one request, each with its own error code. */
const LEAVE_MANY_VERSION = 3;

export const JOIN_GROUP = defineApi({
  name: "JoinGroup",
  key: 11,
  minVersion: 2,
  maxVersion: 7,
  flexibleFrom: 6,
  request: JOIN_GROUP_REQUEST,
  answer: JOIN_GROUP_ANSWER,
  async handle(request, call) {
    return joinAnswer(await join(request, call), call.version);
  },
  refuse: ({ memberId }, errorCode) => joinAnswer(refusedJoin(errorCode, memberId), 0),
});

export const SYNC_GROUP = defineApi({
  name: "SyncGroup",
  key: 14,
  minVersion: 1,
  maxVersion: 5,
  flexibleFrom: 4,
  request: SYNC_GROUP_REQUEST,
  answer: SYNC_GROUP_ANSWER,
  async handle(request, call) {
    const error = coordinatorError(call, request.groupId);
    if (error !== ERROR.NONE) return syncAnswer(refusedSync(error));
    const group = call.cluster.groups.find(request.groupId);
    const answer = await group?.members.sync(request) ?? refusedSync(ERROR.UNKNOWN_MEMBER_ID);
    return syncAnswer(answer);
  },
  refuse: (_request, errorCode) => syncAnswer(refusedSync(errorCode)),
});

export const HEARTBEAT = defineApi({
  name: "Heartbeat",
  key: 12,
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 4,
  request: HEARTBEAT_REQUEST,
  answer: HEARTBEAT_ANSWER,
  handle(request, call) {
    const error = coordinatorError(call, request.groupId);
    if (error !== ERROR.NONE) return { throttleTimeMs: 0, errorCode: error };
    const group = call.cluster.groups.find(request.groupId);
    const errorCode = group?.members.heartbeat(request) ?? ERROR.UNKNOWN_MEMBER_ID;
    return { throttleTimeMs: 0, errorCode };
  },
  refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode }),
});

export const LEAVE_GROUP = defineApi({
  name: "LeaveGroup",
  key: 13,
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 4,
  request: LEAVE_GROUP_REQUEST,
  answer: LEAVE_GROUP_ANSWER,
  handle(request, call) {
    const error = coordinatorError(call, request.groupId);
    if (error !== ERROR.NONE) return refuseLeave(request, error);
    const group = call.cluster.groups.find(request.groupId);
    const members = leavingMembers(request, call).map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      errorCode: group?.members.leave(member) ?? ERROR.UNKNOWN_MEMBER_ID,
    }));
    const ofOne = call.version < LEAVE_MANY_VERSION ? members[0]?.errorCode : ERROR.NONE;
    return { throttleTimeMs: 0, errorCode: ofOne ?? ERROR.NONE, members };
  },
  refuse: refuseLeave,
});

async function join(request: JoinGroupRequest, call: Call): Promise<JoinAnswer> {
  const { groupId, memberId, sessionTimeoutMs } = request;
  const { settings, groups } = call.cluster;
  const error = coordinatorError(call, groupId);
  if (error !== ERROR.NONE) return refusedJoin(error, memberId);
  const isTooShort = sessionTimeoutMs < settings.groupMinSessionTimeoutMs;
  if (isTooShort || sessionTimeoutMs > settings.groupMaxSessionTimeoutMs) {
    return refusedJoin(ERROR.INVALID_SESSION_TIMEOUT, memberId);
  }
  if (memberId !== "" && groups.find(groupId) === undefined) {
    return refusedJoin(ERROR.UNKNOWN_MEMBER_ID, memberId);
  }
  const group = groups.obtain(groupId);
  if (group === undefined) return refusedJoin(ERROR.COORDINATOR_NOT_AVAILABLE, memberId);
  return await group.members.join(joinRequest(request, call));
}

/** What the group keeps is copied: the request's bytes would otherwise stay as long as the member. */
function joinRequest(request: JoinGroupRequest, call: Call): JoinRequest {
  return {
    memberId: request.memberId,
    groupInstanceId: request.groupInstanceId,
    clientId: call.clientId,
    clientHost: call.clientHost,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    protocolType: request.protocolType,
    protocols: request.protocols.map(({ name, metadata }) => ({
      name,
      metadata: new Uint8Array(metadata),
    })),
    requiresMemberId: call.version >= MEMBER_ID_VERSION,
  };
}

function joinAnswer(answer: JoinAnswer, version: number): ValueOf<typeof JOIN_GROUP_ANSWER> {
  // Before version 7 there is no null here.
  const protocolName = answer.protocolName ?? (version >= 7 ? null : "");
  return { throttleTimeMs: 0, ...answer, protocolName };
}

function syncAnswer(answer: SyncAnswer): ValueOf<typeof SYNC_GROUP_ANSWER> {
  return { throttleTimeMs: 0, ...answer };
}

function leavingMembers(request: LeaveGroupRequest, call: Call): readonly LeavingMember[] {
  if (call.version >= LEAVE_MANY_VERSION) return request.members;
  return [{ memberId: request.memberId, groupInstanceId: null }];
}

function refuseLeave(_request: LeaveGroupRequest, errorCode: number): LeaveGroupAnswer {
  return { throttleTimeMs: 0, errorCode, members: [] };
}
