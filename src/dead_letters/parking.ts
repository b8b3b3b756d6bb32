/** Moves letters to the parked topic, byte for byte: they are done only when the broker has acknowledged them there. */
import { DeadLetterRefused, type DeadLetterSink } from "../processing/dead_letter.ts";
import { FatalError } from "../processing/failure.ts";
import type { HandlerContext, Message } from "../processing/message.ts";

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
