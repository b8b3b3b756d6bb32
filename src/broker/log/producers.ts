/**
 * What a partition knows of idempotent producers: the last batches of each, so that a batch that is sent again is
 * answered with the offset it has, and one out of order is refused. Bounded; the producer unheard of for longest
 * is forgotten first, and may then go on with any sequence, as on a real broker.
 */
import { ERROR } from "../error_codes.ts";
import type { BatchHead } from "./record_batch.ts";

/** A producer may have this many batches on their way (`max.in.flight.requests.per.connection`). */
const REMEMBERED_BATCHES = 5;
const MAX_PRODUCERS = 1000;
/** Sequences wrap around after the largest 32-bit number. */
const SEQUENCES = 2 ** 31;

interface RememberedBatch {
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

interface Producer {
  readonly epoch: number;
  readonly batches: readonly RememberedBatch[];
}

/** `append`: go on. `duplicate`: it is there already. `refuse`: answer the error. */
export type SequenceVerdict =
  | { readonly kind: "append" }
  | { readonly kind: "duplicate"; readonly baseOffset: number }
  | { readonly kind: "refuse"; readonly errorCode: number };

const APPEND: SequenceVerdict = { kind: "append" };

export class Producers {
  readonly #producers = new Map<number, Producer>();

  /** Decides on a batch before it is appended. */
  check(head: BatchHead): SequenceVerdict {
    if (head.producerId < 0) return APPEND;
    const known = this.#producers.get(head.producerId);
    if (known === undefined) return APPEND;
    if (head.producerEpoch < known.epoch) return refuse(ERROR.INVALID_PRODUCER_EPOCH);
    if (head.producerEpoch > known.epoch) {
      return head.baseSequence === 0 ? APPEND : refuse(ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    const lastSequence = lastSequenceOf(head);
    const same = known.batches.find((batch) =>
      batch.baseSequence === head.baseSequence && batch.lastSequence === lastSequence
    );
    if (same !== undefined) return { kind: "duplicate", baseOffset: same.baseOffset };
    const expected = ((known.batches.at(-1)?.lastSequence ?? -1) + 1) % SEQUENCES;
    if (head.baseSequence === expected) return APPEND;
    return refuse(ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER);
  }

  /** Remembers a batch that was appended. */
  remember(head: BatchHead, baseOffset: number): void {
    if (head.producerId < 0 || head.isControl) return;
    const known = this.#producers.get(head.producerId);
    const earlier = known?.epoch === head.producerEpoch ? known.batches : [];
    const { baseSequence } = head;
    const batch = { baseSequence, lastSequence: lastSequenceOf(head), baseOffset };
    this.#producers.delete(head.producerId);
    this.#producers.set(head.producerId, {
      epoch: head.producerEpoch,
      batches: [...earlier, batch].slice(-REMEMBERED_BATCHES),
    });
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    if (this.#producers.size <= MAX_PRODUCERS) return;
    for (const oldest of this.#producers.keys()) {
      this.#producers.delete(oldest);
      return;
    }
  }
}

function lastSequenceOf(head: BatchHead): number {
  return (head.baseSequence + head.lastOffsetDelta) % SEQUENCES;
}

function refuse(errorCode: number): SequenceVerdict {
  return { kind: "refuse", errorCode };
}
