/**
 * One member of a consumer group on the classic protocol. A generation is an object: whatever is done in its name asks
 * it whether it still holds. Join, Sync and Heartbeat answers decide on membership; Commit and Fetch errors never do.
 * The lease says until when the coordinator cannot have given our partitions to another member.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import { partitionKey } from "../processing/partition_key.ts";
import { requestDelayMs } from "../processing/retry.ts";
import type { Caller } from "./connections.ts";
import { type Coordinator, CoordinatorStoppedError } from "./coordinator.ts";
import { ERROR_CODE, errorCodeText } from "./error_codes.ts";
import {
  COOPERATIVE,
  COORDINATOR_DEADLINE_MS,
  Generation,
  type GroupListener,
  PROTOCOLS,
} from "./generation.ts";
import { Lease } from "./lease.ts";
import { GroupLeader, type GroupLeaderOptions, hasLedBefore } from "./group_plan.ts";
import { groupRefusal } from "./group_refusal.ts";
import {
  type ApiRequest,
  type BrokerAddress,
  heartbeat,
  type JoinAnswer,
  joinGroup,
  leaveGroup,
  type MemberIdentity,
  syncGroup,
} from "./protocol.ts";
import { encodeSubscription, parseAssignment } from "./subscription.ts";

/** A join is answered within the rebalance timeout; this much later the coordinator is in doubt. */
const JOIN_GRACE_MS = 5_000;
const LEAVE_DEADLINE_MS = 2_000;
const BACKOFF = { backoffMs: 50, backoffMaxMs: 1_000 } as const;
/** Often enough that a session outlives a coordinator that moves. */
const HEARTBEAT_BACKOFF = { backoffMs: 200, backoffMaxMs: 500 } as const;
/** A heartbeat that gets no answer leaves time within the session for another one, on another connection. */
const HEARTBEAT_SHARE = 0.6;

export interface MembershipOptions {
  readonly caller: Caller;
  readonly coordinator: Coordinator;
  readonly clock: Clock;
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
  /** Assignors to offer, the preferred one first; by default those that other clients know, too. */
  readonly protocols?: readonly string[] | undefined;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** For the leader, who assigns. */
  readonly metadata: GroupLeaderOptions["metadata"];
  readonly listener: GroupListener;
}

/** A generation that took us in. */
interface Joined {
  readonly generation: Generation;
  readonly members: number;
  /** When its assignment was asked for. */
  readonly sentAt: number;
  /** We led the group before we were restarted, and the coordinator did not ask us to assign. */
  readonly hasLed: boolean;
}

