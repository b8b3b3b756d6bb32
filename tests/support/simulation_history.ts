/**
 * What a simulation of the core writes down, in the order in which it happened. An owner is one `Partition` object; a
 * receipt is one message that was delivered to one owner, so that the same offset has a new one after each rebalance.
 * Commands are written down before the core is told, so that all it does about them comes after.
 */

/** A message as it was delivered. */
export interface Receipt {
  readonly id: number;
  readonly offset: number;
  /** What must run one after the other. */
  readonly lane: string;
  readonly bytes: number;
  readonly is: "event" | "invalid" | "tombstone";
}

/** What the core was told to keep to. */
export interface Limits {
  readonly concurrency: number;
  readonly maxAttempts: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
  /** False: what cannot be processed is dropped on purpose. */
  readonly hasDeadLetters: boolean;
  /** Null: dead letters never pause a partition. */
  readonly breaker: { readonly deadLetters: number; readonly of: number } | null;
}

export type Entry = WorldEntry | PartitionEntry | DrainEntry | MessageEntry;

/** Of the world around the core. A place is a topic and a partition. */
export type WorldEntry =
  /** All messages that a partition has. */
  | { readonly kind: "log"; readonly place: string; readonly offsets: readonly number[] }
  | { readonly kind: "lease"; readonly isHeld: boolean }
  /** A handler blocked the event loop: timers are late by as much. */
  | { readonly kind: "passed"; readonly durationMs: number }
  /** Another member has done everything below `to`, and committed it. */
  | { readonly kind: "elsewhere"; readonly place: string; readonly to: number }
  /** The group has our commit, which says what is done above it, too. */
  | {
    readonly kind: "committed";
    readonly place: string;
    readonly offset: number;
    readonly done: readonly { readonly first: number; readonly last: number }[];
  }
  | { readonly kind: "defect"; readonly text: string }
  /** No more faults, and everything had its time. */
  | { readonly kind: "over" };

/** Of one owner. */
export type PartitionEntry =
  | {
    readonly kind: "assigned";
    readonly owner: number;
    readonly place: string;
    readonly position: number;
  }
  /** The core wants more. */
  | { readonly kind: "asked"; readonly owner: number }
  | {
    readonly kind: "delivered";
    readonly owner: number;
    readonly from: number;
    readonly next: number;
    readonly receipts: readonly Receipt[];
  }
  /** What the core answered to the last delivery. */
  | { readonly kind: "answered"; readonly owner: number; readonly isTaken: boolean }
  /** What the core says of itself. */
  | {
    readonly kind: "observed";
    readonly owner: number;
    readonly prefix: number;
    readonly position: number;
  }
  /** The core offers an offset to be committed. */
  | { readonly kind: "offered"; readonly owner: number }
  /** The log begins at `to` now; what was to be read below it is gone. */
  | { readonly kind: "lost"; readonly owner: number; readonly to: number }
  | { readonly kind: "resumed" | "suspended" | "dropped"; readonly owner: number }
  /** The core says that there were too many dead letters, and that it goes on. */
  | { readonly kind: "paused" | "goes_on"; readonly owner: number }
  /** An operator wants it to stand still, and no longer. */
  | { readonly kind: "held" | "let_go"; readonly owner: number }
  | { readonly kind: "readopted"; readonly owner: number; readonly committed: number };

/** Of one drain. Times are the simulation's, in ms. */
export type DrainEntry =
  | {
    readonly kind: "draining";
    readonly drain: number;
    readonly owners: readonly number[];
    readonly until: number;
  }
  | {
    readonly kind: "drained";
    readonly drain: number;
    readonly isDrained: boolean;
    readonly at: number;
  };

/** Of one receipt. */
export type MessageEntry =
  /** The handler is called. */
  | { readonly kind: "started"; readonly id: number; readonly attempt: number }
  /** The handler is over, however late. */
  | {
    readonly kind: "ended";
    readonly id: number;
    readonly attempt: number;
    readonly how: "ok" | "failed" | "permanent" | "fatal";
  }
  /** Telemetry that is no outcome. */
  | { readonly kind: "abandoned" | "retried" | "delayed"; readonly id: number }
  /** A dead letter is sent, or is not or may not be there. */
  | { readonly kind: "letter" | "letter_failed"; readonly id: number }
  /** A dead letter is in its topic. */
  | { readonly kind: "stored"; readonly id: number; readonly letter: number }
  | {
    readonly kind: "outcome";
    readonly id: number;
    /** `elsewhere` is a skip of what the group had done meanwhile. */
    readonly outcome: "processed" | "dead_lettered" | "skipped" | "elsewhere";
    readonly letter: number | null;
  };

/** The entry of one kind. */
export type EntryOf<K extends Entry["kind"]> = Extract<Entry, { readonly kind: K }>;
