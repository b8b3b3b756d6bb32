/** What telemetry counts. */

/** How often each thing happened since the start. */
export interface Counts {
  readonly processed: number;
  readonly skipped: number;
  readonly retried: number;
  readonly deadLettered: number;
  /** Dropped on purpose: DLQ_TOPIC=none. */
  readonly dropped: number;
  /** Dead letters that the broker took only without their value. */
  readonly deadLettersWithoutValue: number;
  /** Failed tries to write a dead letter. */
  readonly deadLettersDelayed: number;
  readonly handlersAbandoned: number;
  /** How often a partition was paused because of too many dead letters. */
  readonly breakersOpened: number;
  /** How often the watchdog named a cause for a partition that stood still. */
  readonly stalls: number;
  readonly commits: number;
  readonly committedMessages: number;
  readonly commitFailures: number;
  readonly fetchFailures: number;
  readonly unreadableBatches: number;
  /** Of these, put into the dead-letter topic as they were. */
  readonly quarantinedBatches: number;
  readonly rebalances: number;
  /** Gone from the log before they were processed. */
  readonly lostMessages: number;
}

/** Counts while they move. */
export type RunningCounts = { -readonly [Name in keyof Counts]: Counts[Name] };

/** Before anything happened. */
export function noCounts(): RunningCounts {
  return {
    processed: 0,
    skipped: 0,
    retried: 0,
    deadLettered: 0,
    dropped: 0,
    deadLettersWithoutValue: 0,
    deadLettersDelayed: 0,
    handlersAbandoned: 0,
    breakersOpened: 0,
    stalls: 0,
    commits: 0,
    committedMessages: 0,
    commitFailures: 0,
    fetchFailures: 0,
    unreadableBatches: 0,
    quarantinedBatches: 0,
    rebalances: 0,
    lostMessages: 0,
  };
}
