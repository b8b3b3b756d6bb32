/**
 * Why a partition stands still, from what the parts know of it. Pure: facts in, one cause out. What holds up everything
 * is named before what holds up one partition, so that a restart is never called for while Kafka itself is away.
 */
import type { TopicPartition } from "../processing/message.ts";
import type { HeldMessage } from "../processing/standstill.ts";

/** In docs/operations.md each has its line, with the first thing to do. */
export const STALL_CAUSES = [
  "brokers_away",
  "authentication",
  "authorization",
  "coordinator_away",
  "joining",
  "position_unknown",
  "paused",
  "unreadable_batch",
  "dead_letters_down",
  "handler_stuck",
  "handler_failing",
  "not_started",
  "leader_away",
  "fetch_refused",
  "fetch_silent",
  "fetch_empty",
  "transaction_open",
  "commit_refused",
] as const;

export type StallCause = typeof STALL_CAUSES[number];

/** Where a new process, on this machine or another, may do better: the others would only stand still there, too. */
const RESTART_HELPS: ReadonlySet<StallCause> = new Set([
  "handler_stuck",
  "not_started",
  "fetch_silent",
  "commit_refused",
]);

export interface Stall {
  readonly cause: StallCause;
  /** One line for people. */
  readonly reason: string;
  /** The message that is to blame; null when it is none. */
  readonly message: HeldMessage | null;
}

/** Something that a broker would not do. */
export interface RefusalView {
  readonly text: string;
  /** For lack of rights. */
  readonly isAuthorization: boolean;
}

/** What is the same for all partitions. */
export interface GroupView {
  /** Why no broker can be reached; null when one can. */
  readonly outage: { readonly text: string; readonly isAuthentication: boolean } | null;
  /** What the coordinator last refused us; null since it took us for a member. */
  readonly refusal: RefusalView | null;
  readonly isCoordinatorKnown: boolean;
  /** The group is between two generations, or has not taken us in. */
  readonly isJoining: boolean;
  /** Heartbeats are answered: new side effects may start. */
  readonly hasLease: boolean;
  /** Of what is handled anywhere, what takes longest; null while more could be handled. */
  readonly slowest: HeldMessage | null;
  /** Why offsets could not be committed, the last time; null since they could. */
  readonly commitRefusal: RefusalView | null;
}

/** How a partition is read. */
export interface ReadingView {
  /** `host:port`; null when the partition has no leader that is known. */
  readonly leader: string | null;
  /** Its start position, or what its log holds, is being asked for. */
  readonly isSettling: boolean;
  /** What the leader answered to the last question. */
  readonly refusal: RefusalView | null;
  /** Why the leader could not be asked the last time. */
  readonly failure: {
    readonly text: string;
    readonly kind: "authentication" | "away" | "silent";
  } | null;
  /** The leader has answered for this partition within the time that an answer may take. */
  readonly isAnswering: boolean;
  /** All that can be read is read, and more is in the log: it belongs to a transaction that has not ended. */
  readonly isBeforeTransaction: boolean;
}

/** What is known of one partition. */
export interface PartitionView extends TopicPartition {
  /** Every offset below is done; null while its start position is not known. */
  readonly prefix: number | null;
  /** The last commit that was acknowledged; null with the prefix, and where nothing is committed. */
  readonly committed: number | null;
  /** Monotonic time at which there was last known to be nothing left to do. */
  readonly caughtUpAt: number;
  /** It may go on: neither given up in a rebalance nor in doubt. */
  readonly isActive: boolean;
  /** By whom and why; null when it is not. */
  readonly paused: string | null;
  /** Why its next batch cannot be read; null when it can. */
  readonly unreadable: string | null;
  /** What the prefix waits for; null when nothing is held. */
  readonly first: HeldMessage | null;
  readonly reading: ReadingView;
}

/** Whether ending the process may mend it. */
export function helpsRestart(cause: StallCause): boolean {
  return RESTART_HELPS.has(cause);
}

