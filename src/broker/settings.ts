/** What can be set of the embedded broker. Where Kafka has the setting, it has Kafka's name and meaning. */

export interface BrokerSettings {
  /** How many nodes; ids count from 0. */
  readonly nodes: number;
  readonly numPartitions: number;
  readonly defaultReplicationFactor: number;
  /** Create topics that clients ask for. */
  readonly autoCreateTopicsEnable: boolean;
  readonly messageMaxBytes: number;
  /**
   * How much memory one partition may take before its oldest batches are dropped, whatever `retention.ms` says; below
   * 0 there is no bound. A topic's own `retention.bytes` comes first, unless it is below 0.
   */
  readonly logRetentionBytes: number;
  readonly groupInitialRebalanceDelayMs: number;
  readonly groupMinSessionTimeoutMs: number;
  readonly groupMaxSessionTimeoutMs: number;
  readonly groupMaxSize: number;
  readonly offsetMetadataMaxBytes: number;
  /** A larger request closes its connection. */
  readonly socketRequestMaxBytes: number;
  /** Connections of one node; one more is closed at once. */
  readonly maxConnections: number;
  /** How many of the newest commits are kept for `commits()`; 0 for none. */
  readonly maxCommitRecords: number;
}

const MIB = 1024 * 1024;

/** Kafka's defaults, but for what would make a demo or a test slow or large. */
export const DEFAULT_SETTINGS: BrokerSettings = {
  nodes: 1,
  numPartitions: 1,
  defaultReplicationFactor: 1,
  autoCreateTopicsEnable: false,
  messageMaxBytes: 1_048_588,
  logRetentionBytes: 32 * MIB,
  groupInitialRebalanceDelayMs: 0,
  groupMinSessionTimeoutMs: 1_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupMaxSize: 1_000,
  offsetMetadataMaxBytes: 4_096,
  socketRequestMaxBytes: 100 * MIB,
  maxConnections: 1_000,
  maxCommitRecords: 10_000,
};

/**
 * The settings with their defaults; the replication factor defaults to all nodes, at most three.
 *
 * @throws RangeError when a number makes no sense
 */
export function settingsOf(given: Partial<BrokerSettings>): BrokerSettings {
  const nodes = given.nodes ?? DEFAULT_SETTINGS.nodes;
  const defaults = { ...DEFAULT_SETTINGS, defaultReplicationFactor: Math.min(3, nodes) };
  const settings = { ...defaults, ...given };
  if (!Number.isInteger(nodes) || nodes < 1) {
    throw new RangeError(`Set nodes to a whole number from 1 on: ${nodes}`);
  }
  return settings;
}
