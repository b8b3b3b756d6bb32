/**
 * The words the rest of the service speaks: what Kafka delivers, what a handler is, and how a message ends.
 * Types only. Nothing here knows kafkajs, Deno or a clock.
 */

/** One header as received. Kafka allows the same name twice and a null value. */
export type Header = readonly [name: string, value: Uint8Array | null];

/** Where a partition is: the pair that every map in this service is keyed by. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Where a message stands in Kafka. Safe to log; keys and values are not. */
export interface Coordinates extends TopicPartition {
  readonly offset: number;
}

/** What Kafka delivers: bytes, not yet looked at. `value` is null for a tombstone. */
export interface Message extends Coordinates {
  /** Milliseconds since 1970, by the producer or the broker as the topic is configured; -1 when there is none. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Epoch of the leader that appended the message's batch; -1 when the broker does not say. */
  readonly leaderEpoch: number;
}

/** Messages of one partition from one fetch. */
export interface Delivery extends TopicPartition {
  /** The position that was asked for. A partition that has moved on since drops the whole delivery. */
  readonly from: number;
  /** Ascending offsets, each >= `from`. Gaps are normal: compaction, control records, aborted transactions. */
  readonly messages: readonly Message[];
  /** The position to ask for next: one past the last batch, control records included. */
  readonly next: number;
  /** Epoch of the leader that appended the last batch of the delivery; -1 when unknown. */
  readonly leaderEpoch: number;
}

/** How a message ends. It has exactly one outcome, and only then its offset may be committed. */
export type Outcome = "processed" | "dead_lettered" | "skipped";

/** Facts beside a log line's fixed text. */
export type Fields = Readonly<Record<string, unknown>>;

/** A logger for handlers and the core. The text is constant; what varies goes into `fields`, `{name}` in the text shows one. */
export interface Logger {
  debug(text: string, fields?: Fields): void;
  info(text: string, fields?: Fields): void;
  warning(text: string, fields?: Fields): void;
  error(text: string, fields?: Fields): void;
}

/** What a handler learns beside the event. */
export interface HandlerContext extends Coordinates {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  /** 1 for the first call, 2 for the first retry, and so on. */
  readonly attempt: number;
  /** True in a rehearsal: find out whether the event could be processed, and change nothing. */
  readonly dryRun: boolean;
  /** Aborts at the attempt's deadline, and when the partition is taken away. */
  readonly signal: AbortSignal;
  /** Carries the message's coordinates on every line. */
  readonly logger: Logger;
}

/**
 * Processes one valid event. Throwing `PermanentError` dead-letters at once, `FatalError` stops the service, anything
 * else is retried first.
 */
export type Handle<E> = (event: E, context: HandlerContext) => void | Promise<void>;