/** Why the prefix of a partition does not move although there is something to do. */
export function nameStall(group: GroupView, partition: PartitionView): Stall {
  const { first, paused, unreadable, reading } = partition;
  const general = nameOutage(group) ?? nameMembership(group, partition);
  if (general !== null) return general;
  if (paused !== null) return stall("paused", paused);
  if (first !== null) return nameMessage(first, group.slowest);
  if (unreadable !== null) return stall("unreadable_batch", unreadable);
  return nameReading(reading);
}

/** Why what is done is not committed. */
export function nameCommitStall(group: GroupView, partition: PartitionView): Stall {
  const general = nameOutage(group) ?? nameMembership(group, { ...partition, isActive: true });
  if (general !== null) return general;
  if (group.isJoining) return stall("joining", BETWEEN_GENERATIONS);
  const refusal = group.commitRefusal;
  if (refusal?.isAuthorization) return stall("authorization", refusal.text);
  const reason = refusal?.text ?? "nobody says why";
  return stall("commit_refused", `what is done is not committed: ${reason}`);
}

const BETWEEN_GENERATIONS = "the group is between two generations: it waits for its members";

function nameOutage({ outage, refusal }: GroupView): Stall | null {
  if (outage?.isAuthentication) return stall("authentication", outage.text);
  if (outage !== null) return stall("brokers_away", `no broker answers: ${outage.text}`);
  return refusal?.isAuthorization ? stall("authorization", refusal.text) : null;
}

function nameMembership(
  { refusal, isCoordinatorKnown, isJoining, hasLease }: GroupView,
  { isActive, prefix }: Pick<PartitionView, "isActive" | "prefix">,
): Stall | null {
  if (isActive && prefix !== null && hasLease) return null;
  if (!isCoordinatorKnown) {
    return stall("coordinator_away", "no coordinator of the group is found");
  }
  if (refusal !== null) return stall("joining", refusal.text);
  if (isJoining) return stall("joining", BETWEEN_GENERATIONS);
  if (!hasLease) {
    return stall("coordinator_away", "no heartbeat was answered within the session");
  }
  return stall("position_unknown", "the offset to begin at is not known yet");
}

function nameMessage(message: HeldMessage, slowest: HeldMessage | null): Stall {
  const { doing, attempt, failure } = message;
  const why = failure === null ? "" : `: ${failure.message}`;
  const of = placeOf(message);
  // A handler that runs into its deadline is called again: to those outside it does not end.
  const isStuck = doing === "handling" || failure?.code === "handler_timeout";
  if (doing === "dead_lettering") {
    return stall("dead_letters_down", `the dead letter of ${of} cannot be written${why}`, message);
  }
  if (doing === "queued" || doing === "halted") {
    if (slowest !== null) return nameMessage(slowest, null);
    return stall("not_started", `${of} waits, and nothing starts it`, message);
  }
  if (isStuck) return stall("handler_stuck", `the handler of ${of} does not end`, message);
  const reason = `the handler of ${of} fails again and again, attempt ${attempt}${why}`;
  return stall("handler_failing", reason, message);
}

function nameReading(reading: ReadingView): Stall {
  const { leader, isSettling, refusal, failure, isBeforeTransaction, isAnswering } = reading;
  if (leader === null) return stall("leader_away", "the partition has no leader");
  if (failure?.kind === "authentication") return stall("authentication", failure.text);
  if (failure?.kind === "away") {
    return stall("leader_away", `its leader cannot be reached: ${failure.text}`);
  }
  if (failure?.kind === "silent") return stall("fetch_silent", failure.text);
  if (isSettling) {
    return stall("position_unknown", "where its log begins and ends is not known yet");
  }
  if (refusal?.isAuthorization) return stall("authorization", refusal.text);
  if (refusal !== null) return stall("fetch_refused", refusal.text);
  if (!isAnswering) return stall("fetch_silent", `${leader} is not heard of`);
  if (!isBeforeTransaction) {
    return stall("fetch_empty", `${leader} answers without the messages that it has`);
  }
  const reason = "what comes next belongs to a transaction that its producer has not ended";
  return stall("transaction_open", reason);
}

function stall(cause: StallCause, reason: string, message: HeldMessage | null = null): Stall {
  return { cause, reason, message };
}

function placeOf({ topic, partition, offset }: HeldMessage): string {
  return `${topic}/${partition} offset ${offset}`;
}
