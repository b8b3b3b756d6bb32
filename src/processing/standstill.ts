/**
 * What holds a partition up: asked for when one stands still or somebody looks, so nothing is noted for it on a message's way but the
 * time of its start.
 */
import type { Coordinates, Message } from "./message.ts";
import type { Partition } from "./partition.ts";
import type { Work } from "./work.ts";

/** A message that is held, and what it is at. */
export interface HeldMessage extends Coordinates {
  /**
   * `queued` for its first attempt · `handling` · `retrying`: between two attempts · `dead_lettering`: its dead letter
   * is not written yet · `halted` by a FatalError.
   */
  readonly doing: "queued" | "handling" | "retrying" | "dead_lettering" | "halted";
  /** Of the handler, or of the dead letter; 0 before the first. */
  readonly attempt: number;
  /** Milliseconds since its first attempt began; null when it has not, or ended at once. */
  readonly ageMs: number | null;
  /** Why the last attempt failed, by code and in words; null when none has. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** A message that was begun and is not done. */
export interface SlowMessage {
  readonly held: HeldMessage;
  readonly message: Message;
  /** How many messages of the same key wait for it, as far as they are counted. */
  readonly waitingBehind: number;
}

/** Long queues are not counted to their end. */
export const WAITING_BEHIND_MAX = 1_000;

/** The message that the prefix of a partition waits for; null when nothing is held. */
export function firstHeld(partition: Partition, nowMs: number): HeldMessage | null {
  for (const work of partition.held) return describe(work, nowMs);
  return null;
}

/** Of what is being handled anywhere, what takes longest; null when nothing is. */
export function slowestHandled(
  partitions: readonly Partition[],
  nowMs: number,
): HeldMessage | null {
  let slowest: Work | null = null;
  for (const { held } of partitions) {
    for (const work of held) {
      if (work.state !== "running" || work.startedAt === null) continue;
      if (slowest === null || work.startedAt < (slowest.startedAt ?? nowMs)) slowest = work;
    }
  }
  return slowest === null ? null : describe(slowest, nowMs);
}

/** Of what was begun and is not done, what takes longest; the slowest first. */
export function slowestHeld(
  partitions: readonly Partition[],
  { nowMs, max }: { readonly nowMs: number; readonly max: number },
): SlowMessage[] {
  const begun: Work[] = [];
  for (const { held, inFlight } of partitions) {
    if (inFlight === 0) continue;
    for (const work of held) if (work.attempt > 0 && work.state !== "done") begun.push(work);
  }
  const startOf = (work: Work) => work.startedAt ?? nowMs;
  return begun.sort((a, b) => startOf(a) - startOf(b)).slice(0, max).map((work) => ({
    held: describe(work, nowMs),
    message: work.message,
    waitingBehind: countBehind(work),
  }));
}

function countBehind(work: Work): number {
  let count = 0;
  for (let next = work.next; next !== null && count < WAITING_BEHIND_MAX; next = next.next) count++;
  return count;
}

function describe(work: Work, nowMs: number): HeldMessage {
  const { topic, partition, offset } = work.message;
  const { trouble, startedAt } = work;
  const doing = whatItDoes(work);
  const isLetter = doing === "dead_lettering";
  const reason = isLetter && trouble !== null ? letterFailure(trouble.delayedBy) : trouble?.failure;
  return {
    topic,
    partition,
    offset,
    doing,
    attempt: isLetter ? trouble?.delays ?? 0 : work.attempt,
    ageMs: startedAt === null ? null : Math.round(nowMs - startedAt),
    failure: reason ?? null,
  };
}

function whatItDoes({ state, trouble, attempt }: Work): HeldMessage["doing"] {
  if (state === "halted") return "halted";
  if (trouble?.isFinal) return "dead_lettering";
  if (state === "running") return "handling";
  return attempt > 0 ? "retrying" : "queued";
}

function letterFailure(error: unknown): { code: string; message: string } | null {
  if (error === null) return null;
  const message = error instanceof Error ? error.message : String(error);
  return { code: "dead_letter_not_written", message };
}
