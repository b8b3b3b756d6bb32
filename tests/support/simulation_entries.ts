/** Short ways to make up the history of a simulation, for the tests of its oracle. */
import type { Entry, EntryOf, Limits, Receipt } from "./simulation_history.ts";

export const LIMITS: Limits = {
  concurrency: 2,
  maxAttempts: 2,
  windowMessages: 4,
  windowBytes: 1_000,
  hasDeadLetters: true,
  breaker: null,
};

/** Owner 1 reads t/0, which has offsets 0, 1, 2 and 4; the receipt of an offset has the same number. */
export const BEGIN: readonly Entry[] = [
  { kind: "log", place: "t/0", offsets: [0, 1, 2, 4] },
  { kind: "assigned", owner: 1, place: "t/0", position: 0 },
];

export function receipt(offset: number, own: Partial<Receipt> = {}): Receipt {
  return { id: offset, offset, lane: `key ${offset}`, bytes: 10, is: "event", ...own };
}

export function delivered(
  receipts: readonly Receipt[],
  own: { readonly from?: number; readonly next?: number; readonly isTaken?: boolean } = {},
): readonly Entry[] {
  const { from = 0, next = 5, isTaken = true } = own;
  return [
    { kind: "delivered", owner: 1, from, next, receipts },
    { kind: "answered", owner: 1, isTaken },
  ];
}

export function started(id: number, attempt = 1): Entry {
  return { kind: "started", id, attempt };
}

export function ended(
  id: number,
  how: "ok" | "failed" | "permanent" | "fatal" = "ok",
  attempt = 1,
): Entry {
  return { kind: "ended", id, attempt, how };
}

export function processed(id: number): Entry {
  return { kind: "outcome", id, outcome: "processed", letter: null };
}

export function done(id: number): readonly Entry[] {
  return [started(id), ended(id), processed(id)];
}

export function deadLettered(id: number, letter: number | null): Entry {
  return { kind: "outcome", id, outcome: "dead_lettered", letter };
}

export function observed(prefix: number, position = 5): Entry {
  return { kind: "observed", owner: 1, prefix, position };
}

export function committed(offset: number, done: EntryOf<"committed">["done"] = []): Entry {
  return { kind: "committed", place: "t/0", offset, done };
}

export function draining(until = 100): Entry {
  return { kind: "draining", drain: 1, owners: [1], until };
}

export function drained(isDrained: boolean, at = 50): Entry {
  return { kind: "drained", drain: 1, isDrained, at };
}

export const OF_ONE: readonly Receipt[] = [0, 1].map((offset) => receipt(offset, { lane: "one" }));
export const ALL = delivered([0, 1, 2, 4].map((offset) => receipt(offset)));
export const DROPPED: Entry = { kind: "dropped", owner: 1 };
export const PAUSED: Entry = { kind: "paused", owner: 1 };
export const HELD: Entry = { kind: "held", owner: 1 };
export const SUSPENDED: Entry = { kind: "suspended", owner: 1 };
export const COMMITTED_2: Entry = { kind: "elsewhere", place: "t/0", to: 2 };
export const READOPTED_2: Entry = { kind: "readopted", owner: 1, committed: 2 };
export const NO_LEASE: Entry = { kind: "lease", isHeld: false };
