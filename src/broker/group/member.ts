/**
 * One member of a group: what it said when it joined, what it was assigned, the join or sync that waits for its
 * answer, and its session timer. What the group makes of all that is in classic_group.ts.
 */
import type { BrokerClock } from "../clock.ts";
import type { GroupProtocol, JoinAnswer, JoinRequest, SyncAnswer } from "./answers.ts";

/** What describes a member and survives a change of coordinator. */
export interface MemberRecord {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly GroupProtocol[];
  readonly assignment: Uint8Array;
}

export class GroupMember {
  /** True until its first join is answered. */
  isNew = true;
  assignment: Uint8Array = new Uint8Array();
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly #clock: BrokerClock;
  #said: Omit<MemberRecord, "memberId" | "groupInstanceId" | "assignment">;
  #answerJoin: ((answer: JoinAnswer) => void) | null = null;
  #answerSync: ((answer: SyncAnswer) => void) | null = null;
  #cancelSession = () => {};

  constructor(memberId: string, options: {
    readonly clock: BrokerClock;
    readonly record: Omit<MemberRecord, "memberId" | "assignment">;
  }) {
    this.memberId = memberId;
    this.groupInstanceId = options.record.groupInstanceId;
    this.#clock = options.clock;
    this.#said = options.record;
  }

  get protocols(): readonly GroupProtocol[] {
    return this.#said.protocols;
  }

  get rebalanceTimeoutMs(): number {
    return this.#said.rebalanceTimeoutMs;
  }

  get isAwaitingJoin(): boolean {
    return this.#answerJoin !== null;
  }

  get isAwaitingSync(): boolean {
    return this.#answerSync !== null;
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  record(): MemberRecord {
    const { memberId, groupInstanceId, assignment } = this;
    return { ...this.#said, memberId, groupInstanceId, assignment };
  }

  metadataFor(protocolName: string): Uint8Array {
    const protocol = this.protocols.find(({ name }) => name === protocolName);
    return protocol?.metadata ?? new Uint8Array();
  }

  /** True when it joins with exactly what it joined with before. */
  saysTheSame(protocols: readonly GroupProtocol[]): boolean {
    return protocols.length === this.protocols.length && protocols.every((protocol, i) => {
      const before = this.protocols[i];
      return before !== undefined && before.name === protocol.name &&
        areEqual(before.metadata, protocol.metadata);
    });
  }

  update(request: JoinRequest): void {
    this.#said = request;
  }

  /** Waits for its join's answer. An earlier join that still waits is never answered: so does a real coordinator. */
  awaitJoin(): Promise<JoinAnswer> {
    const { promise, resolve } = Promise.withResolvers<JoinAnswer>();
    this.#answerJoin = resolve;
    return promise;
  }

  answerJoin(answer: JoinAnswer): void {
    this.#answerJoin?.(answer);
    this.#answerJoin = null;
  }

  awaitSync(): Promise<SyncAnswer> {
    const { promise, resolve } = Promise.withResolvers<SyncAnswer>();
    this.#answerSync = resolve;
    return promise;
  }

  answerSync(answer: SyncAnswer): void {
    this.#answerSync?.(answer);
    this.#answerSync = null;
  }

  /** Starts the session anew: `onExpired` is called unless it is started again in time. */
  startSession(onExpired: () => void, timeoutMs = this.#said.sessionTimeoutMs): void {
    this.endSession();
    this.#cancelSession = this.#clock.schedule(timeoutMs, onExpired);
  }

  endSession(): void {
    this.#cancelSession();
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
