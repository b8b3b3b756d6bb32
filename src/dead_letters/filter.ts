/** Which letters somebody means: each condition that is set must hold. */
import { type Letter, messageOf } from "./letter.ts";

export interface LetterFilter {
  readonly fingerprint: string | null;
  /** The code, or a part of the reason's text. */
  readonly reason: string | null;
  /** Where the message was first; a letter that does not say counts where it lies. */
  readonly topic: string | null;
  readonly partition: number | null;
  /** It failed at or after this, and before that: milliseconds since 1970. */
  readonly since: number | null;
  readonly until: number | null;
}

export const EVERY_LETTER: LetterFilter = {
  fingerprint: null,
  reason: null,
  topic: null,
  partition: null,
  since: null,
  until: null,
};

export function matches(letter: Letter, filter: LetterFilter): boolean {
  const { fingerprint, reason, topic, partition, since, until } = filter;
  const message = messageOf(letter);
  return (fingerprint === null || letter.fingerprint === fingerprint) &&
    (reason === null || letter.code === reason || (letter.reason ?? "").includes(reason)) &&
    (topic === null || message.topic === topic) &&
    (partition === null || message.partition === partition) &&
    (since === null || letter.failedAt >= since) &&
    (until === null || (letter.failedAt >= 0 && letter.failedAt < until));
}
