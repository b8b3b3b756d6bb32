/**
 * One consumer group on the classic protocol: who may join, sync, heartbeat, leave and commit, and what each is told.
 * Nothing is accepted in the name of a generation that is over or of a member that another one has replaced.
 */
import { randomUUID } from "node:crypto";
import type { BrokerClock } from "../clock.ts";
import { ERROR } from "../error_codes.ts";
import {
  type JoinAnswer,
  type JoinRequest,
  type MemberClaim,
  refusedJoin,
  refusedSync,
  type SyncAnswer,
  type SyncRequest,
} from "./answers.ts";
import { Generations, type GroupDescription, type GroupState } from "./generations.ts";
import type { GroupMember } from "./member.ts";
import type { Roster } from "./roster.ts";

/** Names are Kafka's own, with `group.` in front. */
export interface GroupOptions {
  readonly clock: BrokerClock;
  /** For how long an empty group waits for more members after the first has joined. */
  readonly initialRebalanceDelayMs: number;
  readonly maxSize: number;
}

export class ClassicGroup {
  readonly #maxSize: number;
  readonly #generations: Generations;
  readonly #roster: Roster;

  constructor(options: GroupOptions) {
    this.#maxSize = options.maxSize;
    this.#generations = new Generations(options);
    this.#roster = this.#generations.roster;
  }

  get state(): GroupState {
    return this.#generations.state;
  }

  /** Answers once the rebalance that the join takes part in has all its members, or its time is over. */
  async join(request: JoinRequest): Promise<JoinAnswer> {
    const { memberId } = request;
    if (!this.#supports(request)) return refusedJoin(ERROR.INCONSISTENT_GROUP_PROTOCOL, memberId);
    if (memberId === "") return await this.#joinAsNew(request);
    if (this.#roster.isPending(memberId)) return await this.#generations.add(memberId, request);
    const error = this.#roster.check(request);
    const member = this.#roster.get(memberId);
    if (member === undefined || error !== ERROR.NONE) return refusedJoin(error, memberId);
    return await this.#joinAgain(member, request);
  }

  /** Answers the member's assignment once the leader has brought it. */
  async sync(request: SyncRequest): Promise<SyncAnswer> {
    const error = this.#checkClaim(request);
    const member = this.#roster.get(request.memberId);
    if (member === undefined || error !== ERROR.NONE) return refusedSync(error);
    if (!this.#namesProtocol(request)) return refusedSync(ERROR.INCONSISTENT_GROUP_PROTOCOL);
    if (this.state === "PreparingRebalance") return refusedSync(ERROR.REBALANCE_IN_PROGRESS);
    this.#generations.onSync(member);
    if (this.state === "Stable") return this.#generations.assignmentOf(member);
    const answer = member.awaitSync();
    if (member.memberId === this.#roster.leaderId) this.#generations.assign(request.assignments);
    return await answer;
  }

  heartbeat(claim: MemberClaim): number {
    const error = this.#checkClaim(claim);
    if (error !== ERROR.NONE) return error;
    this.#touch(claim.memberId);
    return this.state === "PreparingRebalance" ? ERROR.REBALANCE_IN_PROGRESS : ERROR.NONE;
  }

  /** A static member may leave by its instance id alone, with an empty member id. */
  leave({ memberId, groupInstanceId }: Omit<MemberClaim, "generationId">): number {
    if (this.#roster.isPending(memberId)) {
      this.#roster.takeBack(memberId);
      this.#generations.completeJoinIfAllAreHere();
      return ERROR.NONE;
    }
    const byInstance = groupInstanceId !== null && memberId === ""
      ? this.#roster.staticMemberId(groupInstanceId)
      : undefined;
    const claim = { memberId: byInstance ?? memberId, groupInstanceId };
    const error = this.#roster.check(claim);
    const member = this.#roster.get(claim.memberId);
    if (member === undefined || error !== ERROR.NONE) return error;
    this.#generations.remove(member);
    return ERROR.NONE;
  }

  /** Whether an offset commit is accepted. Without any claim, only as long as the group is empty. */
  checkCommit(claim: MemberClaim): number {
    const { generationId, memberId, groupInstanceId } = claim;
    if (generationId < 0 && this.state === "Empty") return ERROR.NONE;
    if (generationId < 0 && memberId === "" && groupInstanceId === null) {
      return ERROR.UNKNOWN_MEMBER_ID;
    }
    const error = this.#checkClaim(claim);
    if (error !== ERROR.NONE) return error;
    if (this.state === "CompletingRebalance") return ERROR.REBALANCE_IN_PROGRESS;
    this.#touch(memberId);
    return ERROR.NONE;
  }

  describe(): GroupDescription {
    return this.#generations.describe();
  }

  /** Ends a member's session as if it had been silent for as long; false when there is no such member. */
  expire(memberId: string): boolean {
    const member = this.#roster.get(memberId);
    if (member === undefined) return false;
    this.#generations.remove(member);
    return true;
  }

  /** Another node coordinates now: who waits is sent there, and the group goes on as it was stored last. */
  reload(): void {
    this.#generations.reload();
  }

  /** Ends every timer; whoever waits is told that this is not the coordinator any more. */
  close(): void {
    this.#generations.close();
  }

  async #joinAsNew(request: JoinRequest): Promise<JoinAnswer> {
    const { groupInstanceId, clientId, sessionTimeoutMs } = request;
    const memberId = `${groupInstanceId ?? clientId}-${randomUUID()}`;
    const before = this.#staticMember(groupInstanceId);
    if (before !== undefined) return await this.#comeBack(before, { memberId, request });
    if (this.#roster.size + this.#roster.pendingCount >= this.#maxSize) {
      return refusedJoin(ERROR.GROUP_MAX_SIZE_REACHED);
    }
    if (groupInstanceId !== null || !request.requiresMemberId) {
      return await this.#generations.add(memberId, request);
    }
    this.#roster.give(memberId, {
      timeoutMs: sessionTimeoutMs,
      onTakenBack: () => this.#generations.completeJoinIfAllAreHere(),
    });
    return refusedJoin(ERROR.MEMBER_ID_REQUIRED, memberId);
  }

  /** A static member came back under a new id: it takes its old place, and the group goes on if it can. */
  async #comeBack(
    before: GroupMember,
    { memberId, request }: { readonly memberId: string; readonly request: JoinRequest },
  ): Promise<JoinAnswer> {
    const leaderBefore = this.#roster.leaderId ?? "";
    const member = this.#generations.replace(before, { memberId, request });
    const keepsProtocol = this.#roster.selectProtocol() === this.#generations.protocolName;
    if (this.state === "Stable" && keepsProtocol) {
      this.#generations.store();
      // The old leader's id: the member takes itself for a follower and does not assign again.
      const generation = this.#generations.generationFor(member);
      return { ...generation, leader: leaderBefore, members: [] };
    }
    const answer = member.awaitJoin();
    this.#generations.rebalance();
    return await answer;
  }

