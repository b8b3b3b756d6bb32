/** DescribeGroups, ListGroups and DeleteGroups: the groups that this node coordinates. */
import { ERROR } from "../error_codes.ts";
import type { Group } from "../group/coordinator.ts";
import type { MemberRecord } from "../group/member.ts";
import { NO_OPERATIONS } from "../messages/cluster.ts";
import {
  DELETE_GROUPS_ANSWER,
  DELETE_GROUPS_REQUEST,
  DESCRIBE_GROUPS_ANSWER,
  DESCRIBE_GROUPS_REQUEST,
  LIST_GROUPS_ANSWER,
  LIST_GROUPS_REQUEST,
} from "../messages/groups.ts";
import type { ValueOf } from "../wire/codec.ts";
import { type Call, coordinatorError, defineApi } from "./api.ts";

type DescribedGroup = ValueOf<typeof DESCRIBE_GROUPS_ANSWER>["groups"][number];
type DescribedMember = DescribedGroup["members"][number];

const NO_BYTES = new Uint8Array();

export const DESCRIBE_GROUPS = defineApi({
  name: "DescribeGroups",
  key: 15,
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 5,
  request: DESCRIBE_GROUPS_REQUEST,
  answer: DESCRIBE_GROUPS_ANSWER,
  handle: ({ groupIds }, call) => ({
    throttleTimeMs: 0,
    groups: groupIds.map((groupId) => describe(groupId, call)),
  }),
  refuse: ({ groupIds }, errorCode) => ({
    throttleTimeMs: 0,
    groups: groupIds.map((groupId) => notDescribed(groupId, { errorCode, state: "" })),
  }),
});

export const LIST_GROUPS = defineApi({
  name: "ListGroups",
  key: 16,
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request: LIST_GROUPS_REQUEST,
  answer: LIST_GROUPS_ANSWER,
  handle({ states }, { cluster, nodeId }) {
    const groups = cluster.groups.all()
      .filter(({ id }) => cluster.groups.nodeOf(id) === nodeId)
      .map(({ id, members }) => {
        return { groupId: id, protocolType: members.describe().protocolType, state: members.state };
      })
      .filter(({ state }) => states.length === 0 || states.includes(state));
    return { throttleTimeMs: 0, errorCode: ERROR.NONE, groups };
  },
  refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, groups: [] }),
});

export const DELETE_GROUPS = defineApi({
  name: "DeleteGroups",
  key: 42,
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request: DELETE_GROUPS_REQUEST,
  answer: DELETE_GROUPS_ANSWER,
  handle: ({ groupIds }, call) => ({
    throttleTimeMs: 0,
    groups: groupIds.map((groupId) => ({
      groupId,
      errorCode: coordinatorError(call, groupId) || call.cluster.groups.delete(groupId),
    })),
  }),
  refuse: ({ groupIds }, errorCode) => ({
    throttleTimeMs: 0,
    groups: groupIds.map((groupId) => ({ groupId, errorCode })),
  }),
});

function describe(groupId: string, call: Call): DescribedGroup {
  const errorCode = coordinatorError(call, groupId);
  if (errorCode !== ERROR.NONE) return notDescribed(groupId, { errorCode, state: "" });
  const group: Group | undefined = call.cluster.groups.find(groupId);
  // An unknown group is no error: it is dead.
  if (group === undefined) return notDescribed(groupId, { errorCode, state: "Dead" });
  const { state, protocolType, protocolName, members } = group.members.describe();
  return {
    ...notDescribed(groupId, { errorCode, state }),
    protocolType,
    protocolName,
    members: members.map((member) => describeMember(member, protocolName)),
  };
}

/** What a member said and got is only shown while a generation stands. */
function describeMember(member: MemberRecord, protocolName: string): DescribedMember {
  const { memberId, groupInstanceId, clientId, clientHost, protocols, assignment } = member;
  const metadata = protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_BYTES;
  return {
    memberId,
    groupInstanceId,
    clientId,
    clientHost,
    metadata,
    assignment: protocolName === "" ? NO_BYTES : assignment,
  };
}

function notDescribed(
  groupId: string,
  { errorCode, state }: { readonly errorCode: number; readonly state: string },
): DescribedGroup {
  return {
    errorCode,
    groupId,
    state,
    protocolType: "",
    protocolName: "",
    members: [],
    authorizedOperations: NO_OPERATIONS,
  };
}
