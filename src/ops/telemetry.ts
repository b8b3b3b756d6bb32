/**
 * What the service reports of itself: one method a fact, which writes the log line and moves the number in the same
 * call, so that the two cannot disagree. Quiet when healthy: what succeeds is a number, what repeats is one line a
 * period. Never throws, never waits, shows no key and no value of a message.
 */
import type { Clock } from "../processing/clock.ts";
import { fingerprintOf } from "../processing/fingerprint.ts";
import type { Coordinates, Fields, Logger, TopicPartition } from "../processing/message.ts";
import type {
  DeadLetteredFacts,
  Failure,
  ProcessingTelemetry,
  RetryFacts,
} from "../processing/telemetry.ts";
import type { TraceIds } from "../processing/tracing.ts";
import { type Counts, noCounts, type RunningCounts } from "./counts.ts";
import { Measures } from "./measures.ts";
import { OperatorTelemetry } from "./operator_telemetry.ts";
import { partitionRanges } from "./partition_ranges.ts";
import { Recent } from "./recent.ts";
import type { Content } from "./shown_content.ts";
import { SparingLog } from "./sparing_log.ts";
import { StallTelemetry } from "./stall_telemetry.ts";
import { UnreadableTelemetry } from "./unreadable_telemetry.ts";

export interface TelemetryOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Where what happened is kept for a while. */
  readonly recent?: Recent;
  /** Where it is told what operators do; `logger` by default. */
  readonly operatorLogger?: Logger;
}

/** The part of a message that the measures look at. */
type Timestamped = { readonly timestamp: number };

/** Looking for the coordinator takes a few tries after a start or a fail-over. */
const COORDINATOR_TRIES_QUIET = 10;
/**
 * Refusals of a commit that belong to a rebalance or a moving coordinator: COORDINATOR_LOAD_IN_PROGRESS,
 * COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS; and those
 * that are told once, by access_log.ts: TOPIC_, GROUP_, CLUSTER_AUTHORIZATION_FAILED.
 */
const PASSING_COMMIT_CODES: ReadonlySet<number | null> = new Set([
  ...[14, 15, 16, 22, 25, 27],
  ...[29, 30, 31],
]);

export class Telemetry implements ProcessingTelemetry {
  readonly measures = new Measures();
  /** Of what operators do. */
  readonly operator: OperatorTelemetry;
  /** Of batches that cannot be read. */
  readonly unreadable: UnreadableTelemetry;
  /** What the watchdog tells. */
  readonly stalls: StallTelemetry;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #recent: Recent;
  readonly #sparing: SparingLog;
  readonly #counts: RunningCounts = noCounts();
  #coordinatorTries = 0;
  #noBrokerAnswers = false;

