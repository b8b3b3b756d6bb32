/**
 * One message: decode -> handler -> retry -> dead letter. Each call of `attempt` is one step that ends in an outcome or
 * in a time to wait; the lane waits meanwhile, the slot does not. Always ends in an Outcome in the end.
 */
import type { Clock } from "./clock.ts";
import {
  type DeadLetter,
  deadLetter,
  DeadLetterRefused,
  type DeadLetterSink,
  withoutValue,
} from "./dead_letter.ts";
import { decode } from "./decode.ts";
import { FatalError, handlerFailure, PermanentError } from "./failure.ts";
import { handlerFor, type Handlers } from "./handler.ts";
import type { HandlerContext, Logger, Message, Outcome } from "./message.ts";
import type { Entry, Partition } from "./partition.ts";
import { retryDelayMs } from "./retry.ts";
import type { Failure, ProcessingTelemetry } from "./telemetry.ts";

export interface AttemptOptions {
  readonly clock: Clock;
  readonly handlers: Handlers;
  /** Null: dead letters are dropped on purpose. */
  readonly deadLetters: DeadLetterSink | null;
  readonly handlerTimeoutMs: number;
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  readonly groupId: string;
  readonly serviceVersion: string;
  readonly telemetry: ProcessingTelemetry;
  readonly logger: Logger;
  readonly onFatal: (error: FatalError) => void;
}

/** How one step went: over, or to be taken up again after so many milliseconds; null: the service stops. */
export type Step = { readonly outcome: Outcome } | { readonly retryAfterMs: number } | null;

const TIMED_OUT = Symbol("timed out");

export class Attempts {
  readonly #options: AttemptOptions;
  /** What is on its way to the dead-letter topic, with how often that failed. */
  readonly #letters = new WeakMap<Entry, { failure: Failure; tries: number }>();

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  async attempt(partition: Partition, entry: Entry): Promise<Step> {
    const pending = this.#letters.get(entry);
    if (pending !== undefined) return await this.#sendLetter(partition, { entry, pending });
    const { message } = entry;
    if (message.value === null) {
      this.#options.telemetry.messageSkipped(message, { reason: "tombstone" });
      return { outcome: "skipped" };
    }
    const { event, failure } = decode(message.value);
    if (event === null) return await this.#giveUp(partition, { entry, failure });
    entry.attempts += 1;
    const startedAt = this.#options.clock.now();
    const handle = handlerFor(this.#options.handlers, event.event_type);
    try {
      await this.#withDeadline(partition, entry, (context) => handle(event, context));
    } catch (error) {
      return await this.#failed(partition, { entry, error });
    }
    const durationMs = this.#options.clock.now() - startedAt;
    this.#options.telemetry.messageProcessed(message, { attempt: entry.attempts, durationMs });
    return { outcome: "processed" };
  }

  async #failed(
    partition: Partition,
    { entry, error }: { entry: Entry; error: unknown },
  ): Promise<Step> {
    const { clock, maxAttempts, telemetry, onFatal, handlerTimeoutMs } = this.#options;
    if (partition.state === "dropped") return null;
    if (error instanceof FatalError) {
      onFatal(error);
      return null;
    }
    const failure: Failure = error === TIMED_OUT
      ? { stage: "handle", code: "handler_timeout", message: `No end after ${handlerTimeoutMs} ms` }
      : handlerFailure(error);
    if (error instanceof PermanentError || entry.attempts >= maxAttempts) {
      return await this.#giveUp(partition, { entry, failure });
    }
    const delayMs = retryDelayMs(entry.attempts, this.#options, clock.random());
    telemetry.messageRetried(entry.message, { attempt: entry.attempts, delayMs, failure });
    return { retryAfterMs: delayMs };
  }

  async #giveUp(
    partition: Partition,
    { entry, failure }: { entry: Entry; failure: Failure },
  ): Promise<Step> {
    const pending = { failure, tries: 0 };
    this.#letters.set(entry, pending);
    return await this.#sendLetter(partition, { entry, pending });
  }

  async #sendLetter(
    partition: Partition,
    { entry, pending }: { entry: Entry; pending: { failure: Failure; tries: number } },
  ): Promise<Step> {
    const { clock, deadLetters, groupId, serviceVersion, telemetry } = this.#options;
    const { failure } = pending;
    const attempts = Math.max(1, entry.attempts);
    if (deadLetters === null) {
      telemetry.messageDeadLettered(entry.message, { attempts, failure, stored: null });
      return { outcome: "dead_lettered" };
    }
    const failedAt = clock.wallTime();
    const letter = deadLetter(entry.message, {
      failure,
      attempts,
      groupId,
      serviceVersion,
      failedAt,
    });
    try {
      const stored = await sendSomehow(deadLetters, letter, partition.signal);
      if (partition.state === "dropped") return null;
      telemetry.messageDeadLettered(entry.message, { attempts, failure, stored });
      return { outcome: "dead_lettered" };
    } catch (error) {
      pending.tries += 1;
      const delayMs = retryDelayMs(pending.tries, this.#options, 0.5 + clock.random() / 2);
      telemetry.deadLetterDelayed(entry.message, { attempt: pending.tries, delayMs, error });
      return { retryAfterMs: delayMs };
    }
  }

  /** A handler that ignores its deadline is left behind; what it does later changes nothing. */
  async #withDeadline(
    partition: Partition,
    entry: Entry,
    run: (context: HandlerContext) => void | Promise<void>,
  ): Promise<void> {
    const { clock, handlerTimeoutMs, telemetry } = this.#options;
    const deadline = new AbortController();
    const signal = AbortSignal.any([deadline.signal, partition.signal]);
    const running = run(
      contextOf(entry.message, { attempt: entry.attempts, signal, logger: this.#options.logger }),
    );
    if (running === undefined) return;
    running.catch(() => {}); // when it is late, nobody listens any more
    const missed = Promise.withResolvers<never>();
    const cancel = clock.schedule(handlerTimeoutMs, () => {
      deadline.abort();
      telemetry.handlerAbandoned(entry.message, { timeoutMs: handlerTimeoutMs });
      missed.reject(TIMED_OUT);
    });
    const giveUp = () => missed.reject(TIMED_OUT);
    partition.signal.addEventListener("abort", giveUp, { once: true });
    try {
      await Promise.race([running, missed.promise]);
    } finally {
      cancel();
      partition.signal.removeEventListener("abort", giveUp);
    }
  }
}

/** As it is; when the broker will never take that, compressed; then without the value. */
async function sendSomehow(sink: DeadLetterSink, letter: DeadLetter, signal: AbortSignal) {
  try {
    return { ...await sink.send(letter, { compressed: false, signal }), reduced: "no" as const };
  } catch (error) {
    if (!(error instanceof DeadLetterRefused)) throw error;
  }
  try {
    return {
      ...await sink.send(letter, { compressed: true, signal }),
      reduced: "compressed" as const,
    };
  } catch (error) {
    if (!(error instanceof DeadLetterRefused)) throw error;
  }
  const described = await withoutValue(letter);
  const stored = await sink.send(described, { compressed: true, signal });
  return { ...stored, reduced: "without_value" as const };
}

function contextOf(
  message: Message,
  rest: Pick<HandlerContext, "attempt" | "signal" | "logger">,
): HandlerContext {
  const { topic, partition, offset, timestamp, key, headers } = message;
  return { topic, partition, offset, timestamp, key, headers, ...rest };
}
