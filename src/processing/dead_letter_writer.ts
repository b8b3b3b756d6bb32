/**
 * Brings a dead letter to its topic, whatever that takes: a letter that the broker refuses is reduced, one that cannot
 * be written waits and is tried again for ever. A message is let go only with an acknowledgement in hand.
 */
import type { Clock } from "./clock.ts";
import {
  type DeadLetter,
  deadLetterFor,
  DeadLetterRefused,
  type DeadLetterSink,
  type Reduction,
  REDUCTIONS,
} from "./dead_letter.ts";
import type { Coordinates, Header } from "./message.ts";
import type { OriginalOf } from "./original.ts";
import { type Backoff, retryDelayMs } from "./retry.ts";
import type { ProcessingTelemetry, StoredDeadLetter } from "./telemetry.ts";
import type { Trouble, Work } from "./work.ts";

export interface DeadLetterWriterOptions extends Backoff {
  readonly clock: Clock;
  readonly sink: DeadLetterSink;
  readonly groupId: string;
  readonly serviceVersion: string;
  readonly telemetry: ProcessingTelemetry;
  /** For messages that are dead letters themselves; by default each is what it is. */
  readonly originalOf?: OriginalOf | undefined;
  /** A send is a side effect like any other: asked before each. */
  readonly mayStart: (work: Work) => boolean;
  readonly onStored: (work: Work, stored: StoredDeadLetter) => void;
  /** Gives its slot back and comes again after so long. */
  readonly onWait: (work: Work, delayMs: number) => void;
}

export class DeadLetterWriter {
  readonly #options: DeadLetterWriterOptions;

  constructor(options: DeadLetterWriterOptions) {
    this.#options = options;
  }

  /** Sends the letter of a message that holds a slot; ends in `onStored` or `onWait`. */
  write(work: Work, trouble: Trouble): void {
    if (!this.#options.mayStart(work)) return this.#options.onWait(work, 0);
    const { sink } = this.#options;
    const reduction = REDUCTIONS[trouble.reduction] as Reduction;
    const trace = work.trace?.deadLetterStarted() ?? null;
    const letter = withHeaders(this.#letterFor(work, { trouble, reduction }), trace?.headers);
    const step = ++work.step;
    send(sink, { letter, compressed: reduction.compressed, signal: work.partition.signal }).then(
      ({ topic, partition, offset }) => {
        trace?.stored({ topic, partition, offset });
        if (work.step !== step) return;
        const stored = { topic, partition, offset, reduced: reduction.reduced };
        this.#options.onStored(work, stored);
      },
      (error) => {
        trace?.failed(error);
        if (work.step === step) this.#onFailed(work, { trouble, error });
      },
    );
  }

  #letterFor(
    { message, attempt }: Work,
    { trouble, reduction }: { trouble: Trouble; reduction: Reduction },
  ): DeadLetter {
    const { groupId, serviceVersion, originalOf } = this.#options;
    const original = originalOf?.(message);
    const facts = {
      failure: trouble.failure,
      attempts: attempt,
      firstFailedAt: trouble.firstAt,
      lastFailedAt: trouble.lastAt,
      groupId,
      serviceVersion,
      ...(original === undefined ? {} : { original }),
    };
    return deadLetterFor(original?.message ?? message, { facts, reduction });
  }

  #onFailed(work: Work, { trouble, error }: { trouble: Trouble; error: unknown }): void {
    const { clock, telemetry, onWait } = this.#options;
    if (error instanceof DeadLetterRefused) {
      trouble.reduction = (trouble.reduction + 1) % REDUCTIONS.length;
      if (trouble.reduction > 0) return this.write(work, trouble);
      // Refused without anything that its producer chose: the topic's settings are to blame and may change.
    }
    trouble.delays += 1;
    trouble.delayedBy = error;
    const delayMs = retryDelayMs(trouble.delays, this.#options, clock.random());
    telemetry.deadLetterDelayed(work.message, { attempt: trouble.delays, delayMs, error });
    onWait(work, delayMs);
  }
}

/** Each header instead of those of the same name. */
function withHeaders(letter: DeadLetter, headers: readonly Header[] = []): DeadLetter {
  if (headers.length === 0) return letter;
  const names = new Set(headers.map(([name]) => name));
  const others = letter.headers.filter(([name]) => !names.has(name));
  return { ...letter, headers: [...others, ...headers] };
}

/** A sink that throws instead of rejecting is taken as rejecting. */
async function send(
  sink: DeadLetterSink,
  { letter, ...options }: { letter: DeadLetter; compressed: boolean; signal: AbortSignal },
): Promise<Coordinates> {
  return await sink.send(letter, options);
}