  constructor(
    { logger, clock, recent = new Recent(clock), operatorLogger = logger }: TelemetryOptions,
  ) {
    this.#recent = recent;
    this.#logger = logger;
    this.#clock = clock;
    const sparing = new SparingLog({ logger, clock });
    this.#sparing = sparing;
    const shared = { logger, sparing, counts: this.#counts };
    this.operator = new OperatorTelemetry({ logger: operatorLogger, sparing });
    this.unreadable = new UnreadableTelemetry({ ...shared, causes: this.measures.deadLetters });
    this.stalls = new StallTelemetry(shared);
  }

  counts(): Counts {
    return { ...this.#counts };
  }

  /** Tells what was gathered. */
  stop(): void {
    this.#sparing.close();
  }

  /** What was fetched and taken on. */
  messagesConsumed(messages: number): void {
    this.measures.consumedMessages += messages;
  }

  messageProcessed(
    message: Timestamped,
    { durationMs, endedAt }: { durationMs: number; endedAt: number },
  ): void {
    this.#counts.processed += 1;
    this.measures.processed(message.timestamp, { durationMs, endedAt }, this.#clock);
  }

  messageSkipped(message: Coordinates, { reason }: { reason: "tombstone" | "done" }): void {
    this.#counts.skipped += 1;
    this.#logger.debug("Message skipped", { ...place(message), reason });
  }

  messageRetried(
    message: Coordinates,
    { attempt, delayMs, failure, trace }: RetryFacts,
  ): void {
    this.#counts.retried += 1;
    this.measures.errors.add([failure.stage, failure.code]);
    const fields = { ...place(message), attempt, delayMs, ...failureFields(failure, trace) };
    this.#sparing.warning("Processing failed, trying again", fields, failure.code);
  }

  messageDeadLettered(
    message: Coordinates & Content,
    { attempts, failure, stored, trace }: DeadLetteredFacts,
  ): void {
    this.measures.errors.add([failure.stage, failure.code]);
    const fingerprint = fingerprintOf(failure);
    this.measures.deadLetters.add([fingerprint]);
    const { stage, code, message: reason } = failure;
    const letter = { stage, code, fingerprint, reason, attempts, stored };
    this.#recent.deadLettered(message, letter);
    const fields = { ...place(message), ...failureFields(failure, trace), fingerprint, attempts };
    if (stored === null) {
      this.#counts.dropped += 1;
      this.#logger.warning("Message dropped", fields);
      return;
    }
    this.#counts.deadLettered += 1;
    const where = { ...fields, ...storedFields(stored) };
    if (stored.reduced === "without_value") {
      this.#counts.deadLettersWithoutValue += 1;
      this.#logger.error("Message dead-lettered without its value: the broker refused it", where);
    } else {
      this.#logger.warning("Message dead-lettered", where);
    }
  }

  deadLetterDelayed(
    message: Coordinates,
    { attempt, delayMs, error }: { attempt: number; delayMs: number; error: unknown },
  ): void {
    this.#counts.deadLettersDelayed += 1;
    const fields = { ...place(message), attempt, delayMs, error };
    this.#sparing.warning("Dead letter not written, trying again: the message waits", fields);
  }

  handlerAbandoned(message: Coordinates, { timeoutMs }: { timeoutMs: number }): void {
    this.#counts.handlersAbandoned += 1;
    const fields = { ...place(message), timeoutMs };
    this.#sparing.warning("Handler ignored its deadline, its result will not count", fields);
  }

  breakerOpened(partition: TopicPartition, { deadLetters, of, failure }: {
    deadLetters: number;
    of: number;
    failure: Failure;
  }): void {
    this.#counts.breakersOpened += 1;
    const fields = { ...place(partition), deadLetters, of, ...failureFields(failure) };
    this.#logger.error("Partition paused: too many messages became dead letters", fields);
  }

  breakerProbed(message: Coordinates, { failure }: { failure: Failure }): void {
    const fields = { ...place(message), ...failureFields(failure) };
    this.#logger.error("Partition still paused: one more message became a dead letter", fields);
  }

  breakerClosed(
    partition: TopicPartition,
    { openMs, because }: { openMs: number; because: "probe" | "newest" },
  ): void {
    const fields = { ...place(partition), openMs: Math.round(openMs), because };
    this.#logger.info("Partition goes on: messages are good again", fields);
  }

  brokersUnreachable(
    { attempt, brokers, delayMs, error }: {
      attempt: number;
      brokers: number | readonly string[];
      delayMs: number;
      error: unknown;
    },
  ): void {
    this.#noBrokerAnswers = true;
    this.#sparing.warning("No broker answers, trying again", { attempt, brokers, delayMs, error });
  }

  brokersBack(): void {
    this.measures.reconnects += 1;
    this.#noBrokerAnswers = false;
    this.#coordinatorTries = 0;
    this.#logger.info("Connected to Kafka again");
  }

  coordinatorUnknown({ error }: { error: unknown }): void {
    this.#coordinatorTries += 1;
    const tries = this.#coordinatorTries;
    // Where no broker answers at all that is the news, and said elsewhere.
    if (tries > COORDINATOR_TRIES_QUIET && !this.#noBrokerAnswers) {
      this.#sparing.warning("No coordinator for the group, trying again", { tries, error });
    } else {
      this.#logger.debug("Coordinator not known yet", { tries, error });
    }
  }

  groupRefused({ reason }: { reason: string }): void {
    this.#sparing.warning("The group refuses us, trying again", { reason }, reason);
  }

  rebalanced(
    { generation, protocol, members, durationMs }: {
      generation: number;
      protocol: string;
      members: number | null;
      durationMs: number;
    },
  ): void {
    this.#counts.rebalances += 1;
    this.measures.rebalanceDuration.observe(durationMs / 1000);
    this.#coordinatorTries = 0;
    this.#recent.rebalanced({ generation, protocol, members, durationMs: Math.round(durationMs) });
    this.#logger.info("Joined the group", {
      generation,
      protocol,
      members: members ?? undefined, // only the leader knows
      durationMs: Math.round(durationMs),
    });
  }

  partitionsAssigned({ partitions }: { partitions: readonly TopicPartition[] }): void {
    this.#sparing.gather(partitions, { level: "info", text: "Partitions assigned" });
  }

  partitionsRevoked(
    { partitions, abandoned }: { partitions: readonly TopicPartition[]; abandoned: number },
  ): void {
    this.#sparing.tellGathered();
    const fields = { partitions: partitionRanges(partitions), abandoned };
    if (abandoned > 0) this.#logger.warning("Partitions revoked before all was done", fields);
    else this.#logger.info("Partitions revoked", { partitions: fields.partitions });
  }

  partitionsLost(
    { partitions, reason }: { partitions: readonly TopicPartition[]; reason: string },
  ): void {
    this.#sparing.tellGathered();
    const fields = { partitions: partitionRanges(partitions), reason };
    this.#logger.warning("Partitions lost, joining again", fields);
  }

  /** `level` is `info` where the settings asked for it, as on the first start of a group. */
  topicIdsMissing(): void {
    this.#logger.warning(
      "Brokers do not tell topic ids: a topic that is deleted and created again goes unnoticed",
    );
  }

