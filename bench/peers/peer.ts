/** What a peer is, to the bench. */

/** One program that consumes a topic. */
export interface Peer {
  /** For `--only`, and the key of its results. */
  readonly name: string;
  /** For people, in tables and the plot. */
  readonly title: string;
  /** What it makes of a message. */
  readonly decodes: string;
  /** What it checks of it. */
  readonly validates: string;
  /** Is ours, so that plots can say so. */
  readonly isOurs?: boolean;
  /** Measured on each set, not on the first alone. */
  readonly isOnEachSet?: boolean;
  /** Measured at a steady rate, too. */
  readonly isAtRate?: boolean;
  /** Not measured where the backlog is: it differs from another only at a low rate. */
  readonly isAtRateOnly?: boolean;
  /** Installs what it needs. @throws PeerMissing when it cannot run here */
  readonly prepare: () => Promise<PeerCommand>;
}

/** How it is started. */
export interface PeerCommand {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}
