/**
 * How the process ends. The codes are those of sysexits.h where one fits, so that a supervisor can tell what a
 * restart would not mend (64, 77, 78) from what it may.
 */
export const EXIT = {
  /** All done, or drained after a signal. */
  OK: 0,
  /** `healthcheck`: not healthy. */
  UNHEALTHY: 1,
  /** The command line cannot be understood. */
  USAGE: 64,
  /** An offset is gone, or refused by AUTO_OFFSET_RESET=none; there is no such dead letter. */
  DATA: 65,
  /** No broker, or no topic, within MAX_RETRIES. */
  UNAVAILABLE: 69,
  /** A bug, a handler's FatalError, a partition that stood still, or sums of the demo that do not add up. */
  INTERNAL: 70,
  /** What a command prints cannot be written. */
  IO: 74,
  /** Stopped before all was done, it comes again; or another redrive is under way. */
  INCOMPLETE: 75,
  /** The brokers refuse our credentials or permissions. */
  NO_PERMISSION: 77,
  /** Settings that cannot work. */
  CONFIG: 78,
  /** A second SIGINT. */
  INTERRUPTED: 130,
  /** A second SIGTERM. */
  TERMINATED: 143,
} as const;

export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** Ends the process with a code that says why; the message says what to do. */
export class ExitError extends Error {
  override readonly name = "ExitError";
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
