/** Moves letters to the parked topic, byte for byte: they are done only when the broker has acknowledged them there. */
import {
  type DeadLetter,
  DeadLetterRefused,
  type DeadLetterSink,
} from "../processing/dead_letter.ts";
import { FatalError } from "../processing/failure.ts";
import type { HandlerContext, Message } from "../processing/message.ts";

/** Where letters are parked. */
export function parkedTopicFor(deadLetterTopic: string): string {
  return `${deadLetterTopic}.parked`;
}

/** Where a letter goes that a redrive writes: back, or into the parked topic once it has failed often enough. */
export function topicOf(
  { from, replays = 0, source }: DeadLetter,
  { dlqMaxReplays }: { readonly dlqMaxReplays: number },
): string {
  if (from === undefined) return parkedTopicFor(source.topic); // as it is, or a batch that cannot be read
  return replays >= dlqMaxReplays ? parkedTopicFor(from.topic) : from.topic;
}

/** Parks one letter. Throws what makes it worth trying again, and FatalError where that cannot help. */
export function parkWith(
  letters: DeadLetterSink,
): (message: Message, context: HandlerContext) => Promise<void> {
  return async ({ topic, partition, offset, key, value, headers, timestamp }, { signal }) => {
    const source = { topic, partition, offset };
    const time = timestamp < 0 ? {} : { timestamp };
    const letter = { source, key, value, headers, ...time };
    try {
      await letters.send(letter, { compressed: false, signal });
    } catch (error) {
      if (!(error instanceof DeadLetterRefused)) throw error;
      await letters.send(letter, { compressed: true, signal }).catch((again) => {
        throw again instanceof DeadLetterRefused ? tooLarge(source, again) : again;
      });
    }
  };
}

function tooLarge(
  { topic, partition, offset }: { topic: string; partition: number; offset: number },
  cause: DeadLetterRefused,
): FatalError {
  const place = `${topic}[${partition}]@${offset}`;
  const text =
    `Raise max.message.bytes of the parked topic, it does not take ${place}: ${cause.message}`;
  return new FatalError(text, { code: "parking_refused", cause });
}
