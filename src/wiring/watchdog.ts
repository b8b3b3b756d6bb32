/** Shows the watchdog what the parts know: facts alone, it names the cause itself. */
import { AuthenticationError, NoCredentialsError } from "../kafka/authentication.ts";
import { brokerName, DeadlineError } from "../kafka/connections.ts";
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "../kafka/error_codes.ts";
import type { Refusal } from "../kafka/generation.ts";
import type { GroupView, PartitionView, ReadingView, RefusalView } from "../ops/stall_cause.ts";
import { Watchdog, type WatchdogView } from "../ops/watchdog.ts";
import type { TopicPartition } from "../processing/message.ts";
import type { Partition } from "../processing/partition.ts";
import { firstHeld, slowestHandled } from "../processing/standstill.ts";
import type { Parts } from "../wiring.ts";
import { breakerText } from "./breaker.ts";
import type { Redriving } from "./redriving.ts";
import type { ServiceOptions } from "./service_options.ts";

export function wireWatchdog(
  options: ServiceOptions,
  { parts, refusal, onStalled }: {
    readonly parts: Parts;
    /** Why the coordinator does not take us for a member, the last time it did not. */
    readonly refusal: () => Refusal | null;
    readonly onStalled: (text: string) => void;
  },
): Watchdog {
  const { config, clock, cpuTimeMs = () => 0, telemetry } = options;
  return new Watchdog({
    clock,
    cpuTimeMs,
    onStalled,
    softMs: config.stallSoftMs,
    hardMs: config.stallHardMs,
    telemetry: telemetry.stalls,
    look: () => look(options, { parts, refusal: refusal() }),
  });
}

function look(
  { config, clock, redriving }: ServiceOptions,
  { parts, refusal }: { readonly parts: Parts; readonly refusal: Refusal | null },
): WatchdogView {
  const now = clock.now();
  const { assignment, membership } = parts;
  const answerMs = config.fetchMaxWaitMs + config.requestTimeoutMs;
  const owned = assignment.all();
  const begun = owned.map((partition) => {
    const { answeredAt, errorCode } = parts.fetcher.reading(partition);
    const bounds = parts.fetcher.bounds(partition);
    const { topic, partition: number, prefix, position, acknowledged, state } = partition;
    const isCaughtUp = errorCode === ERROR_CODE.NONE && bounds !== null &&
      prefix === position && bounds.logEnd <= position;
    return {
      topic,
      partition: number,
      prefix,
      committed: config.enableAutoCommit ? acknowledged : null,
      caughtUpAt: isCaughtUp ? answeredAt : -Infinity,
      isActive: state === "active",
      paused: pausedBy(partition) ?? breakerText(partition) ?? restText(partition, redriving),
      unreadable: parts.quarantine.stalled(partition),
      first: firstHeld(partition, now),
      reading: readingOf(parts, { partition, isAnswering: now - answeredAt < answerMs }),
    };
  });
  const given = membership.generation?.holds ? membership.generation.assignment : [];
  const awaited = given.filter((each) => assignment.get(each) === undefined).map(notBegun);
  return { group: groupOf(parts, { refusal, now }), partitions: [...begun, ...awaited] };
}

function pausedBy({ pause }: Partition): string | null {
  return pause === null ? null : `paused by ${pause.by}: ${pause.reason}`;
}

/** A redrive takes no more of it, now or for good. */
function restText(partition: Partition, redriving: Redriving | undefined): string | null {
  return redriving?.selection.wants(partition) === false ? "nothing is to be redriven" : null;
}

function groupOf(
  { assignment, committer, coordinator, membership, metadata }: Parts,
  { refusal, now }: { readonly refusal: Refusal | null; readonly now: number },
): GroupView {
  const { outage } = metadata;
  const failure = committer.lastFailure;
  return {
    outage: outage === null
      ? null
      : { text: textOf(outage), isAuthentication: isAuthentication(outage) },
    refusal: refusal === null ? null : refused(refusal.text, refusal.code),
    isCoordinatorKnown: coordinator.current !== null,
    isJoining: !membership.generation?.isStable,
    hasLease: membership.lease.holds,
    slowest: assignment.isFull ? slowestHandled(assignment.all(), now) : null,
    commitRefusal: failure === null ? null : refused(failure.reason, failure.code),
  };
}

function readingOf(
  { fetcher, metadata }: Parts,
  { partition, isAnswering }: { readonly partition: Partition; readonly isAnswering: boolean },
): ReadingView {
  const { errorCode, isSettling, failure } = fetcher.reading(partition);
  const leader = metadata.leader(partition);
  const bounds = fetcher.bounds(partition);
  const isRefused = errorCode !== ERROR_CODE.NONE;
  return {
    isAnswering,
    isSettling,
    leader: leader === undefined ? null : brokerName(leader.broker),
    refusal: isRefused ? refused(`fetch: ${errorCodeText(errorCode)}`, errorCode) : null,
    failure: failure === null ? null : { text: textOf(failure), kind: kindOf(failure) },
    isBeforeTransaction: bounds !== null && bounds.lastStable < bounds.logEnd &&
      partition.position >= bounds.lastStable,
  };
}

/** Given to us by the group, without a position yet. */
function notBegun({ topic, partition }: TopicPartition): PartitionView {
  return {
    topic,
    partition,
    prefix: null,
    committed: null,
    caughtUpAt: -Infinity,
    isActive: false,
    paused: null,
    unreadable: null,
    first: null,
    reading: {
      isAnswering: false,
      isSettling: true,
      leader: null,
      refusal: null,
      failure: null,
      isBeforeTransaction: false,
    },
  };
}

function refused(text: string, code: number | null): RefusalView {
  return { text, isAuthorization: code !== null && isAuthorizationCode(code) };
}

/** A broker that takes our connection and leaves a request without an answer is there, and silent. */
function kindOf(failure: unknown): "authentication" | "away" | "silent" {
  if (isAuthentication(failure)) return "authentication";
  return failure instanceof DeadlineError && !failure.inHandshake ? "silent" : "away";
}

function isAuthentication(error: unknown): boolean {
  return error instanceof AuthenticationError || error instanceof NoCredentialsError;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
