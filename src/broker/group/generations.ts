/**
 * The cycle of one group, as Kafka's coordinator runs it: Empty -> PreparingRebalance (members join) ->
 * CompletingRebalance (the leader assigns) -> Stable, and back to PreparingRebalance whenever somebody comes, goes,
 * changes or goes silent. One pass is a generation. Who may ask for what is decided in classic_group.ts.
 */
import type { BrokerClock } from "../clock.ts";
import { ERROR } from "../error_codes.ts";
import {
  type JoinAnswer,
  type JoinRequest,
  refusedJoin,
  refusedSync,
  type SyncAnswer,
  type SyncRequest,
} from "./answers.ts";
import { GroupMember, type MemberRecord } from "./member.ts";
import { RebalanceTimer } from "./rebalance_timer.ts";
import { Roster } from "./roster.ts";

export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable";

/** A group as DescribeGroups shows it. */
export interface GroupDescription {
  readonly state: GroupState;
  readonly generationId: number;
  readonly protocolType: string;
  /** Empty while no generation stands. */
  readonly protocolName: string;
  readonly leaderId: string | null;
  readonly members: readonly MemberRecord[];
}

/** A member whose first join waits longer than this is given up: its client has long gone. */
const NEW_MEMBER_TIMEOUT_MS = 300_000;

const NOTHING_STORED: GroupDescription = {
  state: "Empty",
  generationId: 0,
  protocolType: "",
  protocolName: "",
  leaderId: null,
  members: [],
};

export class Generations {
  readonly roster: Roster;
  readonly #clock: BrokerClock;
  readonly #initialRebalanceDelayMs: number;
  readonly #rebalanceTimer: RebalanceTimer;
  #state: GroupState = "Empty";
  #id = 0;
  #protocolType = "";
  #protocolName: string | null = null;
  /** Members that have not asked for their assignment in this generation. */
  readonly #unsynced = new Set<string>();
  #cancelSyncDeadline = () => {};
  /** What a new coordinator would read from `__consumer_offsets`. */
  #stored = NOTHING_STORED;

  constructor(options: { readonly clock: BrokerClock; readonly initialRebalanceDelayMs: number }) {
    this.#clock = options.clock;
    this.#initialRebalanceDelayMs = options.initialRebalanceDelayMs;
    this.roster = new Roster(options.clock);
    this.#rebalanceTimer = new RebalanceTimer(options.clock, () => this.#completeJoin());
  }

  get state(): GroupState {
    return this.#state;
  }

  /** Of the generation that stands or is about to. */
  get id(): number {
    return this.#id;
  }

  get protocolType(): string {
    return this.#protocolType;
  }

  get protocolName(): string | null {
    return this.#protocolName;
  }