  positionReset(
    facts: TopicPartition & {
      readonly position: number;
      readonly reason: string;
      readonly level?: "info" | "warning";
    },
  ): void {
    const { level = "info", reason, position } = facts;
    this.#logger.debug("Position chosen", { ...place(facts), position, reason });
    const text = "Position set without a committed offset";
    this.#sparing.gather([facts], { level, text, fields: { reason } });
  }

  /** Messages in [from, to) were gone before they could be processed. */
  lostRange(
    { from, to, cause, ...partition }: TopicPartition & {
      readonly from: number;
      readonly to: number;
      readonly cause: string;
    },
  ): void {
    const count = Math.max(0, to - from);
    this.#counts.lostMessages += count;
    this.measures.lostOffsets.add([cause], count);
    const { topic, partition: number } = partition;
    this.#recent.lost({ topic, partition: number, from, to, cause });
    this.#logger.error("Messages lost: the log no longer holds them", {
      ...place(partition),
      from,
      to,
      count,
      cause,
    });
  }

  offsetsCommitted(
    { partitions, messages, durationMs }: {
      partitions: number;
      messages: number;
      durationMs: number;
    },
  ): void {
    this.#counts.commits += 1;
    this.measures.commitDuration.observe(durationMs / 1000);
    this.#counts.committedMessages += messages;
    this.#coordinatorTries = 0;
    this.#logger.debug("Offsets committed", { partitions, messages, durationMs });
  }

  commitFailed({ reason, code }: { reason: string; code: number | null }): void {
    this.#counts.commitFailures += 1;
    this.measures.commitFailures.add([errorName(code, reason)]);
    const fields = { reason, code: code ?? undefined };
    if (PASSING_COMMIT_CODES.has(code)) this.#logger.debug("Offsets not committed yet", fields);
    else this.#sparing.warning("Offsets not committed, trying again", fields, reason);
  }

  fetchFailed({ broker, error }: { broker: string; error: unknown }): void {
    this.#counts.fetchFailures += 1;
    this.#sparing.warning("Fetch failed, trying again", { broker, error }, broker);
  }
}

/** The coordinates alone: what is passed may be a whole message. */
function place(at: TopicPartition & { readonly offset?: number }): Fields {
  const { topic, partition, offset } = at;
  return { topic, partition, offset };
}

function storedFields({ topic, partition, offset }: Coordinates): Fields {
  return { deadLetterTopic: topic, deadLetterPartition: partition, deadLetterOffset: offset };
}

function failureFields({ stage, code, message, stack }: Failure, trace?: TraceIds): Fields {
  const ids = trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId };
  return { stage, code, reason: message, stack, ...ids };
}

/** `NOT_COORDINATOR` of `NOT_COORDINATOR (16)`; the number where the code has no name here. */
function errorName(code: number | null, reason: string): string {
  if (code === null) return "no_answer";
  return /^[A-Z][A-Z_]+/.exec(reason)?.[0] ?? String(code);
}