  async #joinAgain(member: GroupMember, request: JoinRequest): Promise<JoinAnswer> {
    const isLeader = member.memberId === this.#roster.leaderId;
    const saysTheSame = member.saysTheSame(request.protocols);
    const knowsGeneration = this.state === "CompletingRebalance" ||
      (this.state === "Stable" && !isLeader);
    member.update(request);
    if (saysTheSame && knowsGeneration) {
      this.#generations.restartSession(member);
      return this.#generations.generationFor(member);
    }
    const answer = member.awaitJoin();
    this.#generations.rebalance();
    return await answer;
  }

  #supports({ protocolType, protocols }: JoinRequest): boolean {
    if (this.#roster.size === 0) return protocolType !== "" && protocols.length > 0;
    return protocolType === this.#generations.protocolType &&
      this.#roster.supportsOneOf(protocols);
  }

  #namesProtocol({ protocolType, protocolName }: SyncRequest): boolean {
    return (protocolType === null || protocolType === this.#generations.protocolType) &&
      (protocolName === null || protocolName === this.#generations.protocolName);
  }

  #checkClaim(claim: MemberClaim): number {
    const error = this.#roster.check(claim);
    if (error !== ERROR.NONE) return error;
    return claim.generationId === this.#generations.id ? ERROR.NONE : ERROR.ILLEGAL_GENERATION;
  }

  #staticMember(groupInstanceId: string | null): GroupMember | undefined {
    if (groupInstanceId === null) return undefined;
    return this.#roster.get(this.#roster.staticMemberId(groupInstanceId) ?? "");
  }

  #touch(memberId: string): void {
    const member = this.#roster.get(memberId);
    if (member !== undefined) this.#generations.restartSession(member);
  }
}
