/**
 * One member of a consumer group on the classic protocol. A generation is an object: whatever is done in its name asks
 * it whether it still holds. Join, Sync and Heartbeat answers decide on membership; Commit and Fetch errors never do.
 * The lease says until when the coordinator cannot have given our partitions to another member.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import { assign } from "./assignor.ts";
import type { Caller, Purpose } from "./connections.ts";
import { type Coordinator, CoordinatorStoppedError } from "./coordinator.ts";
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "./error_codes.ts";
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
import {
  encodeAssignment,
  encodeSubscription,
  parseAssignment,
  parseSubscription,
} from "./subscription.ts";

/** Our own first; the others let kafkajs, librdkafka and Java clients share the group while one replaces the other. */
const PROTOCOLS = ["cooperative-sticky", "RoundRobinAssigner", "roundrobin", "range"] as const;
const COOPERATIVE = PROTOCOLS[0];

/** Above the broker's offsets.commit.timeout.ms (5 s), behind which heartbeats and leaves can queue. */
export const COORDINATOR_DEADLINE_MS = 7_000;
/** A join is answered within the rebalance timeout; this much later the coordinator is in doubt. */
const JOIN_GRACE_MS = 5_000;
const LEAVE_DEADLINE_MS = 2_000;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 1_000;
const HEARTBEAT_RETRY_MS = 150;

/** One assignment of the group. Ends when the next begins or membership is lost, and never holds again. */
export class Generation {
  readonly id: number;
  readonly memberId: string;
  readonly isLeader: boolean;
  readonly protocol: string;
  readonly assignment: readonly TopicPartition[];
  #phase: "stable" | "rebalancing" | "ended" = "stable";

  constructor(facts: {
    readonly id: number;
    readonly memberId: string;
    readonly isLeader: boolean;
    readonly protocol: string;
    readonly assignment: readonly TopicPartition[];
  }) {
    this.id = facts.id;
    this.memberId = facts.memberId;
    this.isLeader = facts.isLeader;
    this.protocol = facts.protocol;
    this.assignment = facts.assignment;
  }

  /** May offsets be committed in its name? */
  get holds(): boolean {
    return this.#phase !== "ended";
  }

  /** May partitions be taken on? Not once we told the group what we own. */
  get isStable(): boolean {
    return this.#phase === "stable";
  }

  startRebalance(): void {
    if (this.#phase === "stable") this.#phase = "rebalancing";
  }

  end(): void {
    this.#phase = "ended";
  }
}

/** What the group tells the consumer. */
export interface GroupListener {
  /** The partitions that are ours, as the next join will say. */
  owned(): readonly TopicPartition[];
  /** These go, the rest stays: drain, commit, drop. */
  onRevoked(partitions: readonly TopicPartition[], generation: Generation): Promise<void>;
  /** An eager rebalance: everything may go. Drain and commit, keep the state. */
  onRebalance(generation: Generation): Promise<void>;
  onAssigned(generation: Generation): void;
  /** Ownership ended without our being asked. */
  onLost(reason: string): void;
  /** The lease was prolonged. */
  onLease(): void;
  onJoined(generation: Generation, facts: { durationMs: number; members: number | null }): void;
  onRefused(refusal: Refusal): void;
}

/** A broker will not have us do something. */
export interface Refusal {
  /** What is refused: the group's business, or reading a topic. */
  readonly of: "group" | "fetch";
  readonly code: number;
  readonly text: string;
  /** Trying again cannot help. */
  readonly final: boolean;
}

export interface MembershipOptions {
  readonly caller: Caller;
  readonly coordinator: Coordinator;
  readonly clock: Clock;
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** For the leader, who assigns. */
  readonly metadata: {
    refresh(): Promise<void>;
    partitionsOf(topic: string): readonly number[];
  };
  readonly listener: GroupListener;
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly #stop = new AbortController();
  #memberId = "";
  #generation: Generation | null = null;
  #leaseUntil = -Infinity;
  #lastHeartbeatAt = -Infinity;
  #isLost = true;
  #isJoining = false;
  #mustJoin = true;
  #wake = new AbortController();
  #partitionCount: number | null = null;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get generation(): Generation | null {
    return this.#generation;
  }

  get isJoining(): boolean {
    return this.#isJoining;
  }

  /** Monotonic time of the last answer that showed us as a member; -Infinity before the first. */
  get lastHeartbeatAt(): number {
    return this.#lastHeartbeatAt;
  }

  /** May a new side effect start? Not once the coordinator may have given our partitions away. */
  holdsLease(): boolean {
    return this.#options.clock.now() < this.#leaseUntil;
  }

