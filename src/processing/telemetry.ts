/**
 * What the core tells the world about each message. One call per fact, named noun + past verb;
 * ops/telemetry.ts writes the log line and moves the number in the same call, so the two cannot disagree.
 */
import type { BreakerReason } from "./breaker.ts";
import type { Coordinates, Message, TopicPartition } from "./message.ts";
import type { TraceIds } from "./tracing.ts";

/** Why a message did not pass: where, what kind, and a text that never holds the message's content. */
export interface Failure {
  /** The step that failed. */
  readonly stage: "read" | "decode" | "validate" | "handle";
  /** Low-cardinality name, fit for a metric label: `not_json`, `schema_mismatch`, `handler_timeout`, an error's `code`. */
  readonly code: string;
  /** One line for people, with the path inside the event where there is one. */
  readonly message: string;
  /** Of a value that does not fit the schema: each rule that did not hold, `client_info.language invalid_type`. */
  readonly rules?: readonly string[];
  /** The stack of the handler's error, when there is one. */
  readonly stack?: string;
}

/** Where a dead letter was stored. */
export interface StoredDeadLetter extends Coordinates {
  /** What had to be left out so that the broker would take it. */
  readonly reduced: "no" | "compressed" | "without_value";
}

/** An attempt that failed and is made again. */
export interface RetryFacts {
  readonly attempt: number;
  readonly delayMs: number;
  readonly failure: Failure;
  /** Where the message is followed. */
  readonly trace?: TraceIds;
}

/** A message that ended as a dead letter. */
export interface DeadLetteredFacts {
  readonly attempts: number;
  readonly failure: Failure;
  /** Null only with `DLQ_TOPIC=none`: the message is dropped on purpose. */
  readonly stored: StoredDeadLetter | null;
  /** Where the message is followed. */
  readonly trace?: TraceIds;
}

/** Called synchronously, must not throw, must not wait. */
export interface ProcessingTelemetry {
  messageProcessed(
    message: Coordinates & Pick<Message, "timestamp">,
    facts: {
      readonly attempt: number;
      readonly durationMs: number;
      /** Monotonic. */
      readonly endedAt: number;
    },
  ): void;
  /** A tombstone, or a message that an earlier owner had finished already. */
  messageSkipped(message: Coordinates, facts: { readonly reason: "tombstone" | "done" }): void;
  messageRetried(
    message: Coordinates,
    facts: RetryFacts,
  ): void;
  messageDeadLettered(
    message: Message,
    facts: DeadLetteredFacts,
  ): void;
  /** The dead letter could not be written yet; the message waits and the window fills. */
  deadLetterDelayed(
    message: Coordinates,
    facts: { readonly attempt: number; readonly delayMs: number; readonly error: unknown },
  ): void;
  /** A handler ignored its deadline; its late result will change nothing. */
  handlerAbandoned(message: Coordinates, facts: { readonly timeoutMs: number }): void;
  /** Too many dead letters: the partition stands still but for probes. */
  breakerOpened(partition: TopicPartition, facts: BreakerReason): void;
  /** The probe was a dead letter, too. */
  breakerProbed(message: Coordinates, facts: { readonly failure: Failure }): void;
  /** The partition goes on, because a probe went well or the newest messages of the log are good. */
  breakerClosed(
    partition: TopicPartition,
    facts: { readonly openMs: number; readonly because: "probe" | "newest" },
  ): void;
}
