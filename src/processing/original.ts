/** A message that is the dead letter of another one: what that was, and how the letter got here. */
import type { Coordinates, Message } from "./message.ts";

export interface Original {
  /** As it was first: what handlers see, and what its next dead letter tells. */
  readonly message: Message;
  /** How often it was redriven by now, this time included. */
  readonly replays: number;
  /** Milliseconds since 1970; null unknown. */
  readonly firstFailedAt: number | null;
  /** Where its letter lies. */
  readonly from: Coordinates;
}

/** Reads a message as the dead letter that it is. */
export type OriginalOf = (letter: Message) => Original;
