/** What makes a service one that redrives dead letters; everything else about it is as in any other. */
import type { Selection } from "../dead_letters/selection.ts";
import type { Refusal } from "../kafka/generation.ts";
import type { AttemptOptions } from "../processing/attempts.ts";
import type { DeadLetter, DeadLetterSink } from "../processing/dead_letter.ts";
import type { Coordinates } from "../processing/message.ts";
import type { OriginalOf } from "../processing/original.ts";
import type { Parts } from "../wiring.ts";

export interface Redriving {
  /** The one assignor that it offers: brokers let no member of another kind into the group. */
  readonly protocol: string;
  /** Which letters it takes. */
  readonly selection: Selection;
  readonly originalOf: OriginalOf;
  /** Parks letters instead of handling them; null handles them. */
  readonly instead: ((letters: DeadLetterSink) => NonNullable<AttemptOptions["instead"]>) | null;
  /** Where a letter goes that fails again. */
  readonly topicFor: (letter: DeadLetter) => string;
  /** Dead-letter topic -> where parked letters are. */
  readonly parkedTopicFor: (topic: string) => string;
  /** A letter was stored. */
  readonly onStored: (place: Coordinates) => void;
  /** True: it is dealt with. */
  readonly onRefused: (refusal: Refusal) => boolean;
  /** The parts are made. */
  readonly attach: (parts: Parts) => void;
}

/** Tells of each letter that was stored. */
export class ToldSink implements DeadLetterSink {
  readonly #sink: DeadLetterSink;
  readonly #onStored: (place: Coordinates) => void;

  constructor(sink: DeadLetterSink, onStored: (place: Coordinates) => void) {
    this.#sink = sink;
    this.#onStored = onStored;
  }

  async send(...args: Parameters<DeadLetterSink["send"]>): Promise<Coordinates> {
    const place = await this.#sink.send(...args);
    this.#onStored(place);
    return place;
  }
}