export class Membership {
  readonly lease: Lease;
  readonly #options: MembershipOptions;
  readonly #leader: GroupLeader;
  readonly #stop = new AbortController();
  #memberId = "";
  #generation: Generation | null = null;
  #isLost = true;
  #isJoining = false;
  #mustJoin = true;
  #wake = new AbortController();
  #heartbeatNow = new AbortController();

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#leader = new GroupLeader(options);
    this.lease = new Lease(options);
  }

  get generation(): Generation | null {
    return this.#generation;
  }

  /** How we sign commits. */
  identity(generation: Generation): MemberIdentity {
    return this.#identity(generation.id, generation.memberId);
  }

  /** Joins, and joins again whenever the group asks for it, until `leave`. */
  async run(): Promise<void> {
    const heartbeats = this.#keepHeartbeating();
    while (!this.#stop.signal.aborted) {
      if (this.#mustJoin) await this.#join();
      else await this.#sleepUntilRejoin();
    }
    await heartbeats;
  }

  /** Topics or partitions changed: the leader sees to it that new partitions find an owner. */
  onMetadataChange(): void {
    if (this.#leader.mustPlanAnew()) this.#rejoin();
  }

  /** Ends membership. A static member does not say good-bye: its partitions wait for its return. */
  async leave(): Promise<void> {
    const { caller, coordinator, groupId, groupInstanceId } = this.#options;
    this.#stop.abort();
    this.#wake.abort();
    this.#heartbeatNow.abort();
    const to = coordinator.current;
    if (this.#memberId !== "" && groupInstanceId === null && to !== null) {
      const request = leaveGroup(groupId, this.#memberId);
      await caller.call({ to, purpose: "heartbeat", request, deadlineMs: LEAVE_DEADLINE_MS })
        .catch(() => {}); // the session timeout does it then
    }
    this.#generation?.end();
    this.lease.end();
  }

  #identity(generationId: number, memberId: string): MemberIdentity {
    const { groupId, groupInstanceId } = this.#options;
    return { groupId, generationId, memberId, groupInstanceId };
  }

  #rejoin(): void {
    this.#mustJoin = true;
    this.#wake.abort();
  }

  async #sleepUntilRejoin(): Promise<void> {
    this.#wake = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake.signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
  }

  #lose(reason: string, options: { readonly forgetMemberId: boolean }): void {
    if (options.forgetMemberId) this.#memberId = "";
    this.#generation?.end();
    if (!this.#isLost) {
      this.#isLost = true;
      this.lease.end();
      this.#options.listener.onLost(reason);
    }
    this.#rejoin();
  }

  /** From a wish to join to a new generation, whatever the coordinator goes through meanwhile. */
  async #join(): Promise<void> {
    const { clock, listener } = this.#options;
    const startedAt = clock.now();
    this.#isJoining = true;
    try {
      const previous = this.#generation;
      previous?.startRebalance(); // what is taken on from here on would be neither drained nor told
      const eager = previous !== null && previous.protocol !== COOPERATIVE;
      if (eager && !this.#isLost) await listener.onRebalance(previous);
      for (let tries = 1; !this.#stop.signal.aborted; tries += 1) {
        const joined = await this.#tryJoin();
        if (joined !== "again") {
          if (joined !== null) await this.#enter(joined, clock.now() - startedAt);
          return;
        }
        await sleep(clock, requestDelayMs(tries, BACKOFF, clock.random()), this.#stop.signal);
      }
    } finally {
      this.#isJoining = false;
    }
  }

  /** One JoinGroup and SyncGroup. "again": try again after a pause; null: the service stops. */
  async #tryJoin(): Promise<Joined | "again" | null> {
    this.#mustJoin = false;
    try {
      const to = await this.#options.coordinator.find();
      const join = await this.#ask(to, this.#joinRequest());
      if (join === null) return "again";
      if (join.errorCode === ERROR_CODE.MEMBER_ID_REQUIRED) {
        this.#memberId = join.memberId;
        return "again";
      }
      if (this.#isRefused("JoinGroup", join.errorCode, to)) return "again";
      this.#memberId = join.memberId;
      const isLeader = join.leaderId === join.memberId;
      const plan = isLeader ? await this.#leader.plan(join) : [];
      const { generationId, memberId } = join;
      const sentAt = this.#options.clock.now();
      const sync = await this.#ask(to, syncGroup(this.#identity(generationId, memberId), plan));
      if (sync === null || this.#isRefused("SyncGroup", sync.errorCode, to)) return "again";
      const generation = new Generation({
        id: join.generationId,
        memberId: join.memberId,
        isLeader,
        protocol: join.groupProtocol,
        assignment: parseAssignment(sync.memberAssignment),
      });
      const isFirst = this.#generation === null;
      const hasLed = isFirst && hasLedBefore(join, this.#options.groupInstanceId);
      return { generation, members: join.members.length, sentAt, hasLed };
    } catch (error) {
      if (error instanceof CoordinatorStoppedError) return null;
      // A member of another kind wrote what we cannot read; the next join may go better.
      const text = `Cannot read the group's plan: ${(error as Error).message}`;
      this.#options.listener.onRefused({ of: "group", code: ERROR_CODE.NONE, text, final: false });
      return "again";
    }
  }

  #joinRequest(): ApiRequest<JoinAnswer> {
    const { topics, listener, protocols = PROTOCOLS } = this.#options;
    const owned = this.#isLost ? [] : listener.owned();
    const metadata = encodeSubscription(topics, owned, this.#generation?.id ?? -1);
    return joinGroup({
      ...this.#options,
      memberId: this.#memberId,
      groupProtocols: protocols.map((name) => ({ name, metadata })),
    });
  }

  /** Sends to the coordinator; null when it did not answer, and is in doubt. */
  async #ask<Answer>(to: BrokerAddress, request: ApiRequest<Answer>): Promise<Answer | null> {
    const { caller, coordinator, rebalanceTimeoutMs } = this.#options;
    const deadlineMs = rebalanceTimeoutMs + JOIN_GRACE_MS;
    try {
      return await caller.call({ to, purpose: "group", request, deadlineMs });
    } catch {
      coordinator.doubt(to);
      return null;
    }
  }

  /** Deals with an error code of a join or sync; true when there was one. */
  #isRefused(api: string, code: number, to: BrokerAddress): boolean {
    const { coordinator, listener } = this.#options;
    if (code === ERROR_CODE.NONE) return false;
    if (coordinator.isCoordinatorTrouble(code, to)) return true;
    // No generation ends without us unless we are a member no more: a coordinator that took the group over forgets the
    // one that was beginning, and what we owned before is still ours.
    const isOver = code === ERROR_CODE.REBALANCE_IN_PROGRESS ||
      code === ERROR_CODE.ILLEGAL_GENERATION;
    if (isOver) return true;
    if (code === ERROR_CODE.UNKNOWN_MEMBER_ID) {
      this.#lose(`${api}: ${errorCodeText(code)}`, { forgetMemberId: true });
    } else {
      listener.onRefused(groupRefusal({ api, code }, this.#options));
    }
    return true;
  }

  /** Makes a new generation the current one and tells the consumer what comes and goes. */
  async #enter(
    { generation, members, sentAt, hasLed }: Joined,
    durationMs: number,
  ): Promise<void> {
    const { listener } = this.#options;
    const keptState = !this.#isLost;
    this.#generation?.end();
    this.#generation = generation;
    this.#isLost = false;
    // The answer may be old: only from when it was asked for is it sure that nobody else got our partitions.
    this.#renewLease(sentAt, "stable");
    this.#heartbeatNow.abort();
    if (!generation.isLeader) this.#leader.follow();
    const kept = new Set(generation.assignment.map(partitionKey));
    const revoked = keptState
      ? listener.owned().filter((each) => !kept.has(partitionKey(each)))
      : [];
    this.#isJoining = false;
    listener.onJoined(generation, { durationMs, members: generation.isLeader ? members : null });
    if (revoked.length > 0) {
      await listener.onRevoked(revoked, generation);
      if (generation.protocol === COOPERATIVE) this.#rejoin();
    }
    if (generation.isStable) listener.onAssigned(generation);
    if (hasLed) await this.#leader.resume();
    if (hasLed) this.onMetadataChange();
  }

  /** On its own connection and clock: neither a join, a commit, a fetch nor a handler can hold a heartbeat back. */
  async #keepHeartbeating(): Promise<void> {
    const { clock, heartbeatIntervalMs } = this.#options;
    let failed = 0;
    while (!this.#stop.signal.aborted) {
      const generation = this.#generation;
      const answered = generation?.holds ? await this.#heartbeat(generation) : true;
      failed = answered ? 0 : failed + 1;
      const retryMs = requestDelayMs(failed, HEARTBEAT_BACKOFF, clock.random());
      const pauseMs = answered ? heartbeatIntervalMs : retryMs;
      if (this.#heartbeatNow.signal.aborted) this.#heartbeatNow = new AbortController();
      else await sleep(clock, pauseMs, this.#heartbeatNow.signal);
    }
  }

  /** False: try again soon. */
  async #heartbeat(generation: Generation): Promise<boolean> {
    const { caller, clock, coordinator, sessionTimeoutMs } = this.#options;
    const to = coordinator.current;
    if (to === null) {
      await coordinator.find().catch(() => {});
      return false;
    }
    const sentAt = clock.now();
    try {
      const request = heartbeat(this.identity(generation));
      const deadlineMs = Math.min(COORDINATOR_DEADLINE_MS, sessionTimeoutMs * HEARTBEAT_SHARE);
      const answer = await caller.call({ to, purpose: "heartbeat", request, deadlineMs });
      return this.#takeHeartbeat(answer.errorCode, { generation, to, sentAt });
    } catch {
      coordinator.doubt(to);
      return false;
    }
  }

  #takeHeartbeat(
    code: number,
    { generation, to, sentAt }: { generation: Generation; to: BrokerAddress; sentAt: number },
  ): boolean {
    const { coordinator, listener } = this.#options;
    if (code === ERROR_CODE.NONE || code === ERROR_CODE.REBALANCE_IN_PROGRESS) {
      const isStable = code === ERROR_CODE.NONE;
      if (!this.#isLost) this.#renewLease(sentAt, isStable ? "stable" : "rebalancing");
      if (!isStable && !this.#isJoining) this.#rejoin();
      return true;
    }
    if (coordinator.isCoordinatorTrouble(code, to)) return false;
    // An answer about a generation that is being replaced says nothing about the next one.
    if (this.#isJoining || generation !== this.#generation) return true;
    if (code === ERROR_CODE.UNKNOWN_MEMBER_ID || code === ERROR_CODE.ILLEGAL_GENERATION) {
      const forgetMemberId = code === ERROR_CODE.UNKNOWN_MEMBER_ID;
      this.#lose(`Heartbeat: ${errorCodeText(code)}`, { forgetMemberId });
    } else {
      listener.onRefused(groupRefusal({ api: "Heartbeat", code }, this.#options));
    }
    return true;
  }

  #renewLease(sentAt: number, group: "stable" | "rebalancing"): void {
    this.lease.renew(sentAt, group);
    this.#options.listener.onLease();
  }
}
