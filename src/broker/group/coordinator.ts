/**
 * All groups, and which node coordinates which. As on a real cluster a group belongs to one of fifty partitions of
 * `__consumer_offsets`, and the leader of that partition is the coordinator of all its groups.
 */
import { ERROR } from "../error_codes.ts";
import type { MemberClaim } from "./answers.ts";
import { ClassicGroup, type GroupOptions } from "./classic_group.ts";
import { type CommittedOffset, CommittedOffsets } from "./committed_offsets.ts";

const SLOTS = 50;
const MAX_GROUPS = 10_000;

/** One group: its members and its offsets. It may have only one of both. */
export interface Group {
  readonly id: string;
  readonly members: ClassicGroup;
  readonly offsets: CommittedOffsets;
}

/**
 * One offset of one OffsetCommit request, accepted or refused, in the order in which they came. Metadata that was refused
 * because it is too large is left out.
 */
export interface CommitRecord extends CommittedOffset, MemberClaim {
  readonly groupId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly errorCode: number;
}

export interface CoordinatorOptions extends GroupOptions {
  readonly nodeIds: readonly number[];
  readonly isUp: (nodeId: number) => boolean;
  readonly maxCommitRecords: number;
}

export class GroupCoordinator {
  readonly #options: CoordinatorOptions;
  readonly #groups = new Map<string, Group>();
  /** The coordinating node by slot. */
  readonly #slots: number[];
  #commits: CommitRecord[] = [];

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    const { nodeIds } = options;
    this.#slots = Array.from({ length: SLOTS }, (_, i) => nodeIds[i % nodeIds.length] ?? -1);
  }

  /** The node that coordinates the group; -1 while there is none. */
  nodeOf(groupId: string): number {
    const node = this.#slots[slotOf(groupId)] ?? -1;
    return this.#options.isUp(node) ? node : -1;
  }

  all(): readonly Group[] {
    return [...this.#groups.values()];
  }

  find(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  /** The group, which now exists; undefined when there are too many. */
  obtain(groupId: string): Group | undefined {
    const known = this.#groups.get(groupId);
    if (known !== undefined || this.#groups.size >= MAX_GROUPS) return known;
    const group = {
      id: groupId,
      members: new ClassicGroup(this.#options),
      offsets: new CommittedOffsets(),
    };
    this.#groups.set(groupId, group);
    return group;
  }

  /** Deletes a group without members; answers the error code. */
  delete(groupId: string): number {
    const group = this.#groups.get(groupId);
    if (group === undefined) return ERROR.GROUP_ID_NOT_FOUND;
    if (group.members.state !== "Empty") return ERROR.NON_EMPTY_GROUP;
    group.members.close();
    this.#groups.delete(groupId);
    return ERROR.NONE;
  }

  onTopicDeleted(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.deleteTopic(topic);
  }

  /** Makes `nodeId` the coordinator of the group, and of all groups of its slot. */
  move(groupId: string, nodeId: number): void {
    this.#moveSlot(slotOf(groupId), nodeId);
  }

  /** A node is gone: another one coordinates its groups. Without any, they rest until a node is back. */
  onNodeDown(nodeId: number): void {
    const successor = this.#options.nodeIds.find((other) => this.#options.isUp(other));
    this.#slots.forEach((node, slot) => {
      if (node !== nodeId) return;
      if (successor !== undefined) this.#moveSlot(slot, successor);
      else for (const group of this.#groupsOf(slot)) group.members.close();
    });
  }

  /** A node is back: it takes the groups that nobody coordinates. */
  onNodeUp(nodeId: number): void {
    this.#slots.forEach((node, slot) => {
      if (node === nodeId || !this.#options.isUp(node)) this.#moveSlot(slot, nodeId);
    });
  }

  /** Keeps a record of a commit for whoever wants to check them afterwards. */
  record(commit: CommitRecord): void {
    this.#commits.push(commit);
    if (this.#commits.length >= 2 * this.#options.maxCommitRecords) this.#commits = this.commits();
  }

  /** The newest commits, oldest first. */
  commits(): CommitRecord[] {
    return this.#commits.slice(Math.max(0, this.#commits.length - this.#options.maxCommitRecords));
  }

  close(): void {
    for (const group of this.#groups.values()) group.members.close();
  }

  #moveSlot(slot: number, nodeId: number): void {
    this.#slots[slot] = nodeId;
    for (const group of this.#groupsOf(slot)) group.members.reload();
  }

  #groupsOf(slot: number): readonly Group[] {
    return this.all().filter(({ id }) => slotOf(id) === slot);
  }
}

/** As Kafka does it: Java's hash of the id, without its sign, by the number of partitions. */
function slotOf(groupId: string): number {
  let hash = 0;
  for (let i = 0; i < groupId.length; i++) hash = (hash * 31 + groupId.charCodeAt(i)) | 0;
  return (hash & 0x7fffffff) % SLOTS;
}
