/**
 * One message: decode -> handler -> retry -> dead letter. Each step ends in an outcome, or in a wait that holds no slot
 * while the lane waits; there is no third way but a FatalError. Synchronous handlers stay synchronous: no promise, no
 * timer, no AbortSignal is made for them.
 */
import type { Clock } from "./clock.ts";
import { AttemptContext } from "./attempt_context.ts";
import type { DeadLetterSink } from "./dead_letter.ts";
import { DeadLetterWriter } from "./dead_letter_writer.ts";
import type { Decode } from "./decode.ts";
import { type FatalError, judge } from "./failure.ts";
import { type Handlers, HandlerTable } from "./handler.ts";
import type { Lanes } from "./lanes.ts";
import type { HandlerContext, Logger, Message } from "./message.ts";
import type { OriginalOf } from "./original.ts";
import { type Backoff, retryDelayMs } from "./retry.ts";
import type { Failure, ProcessingTelemetry, StoredDeadLetter } from "./telemetry.ts";
import type { MessageTrace, TraceIds, Tracer } from "./tracing.ts";
import type { Scanner } from "./scanner.ts";
import { type HandledValue, type ValueReader, valueReader } from "./value_reader.ts";
import type { Work } from "./work.ts";

export interface AttemptOptions extends Backoff {
  readonly clock: Clock;
  readonly handlers: Handlers;
  readonly decode: Decode;
  /** Looks at values before anything is decoded; null: nothing does. */
  readonly scanner: Scanner | null;
  /** Deadline of one attempt of an asynchronous handler. */
  readonly handlerTimeoutMs: number;
  /** Calls of the handler before the message is dead-lettered; at least 1. */
  readonly maxAttempts: number;
  /** Null drops what cannot be processed, on purpose: DLQ_TOPIC=none. */
  readonly deadLetters: DeadLetterSink | null;
  readonly groupId: string;
  readonly serviceVersion: string;
  /** The lease: no side effect begins without it. */
  readonly mayStart: () => boolean;
  readonly telemetry: ProcessingTelemetry;
  /** Null: nobody follows messages. */
  readonly tracer: Tracer | null;
  readonly logger: Logger;
  /** For messages that are dead letters themselves: handlers see what they were. By default each is what it is. */
  readonly originalOf?: OriginalOf | undefined;
  /** Done with each message instead of decoding and handling it. */
  readonly instead?: ((message: Message, context: HandlerContext) => Promise<void>) | undefined;
  /** A handler threw FatalError. Its message is not done. */
  readonly onFatal: (error: FatalError) => void;
}

/** What attempts need of those that call them. */
export interface AttemptOwner {
  readonly lanes: Pick<Lanes, "hold" | "retry">;
  /** The message has its outcome. */
  readonly onOutcome: (work: Work) => void;
  /** The message will never have one. */
  readonly onHalted: (work: Work) => void;
  /** It waits before it goes on. */
  readonly onWait: (work: Work) => void;
}

/** How long a handler that watches its signal may take to end after the deadline. */
const ABANDON_AFTER_MS = 250;

export class Attempts {
  readonly #options: AttemptOptions;
  readonly #owner: AttemptOwner;
  readonly #read: ValueReader;
  readonly #deadLetters: DeadLetterWriter | null;

