/** What the leader of a group does: reads what every member wants and owns, and answers who gets what. */
import { assign } from "./assignor.ts";
import { COOPERATIVE } from "./generation.ts";
import type { JoinAnswer } from "./protocol.ts";
import { encodeAssignment, parseSubscription } from "./subscription.ts";

export interface MemberPlan {
  readonly memberId: string;
  readonly memberAssignment: Uint8Array;
}

/** @throws Error when a member's subscription cannot be read */
export function planGroup(
  join: JoinAnswer,
  partitionsOf: (topic: string) => readonly number[],
): MemberPlan[] {
  const members = join.members.map((member) => ({
    id: member.memberId,
    ...parseSubscription(member.memberMetadata),
  }));
  const topics = new Set(members.flatMap((member) => member.topics));
  const partitions = new Map([...topics].map((topic) => [topic, partitionsOf(topic)]));
  const protocol = join.groupProtocol;
  const plan = assign(members, partitions, { cooperative: protocol === COOPERATIVE, protocol });
  return [...plan].map(([memberId, assignment]) => ({
    memberId,
    memberAssignment: encodeAssignment(assignment),
  }));
}
