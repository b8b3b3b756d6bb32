/**
 * Who is in a group: members in the order in which they came, static members by instance id, who leads, and ids that
 * were given out but have not joined yet. Also the vote: which protocol all members can work with.
 */
import type { BrokerClock } from "../clock.ts";
import { ERROR } from "../error_codes.ts";
import type { GroupProtocol } from "./answers.ts";
import type { GroupMember } from "./member.ts";

export class Roster {
  readonly #clock: BrokerClock;
  readonly #members = new Map<string, GroupMember>();
  readonly #staticIds = new Map<string, string>();
  /** Member ids given out; the value cancels the timer that takes one back. */
  readonly #pending = new Map<string, () => void>();
  #leaderId: string | null = null;

  constructor(clock: BrokerClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#members.size;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  get leaderId(): string | null {
    return this.#leaderId;
  }

  all(): readonly GroupMember[] {
    return [...this.#members.values()];
  }

  get(memberId: string): GroupMember | undefined {
    return this.#members.get(memberId);
  }

  /** The member id that a static member has now. */
  staticMemberId(groupInstanceId: string): string | undefined {
    return this.#staticIds.get(groupInstanceId);
  }

  /** Whether there is such a member: NONE, UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another one took its place. */
  check({ memberId, groupInstanceId }: {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
  }): number {
    if (groupInstanceId !== null) {
      const current = this.#staticIds.get(groupInstanceId);
      if (current === undefined) return ERROR.UNKNOWN_MEMBER_ID;
      return current === memberId ? ERROR.NONE : ERROR.FENCED_INSTANCE_ID;
    }
    return this.#members.has(memberId) ? ERROR.NONE : ERROR.UNKNOWN_MEMBER_ID;
  }

  add(member: GroupMember): void {
    this.takeBack(member.memberId);
    this.#members.set(member.memberId, member);
    if (member.groupInstanceId !== null) {
      this.#staticIds.set(member.groupInstanceId, member.memberId);
    }
    this.#leaderId ??= member.memberId;
  }

  remove(member: GroupMember): void {
    member.endSession();
    this.#members.delete(member.memberId);
    if (member.groupInstanceId !== null) this.#staticIds.delete(member.groupInstanceId);
    if (this.#leaderId === member.memberId) {
      this.#leaderId = this.#members.keys().next().value ?? null;
    }
  }

  /** Puts a static member that came back into its own place, under its new id. */
  replace(before: GroupMember, after: GroupMember): void {
    const wasLeader = this.#leaderId === before.memberId;
    this.remove(before);
    this.add(after);
    if (wasLeader) this.#leaderId = after.memberId;
  }

  /** Makes sure that the leader is one who joined in this round; false when nobody did. */
  electJoinedLeader(): boolean {
    const leader = this.#leaderId === null ? undefined : this.#members.get(this.#leaderId);
    if (leader?.isAwaitingJoin) return true;
    const joined = this.all().find((member) => member.isAwaitingJoin);
    if (joined !== undefined) this.#leaderId = joined.memberId;
    return joined !== undefined;
  }

  setLeader(memberId: string | null): void {
    this.#leaderId = memberId;
  }

  /** Gives out a member id. Unless it joins in time it is taken back, and `onTakenBack` is called. */
  give(memberId: string, options: { timeoutMs: number; onTakenBack: () => void }): void {
    const cancel = this.#clock.schedule(options.timeoutMs, () => {
      this.#pending.delete(memberId);
      options.onTakenBack();
    });
    this.#pending.set(memberId, cancel);
  }

  isPending(memberId: string): boolean {
    return this.#pending.has(memberId);
  }

  takeBack(memberId: string): void {
    this.#pending.get(memberId)?.();
    this.#pending.delete(memberId);
  }

  /** Everybody is here: all members have joined again, and whoever was given an id has used it. */
  get isComplete(): boolean {
    return this.#pending.size === 0 && this.all().every((member) => member.isAwaitingJoin);
  }

  /** True when one of the protocols is known to every member. */
  supportsOneOf(protocols: readonly GroupProtocol[]): boolean {
    const common = this.#commonProtocols();
    return protocols.some(({ name }) => common.has(name));
  }

  /** Each member votes for the first of its protocols that all know; most votes win, then the first voted for. */
  selectProtocol(): string | null {
    const common = this.#commonProtocols();
    const votes = new Map<string, number>();
    for (const member of this.#members.values()) {
      const vote = member.protocols.find(({ name }) => common.has(name))?.name;
      if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1);
    }
    const ranked = [...votes].sort(([, a], [, b]) => b - a);
    return ranked[0]?.[0] ?? null;
  }

  /** Ends every timer and forgets everybody. */
  clear(): void {
    for (const member of this.#members.values()) member.endSession();
    for (const cancel of this.#pending.values()) cancel();
    this.#members.clear();
    this.#staticIds.clear();
    this.#pending.clear();
    this.#leaderId = null;
  }

  #commonProtocols(): ReadonlySet<string> {
    const [first, ...others] = this.all();
    const names = first?.protocols.map(({ name }) => name) ?? [];
    return new Set(
      names.filter((name) =>
        others.every((member) => member.protocols.some((protocol) => protocol.name === name))
      ),
    );
  }
}
