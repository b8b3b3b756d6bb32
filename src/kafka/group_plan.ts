/**
 * What the leader of a group does: reads what every member wants and owns, answers who gets what, and notices when
 * partitions come or go after that.
 */
import { assign } from "./assignor.ts";
import type { Caller } from "./connections.ts";
import type { Coordinator } from "./coordinator.ts";
import { COOPERATIVE, COORDINATOR_DEADLINE_MS } from "./generation.ts";
import { describeGroup } from "./inspection_requests.ts";
import type { JoinAnswer } from "./protocol.ts";
import { encodeAssignment, parseAssignment, parseSubscription } from "./subscription.ts";

const NOTHING = new Uint8Array();

/** Not as many as there can be partitions. */
const NONE_KNOWN = -1;
const UUID_LENGTH = 36;

export interface MemberPlan {
  readonly memberId: string;
  readonly memberAssignment: Uint8Array;
}

export interface GroupLeaderOptions {
  readonly caller: Caller;
  readonly coordinator: Coordinator;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly metadata: {
    refresh(): Promise<void>;
    partitionsOf(topic: string): readonly number[];
  };
}

export class GroupLeader {
  readonly #options: GroupLeaderOptions;
  /** How many partitions were given out; null when we do not lead. */
  #assigned: number | null = null;

  constructor(options: GroupLeaderOptions) {
    this.#options = options;
  }

  /**
   * Who gets what.
   *
   * @throws Error when a member's subscription cannot be read
   */
  async plan(join: JoinAnswer): Promise<MemberPlan[]> {
    const { metadata } = this.#options;
    await metadata.refresh().catch(() => {}); // what we know will do; a change rejoins
    this.#assigned = this.#count();
    return planGroup(join, (topic) => metadata.partitionsOf(topic));
  }

  /**
   * We led before we were restarted, and were not asked to plan: has the coordinator tell what was given out. Only
   * partitions that nobody has are worth a rebalance, in which what was just given back to us would stand still.
   */
  async resume(): Promise<void> {
    const { caller, coordinator, groupId, topics } = this.#options;
    const request = describeGroup(groupId);
    const deadlineMs = COORDINATOR_DEADLINE_MS;
    this.#assigned = NONE_KNOWN;
    try {
      const to = await coordinator.find();
      const { members } = await caller.call({ to, purpose: "group", request, deadlineMs });
      const given = members.flatMap(({ assignment }) => parseAssignment(assignment));
      this.#assigned = given.filter(({ topic }) => topics.includes(topic)).length;
    } catch {
      // Whoever asks plans anew then.
    }
  }

  /** Another member leads. */
  follow(): void {
    this.#assigned = null;
  }

  /** Are there other partitions than we gave out? True once for each change. */
  mustPlanAnew(): boolean {
    const count = this.#count();
    if (this.#assigned === null || count === this.#assigned || count === 0) return false;
    this.#assigned = count;
    return true;
  }

  #count(): number {
    const { metadata, topics } = this.#options;
    return topics.reduce((sum, topic) => sum + metadata.partitionsOf(topic).length, 0);
  }
}

/** @throws Error when a member's subscription cannot be read */
export function planGroup(
  join: JoinAnswer,
  partitionsOf: (topic: string) => readonly number[],
): MemberPlan[] {
  const members = join.members.map((member) => ({
    id: member.memberId,
    ...parseSubscription(member.memberMetadata ?? NOTHING),
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

/**
 * A static member that comes back gets a new id and is told the old one of the leader, so that a leader takes itself
 * for a follower. Member ids of static members are their instance id and a UUID.
 */
export function hasLedBefore(
  { leaderId, memberId }: JoinAnswer,
  groupInstanceId: string | null,
): boolean {
  if (groupInstanceId === null || leaderId === memberId) return false;
  return leaderId.startsWith(`${groupInstanceId}-`) &&
    leaderId.length === groupInstanceId.length + 1 + UUID_LENGTH;
}