  constructor(options: AttemptOptions, owner: AttemptOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#read = valueReader({ ...options, handlers: new HandlerTable(options.handlers) });
    const { deadLetters: sink } = options;
    this.#deadLetters = sink === null ? null : new DeadLetterWriter({
      ...options,
      sink,
      mayStart: (work) => options.mayStart() && work.partition.mayStart(work),
      onStored: (work, stored) => this.#deadLettered(work, stored),
      onWait: (work, delayMs) => this.#wait(work, delayMs),
    });
  }

  /** Takes a message that has a slot one step further. */
  start(work: Work, nowMs: number): void {
    const { message, partition, trouble } = work;
    if (trouble?.isFinal) return this.#writeDeadLetter(work);
    const { instead, telemetry, tracer } = this.#options;
    if (work.attempt === 0) {
      partition.started(work);
      if (tracer !== null) work.trace = tracer.messageStarted(message);
    }
    work.attempt += 1;
    if (instead !== undefined) return this.#handle(work, { read: null, startedAt: nowMs });
    if (message.value === null) {
      telemetry.messageSkipped(message, { reason: "tombstone" });
      endTrace(work, "skipped");
      return this.#owner.onOutcome(work);
    }
    // Read again for each attempt: a handler may have changed the event, and waiting messages stay small.
    const read = this.#read(message.value);
    if (read.failure !== null) this.#giveUp(work, read.failure);
    else this.#handle(work, { read, startedAt: nowMs });
  }

  /** The partition is gone: what runs is told, and whatever comes of it changes nothing. */
  abandon(work: Work): void {
    work.step += 1;
    work.cancelTimer?.();
    work.cancelTimer = null;
    const { context } = work;
    work.context = null;
    const { topic, partition } = work.partition;
    context?.abort(
      new DOMException(`Partition was taken away: ${topic}/${partition}`, "AbortError"),
    );
    endTrace(work, "interrupted", work.trouble?.failure);
  }

  /** `read` is null where something else is done with messages. */
  #handle(
    work: Work,
    { read, startedAt }: { read: HandledValue | null; startedAt: number },
  ): void {
    const { logger, originalOf } = this.#options;
    const { message, attempt, trace } = work;
    const seen = originalOf === undefined ? message : originalOf(message).message;
    const context = new AttemptContext(seen, { attempt, logger, trace });
    let result: unknown;
    try {
      result = trace === null
        ? this.#call(message, { read, context })
        : trace.run(() => this.#call(message, { read, context }));
      if (isThenable(result)) return this.#watch(work, { context, result, startedAt });
    } catch (error) {
      return this.#failed(work, error);
    }
    this.#processed(work, startedAt);
  }

  #call(
    message: Message,
    { read, context }: { read: HandledValue | null; context: HandlerContext },
  ): unknown {
    if (read === null) return this.#options.instead?.(message, context);
    return read.handle(read.event, context);
  }

  /** Waits for an asynchronous handler until its deadline. */
  #watch(
    work: Work,
    running: { context: AttemptContext; result: PromiseLike<unknown>; startedAt: number },
  ): void {
    const { clock, handlerTimeoutMs } = this.#options;
    const { context, result, startedAt } = running;
    const step = ++work.step;
    work.startedAt ??= startedAt;
    work.context = context;
    work.cancelTimer = clock.schedule(handlerTimeoutMs, () => this.#onDeadline(work, context));
    Promise.resolve(result).then(
      () => {
        if (work.step !== step) return;
        this.#stopWatching(work);
        this.#processed(work, startedAt);
      },
      (error) => {
        if (work.step !== step) return;
        this.#stopWatching(work);
        this.#failed(work, error, context);
      },
    );
  }

  #onDeadline(work: Work, context: AttemptContext): void {
    const { clock, handlerTimeoutMs } = this.#options;
    context.abort(new DOMException(deadlineText(handlerTimeoutMs), "TimeoutError"));
    if (!context.isWatched) return this.#abandonHandler(work);
    work.cancelTimer = clock.schedule(ABANDON_AFTER_MS, () => this.#abandonHandler(work));
  }

  #abandonHandler(work: Work): void {
    const { handlerTimeoutMs: timeoutMs, telemetry } = this.#options;
    work.step += 1;
    this.#stopWatching(work);
    telemetry.handlerAbandoned(work.message, { timeoutMs });
    this.#retryOrGiveUp(work, timeoutFailure(timeoutMs));
  }

  #stopWatching(work: Work): void {
    work.cancelTimer?.();
    work.cancelTimer = null;
    work.context = null;
  }

  #failed(work: Work, error: unknown, context?: AttemptContext): void {
    const { kind, failure } = judge(error);
    if (kind === "fatal") {
      endTrace(work, "interrupted", failure);
      return this.#halt(work, error as FatalError);
    }
    if (kind === "permanent") return this.#giveUp(work, failure);
    const isTimeout = kind === "unknown" && context?.isAborted === true;
    const { handlerTimeoutMs } = this.#options;
    this.#retryOrGiveUp(work, isTimeout ? timeoutFailure(handlerTimeoutMs) : failure);
  }

  #halt(work: Work, error: FatalError): void {
    work.partition.halted(work);
    this.#owner.lanes.hold(work);
    this.#owner.onHalted(work);
    this.#options.onFatal(error);
  }

  #retryOrGiveUp(work: Work, failure: Failure): void {
    const { clock, maxAttempts, telemetry } = this.#options;
    if (work.attempt >= maxAttempts) return this.#giveUp(work, failure);
    this.#note(work, { failure, isFinal: false });
    const delayMs = retryDelayMs(work.attempt, this.#options, clock.random());
    const facts = { attempt: work.attempt, delayMs, failure, ...traceOf(work) };
    telemetry.messageRetried(work.message, facts);
    work.trace?.retried(facts);
    this.#wait(work, delayMs);
  }

  #giveUp(work: Work, failure: Failure): void {
    this.#note(work, { failure, isFinal: true });
    this.#writeDeadLetter(work);
  }

  #writeDeadLetter(work: Work): void {
    const { trouble } = work;
    if (trouble === null) throw new Error("Cannot write a dead letter without a failure");
    if (this.#deadLetters === null) this.#deadLettered(work, null);
    else this.#deadLetters.write(work, trouble);
  }

  #note(work: Work, { failure, isFinal }: { failure: Failure; isFinal: boolean }): void {
    const at = this.#options.clock.wallTime();
    work.startedAt ??= this.#options.clock.now();
    if (work.trouble === null) {
      const times = { firstAt: at, lastAt: at };
      work.trouble = { failure, ...times, isFinal, reduction: 0, delays: 0, delayedBy: null };
    } else {
      Object.assign(work.trouble, { failure, lastAt: at, isFinal });
    }
  }

  /** Gives the slot back and asks for one again later; the lane waits. */
  #wait(work: Work, delayMs: number): void {
    const { lanes } = this.#owner;
    work.step += 1;
    work.state = "waiting";
    if (delayMs > 0) {
      work.cancelTimer = this.#options.clock.schedule(delayMs, () => {
        work.cancelTimer = null;
        lanes.retry(work);
      });
    }
    lanes.hold(work);
    this.#owner.onWait(work);
    if (delayMs === 0) lanes.retry(work);
  }

  #processed(work: Work, startedAt: number): void {
    const { clock, telemetry } = this.#options;
    const endedAt = clock.now();
    const durationMs = endedAt - startedAt;
    telemetry.messageProcessed(work.message, { attempt: work.attempt, durationMs, endedAt });
    endTrace(work, "processed");
    this.#owner.onOutcome(work);
  }

  #deadLettered(work: Work, stored: StoredDeadLetter | null): void {
    const { trouble, attempt: attempts, message } = work;
    if (trouble === null) throw new Error("Cannot end as a dead letter without a failure");
    const { failure } = trouble;
    this.#options.telemetry.messageDeadLettered(message, {
      attempts,
      failure,
      stored,
      ...traceOf(work),
    });
    endTrace(work, "dead_lettered", failure);
    this.#owner.onOutcome(work);
  }
}

function traceOf({ trace }: Work): { readonly trace?: TraceIds } {
  return trace === null ? {} : { trace };
}

function endTrace(work: Work, ...how: Parameters<MessageTrace["ended"]>): void {
  if (work.trace === null) return;
  work.trace.ended(...how);
  work.trace = null;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

function deadlineText(timeoutMs: number): string {
  return `Handler took longer than HANDLER_TIMEOUT_MS: ${timeoutMs} ms`;
}

function timeoutFailure(timeoutMs: number): Failure {
  return { stage: "handle", code: "handler_timeout", message: deadlineText(timeoutMs) };
}
