/** What `/dead-letters` answers: dead letters by cause, as they were last looked at, and what operators did with them. */
import type { Coordinates } from "../../processing/message.ts";

/** Times are milliseconds since 1970. */
export interface DeadLettersDocument {
  /** Where they lie; none with DLQ_TOPIC=none. */
  readonly topics: readonly string[];
  /** Why they could not be looked at, the last time; null when they could. */
  readonly problem: string | null;
  /** Null before the first look has ended. */
  readonly look: LettersLook | null;
  /** The last one, or the one that is under way; null when there was none. */
  readonly rehearsal: RehearsalState | null;
  /** The last one of this process, or the one that is under way; null when there was none. */
  readonly redrive: RedriveState | null;
}

export interface LettersLook {
  readonly at: number;
  /** False: there are more than could be read in the time for it, and these are the first. */
  readonly isComplete: boolean;
  /** Letters that nobody has dealt with. */
  readonly count: number;
  /** Letters in the topics that have been dealt with; null when nobody says. */
  readonly settled: number | null;
  /** The most frequent first, so many at most. */
  readonly causes: readonly LetterCause[];
  /** How many more causes there are. */
  readonly moreCauses: number;
}

/** Letters that failed in the same way. */
export interface LetterCause {
  readonly fingerprint: string | null;
  readonly stage: string | null;
  readonly code: string | null;
  /** Of the newest; null also where it may hold content that is not to be shown. */
  readonly reason: string | null;
  readonly count: number;
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  /** The most often that one of them was redriven in vain. */
  readonly replays: number;
  /** How many failed in each of the last 24 hours, the latest one last. */
  readonly trend: readonly number[];
  /** Where the first ones and the last one lie. */
  readonly samples: readonly Coordinates[];
}

export interface RehearsalState {
  readonly by: string;
  /** Of this cause only; null: of all. */
  readonly fingerprint: string | null;
  readonly startedAt: number;
  /** Null: it is under way. */
  readonly endedAt: number | null;
  /** False: the time for it ran out, or it is under way. */
  readonly isComplete: boolean;
  /** Why it ended early; null when it did not. */
  readonly problem: string | null;
  /** Letters so far. */
  readonly count: number;
  readonly causes: readonly RehearsedCause[];
  /** What would stop letters now, the most frequent first. */
  readonly failures: readonly RehearsedFailure[];
}

/** Letters of one cause, by what would become of them: see `Prospect` in src/dead_letters/rehearsal.ts. */
export interface RehearsedCause {
  readonly fingerprint: string | null;
  readonly count: number;
  readonly passes: number;
  readonly valid: number;
  readonly fails: number;
  readonly never: number;
}

export interface RehearsedFailure {
  readonly fingerprint: string;
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
  readonly count: number;
  readonly sample: Coordinates;
}

export interface RedriveState {
  readonly by: string;
  /** Of this cause only; null: of all. */
  readonly fingerprint: string | null;
  readonly startedAt: number;
  /** Null: it is under way. */
  readonly endedAt: number | null;
  readonly state: "starting" | "running" | "stopping" | "ended";
  /** Letters that were begun. */
  readonly taken: number;
  readonly processed: number;
  /** They have no value. */
  readonly skipped: number;
  /** Failed again, and lie in the dead-letter topic anew. */
  readonly returned: number;
  readonly parked: number;
  /** Why it ended: `all`, `count`, `stopped`, `marks`, `uncommitted`; null while it is under way, or with a problem. */
  readonly ending: string | null;
  /** Why it could not go on; null when it could. */
  readonly problem: string | null;
}
