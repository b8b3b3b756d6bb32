/** One consumer group of the embedded broker on virtual time, and what its members ask of it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ERROR } from "../../src/broker/error_codes.ts";
import type {
  JoinAnswer,
  JoinRequest,
  SyncAnswer,
  SyncRequest,
} from "../../src/broker/group/answers.ts";
import { ClassicGroup, type GroupOptions } from "../../src/broker/group/classic_group.ts";
import { ManualClock } from "./manual_clock.ts";

export const SESSION_MS = 10_000;
export const REBALANCE_MS = 60_000;

/** A member that has joined, as it speaks. */
export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

/** A question that may be waiting for its answer. */
export class Asked<T> {
  #answer: T | null = null;

  constructor(promise: Promise<T>) {
    void promise.then((answer) => this.#answer = answer);
  }

  get isWaiting(): boolean {
    return this.#answer === null;
  }

  /** Throws while it waits. */
  get answer(): T {
    if (this.#answer === null) throw new Error("Still waiting for the answer");
    return this.#answer;
  }
}

export class GroupUnderTest {
  readonly clock = new ManualClock();
  readonly group: ClassicGroup;

  constructor(options: Partial<Omit<GroupOptions, "clock">> = {}) {
    const defaults = { initialRebalanceDelayMs: 0, maxSize: 100 };
    this.group = new ClassicGroup({ ...defaults, ...options, clock: this.clock });
  }

  /** Joins as the request says; a member with one protocol `range` if it says nothing. */
  async join(request: Partial<JoinRequest> = {}): Promise<Asked<JoinAnswer>> {
    const asked = new Asked(this.group.join({ ...BARE_JOIN, ...request }));
    await this.clock.settle();
    return asked;
  }

  /** A dynamic member gets its id and joins with it. */
  async joinNew(request: Partial<JoinRequest> = {}): Promise<Asked<JoinAnswer>> {
    const { errorCode, memberId } = (await this.join(request)).answer;
    assert.equal(errorCode, ERROR.MEMBER_ID_REQUIRED);
    return await this.join({ ...request, memberId });
  }

  async sync(
    member: JoinedMember,
    assignments: Readonly<Record<string, string>> = {},
    names: Partial<SyncRequest> = {},
  ): Promise<Asked<SyncAnswer>> {
    const asked = new Asked(this.group.sync({
      protocolType: null,
      protocolName: null,
      ...names,
      ...member,
      assignments: Object.entries(assignments).map(([memberId, assignment]) => {
        return { memberId, assignment: Buffer.from(assignment) };
      }),
    }));
    await this.clock.settle();
    return asked;
  }

  /** One member for each request; all have joined and been assigned `part of` and their id. The first one leads. */
  async stable(requests: readonly Partial<JoinRequest>[]): Promise<readonly JoinedMember[]> {
    const asked: Asked<JoinAnswer>[] = [];
    for (const request of requests) {
      const isStatic = (request.groupInstanceId ?? null) !== null;
      asked.push(isStatic ? await this.join(request) : await this.joinNew(request));
    }
    await this.clock.advance(0);
    const members = asked.map(({ answer }, i) => joined(answer, requests[i]));
    await this.syncAll(members);
    return members;
  }

  /** The leader, who comes first, assigns and the others fetch their parts. */
  async syncAll(members: readonly JoinedMember[]): Promise<void> {
    const parts = Object.fromEntries(members.map(({ memberId }) => [memberId, partOf(memberId)]));
    for (const member of members) {
      const { answer } = await this.sync(member, parts);
      assert.equal(answer.errorCode, ERROR.NONE);
      assert.equal(textOf(answer.assignment), partOf(member.memberId));
    }
    assert.equal(this.group.state, "Stable");
  }

  /** Time passes in which these members send heartbeats. */
  async live(durationMs: number, members: readonly JoinedMember[]): Promise<void> {
    const until = this.clock.now() + durationMs;
    while (this.clock.now() < until) {
      await this.clock.advance(Math.min(SESSION_MS / 4, until - this.clock.now()));
      for (const member of members) this.group.heartbeat(member);
    }
  }

  memberIds(): readonly string[] {
    return this.group.describe().members.map(({ memberId }) => memberId);
  }
}

/** A member as its join was answered. Throws when it was refused. */
export function joined(answer: JoinAnswer, request: Partial<JoinRequest> = {}): JoinedMember {
  assert.equal(answer.errorCode, ERROR.NONE);
  const { memberId, generationId } = answer;
  return { memberId, generationId, groupInstanceId: request.groupInstanceId ?? null };
}

export function protocol(name: string, metadata = ""): JoinRequest["protocols"][number] {
  return { name, metadata: Buffer.from(metadata) };
}

/** What `stable` assigns. */
export function partOf(memberId: string): string {
  return `part of ${memberId}`;
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

const BARE_JOIN: JoinRequest = {
  memberId: "",
  groupInstanceId: null,
  clientId: "client",
  clientHost: "/127.0.0.1",
  sessionTimeoutMs: SESSION_MS,
  rebalanceTimeoutMs: REBALANCE_MS,
  protocolType: "consumer",
  protocols: [protocol("range")],
  requiresMemberId: true,
};