  /** Takes in a member with its first join. */
  add(memberId: string, request: JoinRequest): Promise<JoinAnswer> {
    const member = new GroupMember(memberId, { clock: this.#clock, record: request });
    if (this.roster.size === 0) this.#protocolType = request.protocolType;
    this.roster.add(member);
    member.startSession(() => this.#onSilent(member), NEW_MEMBER_TIMEOUT_MS);
    this.#rebalanceTimer.onNewMember();
    const answer = member.awaitJoin();
    this.rebalance();
    return answer;
  }

  /** Puts a static member that came back under a new id into its old place. */
  replace(before: GroupMember, { memberId, request }: {
    readonly memberId: string;
    readonly request: JoinRequest;
  }): GroupMember {
    before.answerJoin(refusedJoin(ERROR.FENCED_INSTANCE_ID, before.memberId));
    before.answerSync(refusedSync(ERROR.FENCED_INSTANCE_ID));
    const member = new GroupMember(memberId, { clock: this.#clock, record: request });
    member.assignment = before.assignment;
    member.isNew = before.isNew;
    this.roster.replace(before, member);
    if (this.#unsynced.delete(before.memberId)) this.#unsynced.add(memberId);
    this.restartSession(member);
    return member;
  }

  remove(member: GroupMember): void {
    member.answerJoin(refusedJoin(ERROR.UNKNOWN_MEMBER_ID));
    member.answerSync(refusedSync(ERROR.UNKNOWN_MEMBER_ID));
    this.roster.remove(member);
    this.#unsynced.delete(member.memberId);
    this.rebalance();
  }

  /** Starts a rebalance, or checks whether the one that runs has everybody now. */
  rebalance(): void {
    if (this.#state !== "PreparingRebalance") {
      const wasEmpty = this.#state === "Empty";
      const timeoutMs = this.#rebalanceTimeoutMs();
      this.#endSyncs(ERROR.REBALANCE_IN_PROGRESS);
      this.#state = "PreparingRebalance";
      if (wasEmpty) this.#rebalanceTimer.startInitial(this.#initialRebalanceDelayMs, timeoutMs);
      else this.#rebalanceTimer.start(timeoutMs);
    }
    this.completeJoinIfAllAreHere();
  }

  completeJoinIfAllAreHere(): void {
    const waits = this.#state === "PreparingRebalance" && !this.#rebalanceTimer.isInitial;
    if (waits && this.roster.isComplete) this.#completeJoin();
  }

  /** The leader brought the assignments: the generation stands. */
  assign(assignments: SyncRequest["assignments"]): void {
    const byMember = new Map(assignments.map((each) => [each.memberId, each.assignment]));
    this.#state = "Stable";
    for (const member of this.roster.all()) {
      member.assignment = new Uint8Array(byMember.get(member.memberId) ?? []);
    }
    this.store();
    for (const member of this.roster.all()) {
      if (!member.isAwaitingSync) continue;
      this.restartSession(member);
      member.answerSync(this.assignmentOf(member));
    }
  }

  /** The member asked for its assignment. */
  onSync(member: GroupMember): void {
    this.restartSession(member);
    this.#unsynced.delete(member.memberId);
    if (this.#unsynced.size === 0) this.#cancelSyncDeadline();
  }

  /** This generation as the answer to a member's join. */
  generationFor(member: GroupMember): JoinAnswer {
    const { leaderId } = this.roster;
    const protocolName = this.#protocolName ?? "";
    const members = this.roster.all().map((each) => ({
      memberId: each.memberId,
      groupInstanceId: each.groupInstanceId,
      metadata: each.metadataFor(protocolName),
    }));
    return {
      errorCode: ERROR.NONE,
      generationId: this.#id,
      protocolType: this.#protocolType,
      protocolName,
      leader: leaderId ?? "",
      memberId: member.memberId,
      members: member.memberId === leaderId ? members : [],
    };
  }

  assignmentOf({ assignment }: GroupMember): SyncAnswer {
    const { NONE: errorCode } = ERROR;
    const protocolType = this.#protocolType;
    return { errorCode, protocolType, protocolName: this.#protocolName, assignment };
  }

  restartSession(member: GroupMember): void {
    member.startSession(() => this.#onSilent(member));
  }

  describe(): GroupDescription {
    return {
      state: this.#state,
      generationId: this.#id,
      protocolType: this.#protocolType,
      protocolName: this.#state === "Stable" ? this.#protocolName ?? "" : "",
      leaderId: this.roster.leaderId,
      members: this.roster.all().map((member) => member.record()),
    };
  }

  /** Keeps the group as it is for the next coordinator. */
  store(): void {
    this.#stored = this.describe();
  }

  /** Goes on with what was stored last; sessions start anew. */
  reload(): void {
    const { state, generationId, protocolType, protocolName, leaderId, members } = this.#stored;
    this.close();
    this.#state = state;
    this.#id = generationId;
    this.#protocolType = protocolType;
    this.#protocolName = protocolName;
    for (const record of members) {
      const member = new GroupMember(record.memberId, { clock: this.#clock, record });
      member.isNew = false;
      member.assignment = record.assignment;
      this.roster.add(member);
      this.restartSession(member);
    }
    this.roster.setLeader(leaderId);
  }

  /** Ends every timer and sends whoever waits to another coordinator. */
  close(): void {
    this.#rebalanceTimer.stop();
    for (const member of this.roster.all()) {
      member.answerJoin(refusedJoin(ERROR.NOT_COORDINATOR, member.memberId));
    }
    this.#endSyncs(ERROR.NOT_COORDINATOR);
    this.roster.clear();
  }

  /** All are here or time is over: a new generation of those who joined, and of absent static members. */
  #completeJoin(): void {
    this.#rebalanceTimer.stop();
    for (const member of this.roster.all()) {
      if (!member.isAwaitingJoin && !member.isStatic) this.roster.remove(member);
    }
    if (this.roster.size > 0 && !this.roster.electJoinedLeader()) {
      this.#rebalanceTimer.start(this.#rebalanceTimeoutMs());
      return;
    }
    this.#id += 1;
    this.#protocolName = this.roster.selectProtocol();
    if (this.roster.size === 0) {
      this.#state = "Empty";
      this.store();
      return;
    }
    this.#state = "CompletingRebalance";
    for (const member of this.roster.all()) {
      member.isNew = false;
      this.#unsynced.add(member.memberId);
      this.restartSession(member);
      member.answerJoin(this.generationFor(member));
    }
    const deadlineMs = this.#rebalanceTimeoutMs();
    this.#cancelSyncDeadline = this.#clock.schedule(deadlineMs, () => this.#expelUnsynced());
  }

  #expelUnsynced(): void {
    const silent = [...this.#unsynced];
    this.#unsynced.clear();
    for (const memberId of silent) {
      const member = this.roster.get(memberId);
      if (member !== undefined) this.remove(member);
    }
  }

  #endSyncs(errorCode: number): void {
    this.#cancelSyncDeadline();
    this.#unsynced.clear();
    for (const member of this.roster.all()) member.answerSync(refusedSync(errorCode));
  }

  /** A session is over. Who waits for an answer is silent by right, unless it has never had one. */
  #onSilent(member: GroupMember): void {
    const isWaiting = member.isAwaitingJoin || member.isAwaitingSync;
    if (this.roster.get(member.memberId) !== member || (isWaiting && !member.isNew)) return;
    this.remove(member);
  }

  #rebalanceTimeoutMs(): number {
    return Math.max(0, ...this.roster.all().map((member) => member.rebalanceTimeoutMs));
  }
}