  /** How we sign commits. */
  identity(generation: Generation): MemberIdentity {
    const { groupId, groupInstanceId } = this.#options;
    const { id: generationId, memberId } = generation;
    return { groupId, generationId, memberId, groupInstanceId };
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
    const count = this.#countPartitions();
    if (this.#partitionCount === null || count === this.#partitionCount || count === 0) return;
    this.#partitionCount = count;
    this.#rejoin();
  }

  /** Ends membership. A static member does not say good-bye: its partitions wait for its return. */
  async leave(): Promise<void> {
    const { caller, coordinator, groupId, groupInstanceId } = this.#options;
    this.#stop.abort();
    this.#wake.abort();
    const to = coordinator.current;
    if (this.#memberId !== "" && groupInstanceId === null && to !== null) {
      const request = leaveGroup(groupId, this.#memberId);
      await caller.call({ to, purpose: "heartbeat", request, deadlineMs: LEAVE_DEADLINE_MS })
        .catch(() => {}); // the session timeout does it then
    }
    this.#generation?.end();
    this.#leaseUntil = -Infinity;
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
      this.#leaseUntil = -Infinity;
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
      const eager = previous !== null && previous.protocol !== COOPERATIVE;
      if (eager && !this.#isLost) await listener.onRebalance(previous);
      let backoffMs = BACKOFF_MIN_MS;
      while (!this.#stop.signal.aborted) {
        const joined = await this.#tryJoin();
        if (joined !== "again") {
          if (joined !== null) await this.#enter(joined, clock.now() - startedAt);
          return;
        }
        await sleep(clock, backoffMs * (0.5 + clock.random() / 2), this.#stop.signal);
        backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2);
      }
    } finally {
      this.#isJoining = false;
    }
  }

  /** One JoinGroup and SyncGroup. "again": try again after a pause; null: the service stops. */
  async #tryJoin(): Promise<{ generation: Generation; members: number } | "again" | null> {
    this.#mustJoin = false;
    try {
      const to = await this.#options.coordinator.find();
      this.#generation?.startRebalance();
      const join = await this.#ask(to, this.#joinRequest());
      if (join === null) return "again";
      if (join.errorCode === ERROR_CODE.MEMBER_ID_REQUIRED) {
        this.#memberId = join.memberId;
        return "again";
      }
      if (this.#isRefused("JoinGroup", join.errorCode, to)) return "again";
      this.#memberId = join.memberId;
      const isLeader = join.leaderId === join.memberId;
      const plan = isLeader ? await this.#planAssignments(join) : [];
      const identity: MemberIdentity = {
        groupId: this.#options.groupId,
        generationId: join.generationId,
        memberId: join.memberId,
        groupInstanceId: this.#options.groupInstanceId,
      };
      const sync = await this.#ask(to, syncGroup(identity, plan));
      if (sync === null || this.#isRefused("SyncGroup", sync.errorCode, to)) return "again";
      const generation = new Generation({
        id: join.generationId,
        memberId: join.memberId,
        isLeader,
        protocol: join.groupProtocol,
        assignment: parseAssignment(sync.memberAssignment),
      });
      return { generation, members: join.members.length };
    } catch (error) {
      if (error instanceof CoordinatorStoppedError) return null;
      // A member of another kind wrote what we cannot read; the next join may go better.
      const text = `Cannot read the group's plan: ${(error as Error).message}`;
      this.#options.listener.onRefused({ of: "group", code: ERROR_CODE.NONE, text, final: false });
      return "again";
    }
  }

  #joinRequest(): ApiRequest<JoinAnswer> {
    const { groupId, groupInstanceId, topics, sessionTimeoutMs, rebalanceTimeoutMs, listener } =
      this.#options;
    const owned = this.#isLost ? [] : listener.owned();
    const metadata = encodeSubscription(topics, owned, this.#generation?.id ?? -1);
    return joinGroup({
      groupId,
      groupInstanceId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupProtocols: PROTOCOLS.map((name) => ({ name, metadata })),
    });
  }

  /** Sends to the coordinator; null when it did not answer, and is in doubt. */
  async #ask<Answer>(to: BrokerAddress, request: ApiRequest<Answer>): Promise<Answer | null> {
    const { caller, coordinator, rebalanceTimeoutMs } = this.#options;
    const purpose: Purpose = "group";
    try {
      const deadlineMs = rebalanceTimeoutMs + JOIN_GRACE_MS;
      return await caller.call({ to, purpose, request, deadlineMs });
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
    if (code === ERROR_CODE.REBALANCE_IN_PROGRESS) return true;
    if (code === ERROR_CODE.UNKNOWN_MEMBER_ID) {
      this.#lose(`${api}: ${errorCodeText(code)}`, { forgetMemberId: true });
    } else if (code === ERROR_CODE.ILLEGAL_GENERATION) {
      this.#lose(`${api}: ${errorCodeText(code)}`, { forgetMemberId: false });
    } else {
      listener.onRefused(this.#refusal(api, code));
    }
    return true;
  }

  #refusal(api: string, code: number): Refusal {
    const { groupId, groupInstanceId, sessionTimeoutMs } = this.#options;
    const name = errorCodeText(code);
    switch (code) {
      case ERROR_CODE.FENCED_INSTANCE_ID:
        return {
          of: "group",
          code,
          final: true,
          text: `Give each process its own KAFKA_GROUP_INSTANCE_ID, another one runs with: ` +
            `${groupInstanceId}`,
        };
      case ERROR_CODE.INCONSISTENT_GROUP_PROTOCOL:
        return {
          of: "group",
          code,
          final: true,
          text: `Change KAFKA_GROUP_ID or the other members of group ${groupId}, they share none ` +
            `of our assignors: ${PROTOCOLS.join(", ")}`,
        };
      case ERROR_CODE.INVALID_SESSION_TIMEOUT:
        return {
          of: "group",
          code,
          final: true,
          text: `Change SESSION_TIMEOUT_MS, the broker allows group.min.session.timeout.ms to ` +
            `group.max.session.timeout.ms: ${sessionTimeoutMs}`,
        };
      case ERROR_CODE.INVALID_GROUP_ID:
        return { of: "group", code, final: true, text: `Change KAFKA_GROUP_ID: ${groupId}` };
      default: {
        const text = isAuthorizationCode(code)
          ? `Allow this user to READ group ${groupId}, ${api} was refused: ${name}`
          : `${api} of group ${groupId} failed: ${name}`;
        return { of: "group", code, text, final: false };
      }
    }
  }

  /** As the leader: who gets what. */
  async #planAssignments(
    join: JoinAnswer,
  ): Promise<{ memberId: string; memberAssignment: Uint8Array }[]> {
    const { metadata } = this.#options;
    await metadata.refresh().catch(() => {}); // what we know will do; a change rejoins
    const members = join.members.map((member) => ({
      id: member.memberId,
      ...parseSubscription(member.memberMetadata),
    }));
    const topics = new Set(members.flatMap((member) => member.topics));
    const partitions = new Map([...topics].map((topic) => [topic, metadata.partitionsOf(topic)]));
    this.#partitionCount = this.#countPartitions();
    const plan = assign(members, partitions, { cooperative: join.groupProtocol === COOPERATIVE });
    return [...plan].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: encodeAssignment(assignment),
    }));
  }

  #countPartitions(): number {
    const { metadata, topics } = this.#options;
    return topics.reduce((sum, topic) => sum + metadata.partitionsOf(topic).length, 0);
  }

  /** Makes a new generation the current one and tells the consumer what comes and goes. */
  async #enter(
    { generation, members }: { generation: Generation; members: number },
    durationMs: number,
  ): Promise<void> {
    const { listener } = this.#options;
    const keptState = !this.#isLost;
    this.#generation?.end();
    this.#generation = generation;
    this.#isLost = false;
    this.#renewLease(this.#options.clock.now());
    if (!generation.isLeader) this.#partitionCount = null;
    const kept = new Set(
      generation.assignment.map(({ topic, partition }) => `${topic}/${partition}`),
    );
    const revoked = keptState
      ? listener.owned().filter(({ topic, partition }) => !kept.has(`${topic}/${partition}`))
      : [];
    this.#isJoining = false;
    listener.onJoined(generation, { durationMs, members: generation.isLeader ? members : null });
    if (revoked.length > 0) {
      await listener.onRevoked(revoked, generation);
      if (generation.protocol === COOPERATIVE) this.#rejoin();
    }
    if (generation.isStable) listener.onAssigned(generation);
  }

  /** On its own connection and clock: neither a join, a commit, a fetch nor a handler can hold a heartbeat back. */
  async #keepHeartbeating(): Promise<void> {
    const { clock, heartbeatIntervalMs } = this.#options;
    while (!this.#stop.signal.aborted) {
      const generation = this.#generation;
      const answered = generation?.holds ? await this.#heartbeat(generation) : true;
      const pauseMs = answered ? heartbeatIntervalMs : HEARTBEAT_RETRY_MS;
      await sleep(clock, pauseMs, this.#stop.signal);
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
      const deadlineMs = Math.min(COORDINATOR_DEADLINE_MS, sessionTimeoutMs);
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
      if (!this.#isLost) this.#renewLease(sentAt);
      if (code === ERROR_CODE.REBALANCE_IN_PROGRESS && !this.#isJoining) this.#rejoin();
      return true;
    }
    if (coordinator.isCoordinatorTrouble(code, to)) return false;
    // An answer about a generation that is being replaced says nothing about the next one.
    if (this.#isJoining || generation !== this.#generation) return true;
    if (code === ERROR_CODE.UNKNOWN_MEMBER_ID || code === ERROR_CODE.ILLEGAL_GENERATION) {
      const forgetMemberId = code === ERROR_CODE.UNKNOWN_MEMBER_ID;
      this.#lose(`Heartbeat: ${errorCodeText(code)}`, { forgetMemberId });
    } else {
      listener.onRefused(this.#refusal("Heartbeat", code));
    }
    return true;
  }

  #renewLease(sentAt: number): void {
    this.#lastHeartbeatAt = this.#options.clock.now();
    this.#leaseUntil = Math.max(this.#leaseUntil, sentAt + this.#options.sessionTimeoutMs);
    this.#options.listener.onLease();
  }
}
