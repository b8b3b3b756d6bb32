/**
 * How one message is followed through systems, as the core sees it: a trace that its producer may have begun, and that
 * goes on into its dead letter. What collects traces stands behind `Tracer`; null where nothing does, which costs one
 * look at a field a message.
 */
import type { Coordinates, Header, Message, Outcome } from "./message.ts";
import type { Failure, RetryFacts } from "./telemetry.ts";

/** Called synchronously, must not throw, must not wait. */
export interface Tracer {
  /** The first attempt at a message begins. Null: this one is not followed. */
  messageStarted(message: Message): MessageTrace | null;
}

/** Names a trace in log lines. */
export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** One message, from its first attempt until it ends. */
export interface MessageTrace extends TraceIds {
  /** Calls a handler in such a way that what it begins belongs to the trace. */
  run<T>(call: () => T): T;
  retried(facts: RetryFacts): void;
  deadLetterStarted(): DeadLetterTrace;
  /** `interrupted`: without an outcome, because the partition was taken away or a handler stopped the service. */
  ended(how: Outcome | "interrupted", failure?: Failure): void;
}

/** One try to write a dead letter. */
export interface DeadLetterTrace {
  /** For the record, instead of those of the same names. */
  readonly headers: readonly Header[];
  stored(at: Coordinates): void;
  failed(error: unknown): void;
}
