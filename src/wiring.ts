/**
 * Settings in, parts out: makes the parts of the service and tells each whom to call. Nothing starts here.
 */
import type { Config } from "./config.ts";
import { kafkajsLogger, securityFrom } from "./kafka/client.ts";
import { Committer, type CommitterOptions } from "./kafka/committer.ts";
import type { ConnectOptions } from "./kafka/connect.ts";
import { Connections } from "./kafka/connections.ts";
import { Consumer } from "./kafka/consumer.ts";
import { Coordinator } from "./kafka/coordinator.ts";
import { Fetcher, type FetcherOptions } from "./kafka/fetcher.ts";
import type { Refusal } from "./kafka/generation.ts";
import { Membership } from "./kafka/membership.ts";
import { Metadata } from "./kafka/metadata.ts";
import { Offsets } from "./kafka/offsets.ts";
import { Positions } from "./kafka/positions.ts";
import { DeadLetterProducer } from "./kafka/producer.ts";
import { EXIT, ExitError } from "./ops/exit.ts";
import type { Health } from "./ops/health.ts";
import type { Telemetry } from "./ops/telemetry.ts";
import { Assignment } from "./processing/assignment.ts";
import type { Clock } from "./processing/clock.ts";
import type { Handlers } from "./processing/handler.ts";
import type { Logger } from "./processing/message.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly health: Health;
  readonly version: string;
}

/** What the parts tell the service. */
export interface ServiceListener {
  onFatal(error: ExitError): void;
  onRefused(refusal: Refusal): void;
  onFirstJoin(): void;
}

export interface Parts {
  readonly assignment: Assignment;
  readonly committer: Committer;
  readonly connect: ConnectOptions;
  readonly connections: Connections;
  readonly consumer: Consumer;
  readonly coordinator: Coordinator;
  readonly fetcher: Fetcher;
  readonly membership: Membership;
  readonly metadata: Metadata;
}

/** Drains of a rebalance end well before the coordinator gives up on us. */
const REVOKE_DRAIN_SHARE = 0.5;

export function wire(options: ServiceOptions, listener: ServiceListener): Parts {
  const cluster = wireCluster(options, () => {
    membership.onMetadataChange();
    consumer.onMetadataChange();
  });
  const { assignment, deadLetterTopicFor } = wireProcessing(options, {
    cluster,
    listener,
    holdsLease: () => membership.lease.holds,
    onRoom: () => fetcher.wake(),
    onProgress: (messages) => committer.onProgress(messages),
  });
  const fetcher: Fetcher = wireFetcher(options, {
    cluster,
    assignment,
    onOutOfRange: (partition) => consumer.onOutOfRange(partition),
    onNewLeader: (partition) => consumer.onNewLeader(partition),
    onRefused: (partition, code) => consumer.onFetchRefused(partition, code),
  });
  const committer: Committer = wireCommitter(options, {
    cluster,
    assignment,
    generation: () => membership.generation,
    identity: (generation) => membership.identity(generation),
    metadataFor: (point) => consumer.commitMetadata(point),
  });
  const consumer: Consumer = wireConsumer(options, {
    cluster,
    listener,
    assignment,
    fetcher,
    committer,
  });
  const { config } = options;
  const membership: Membership = new Membership({
    ...cluster,
    groupId: config.kafkaGroupId,
    groupInstanceId: config.kafkaGroupInstanceId,
    topics: config.kafkaTopic,
    sessionTimeoutMs: config.sessionTimeoutMs,
    rebalanceTimeoutMs: config.rebalanceTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    listener: consumer,
  });
  const connect: ConnectOptions = {
    ...cluster,
    topics: config.kafkaTopic,
    groupId: config.kafkaGroupId,
    retentionMs: config.dlqRetentionMs,
    deadLetterTopicFor,
  };
  const { caller: connections, coordinator, metadata } = cluster;
  const kafka = { connect, connections, coordinator, metadata, membership };
  return { ...kafka, assignment, committer, consumer, fetcher };
}

/** How brokers are reached and what is known of them: what all of the edge is built on. */
interface Cluster {
  readonly caller: Connections;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly metadata: Metadata;
  readonly coordinator: Coordinator;
}

function wireCluster(
  { config, clock, health, logger, telemetry }: ServiceOptions,
  onMetadataChange: () => void,
): Cluster {
  const { requestTimeoutMs } = config;
  const caller = new Connections({
    ...securityFrom(config),
    clientId: config.kafkaClientId,
    connectionTimeoutMs: config.socketConnectionSetupTimeoutMs,
    requestTimeoutMs,
    clock,
    kafkajsLogger: kafkajsLogger(logger),
  });
  const metadata: Metadata = new Metadata({
    caller,
    clock,
    requestTimeoutMs,
    bootstrap: config.kafkaBrokers.map(({ host, port }, i) => ({ id: -1 - i, host, port })),
    maxAgeMs: config.metadataMaxAgeMs,
    onChange: onMetadataChange,
    onUnreachable: (facts) => {
      health.setProblem("kafka", "no broker answers");
      telemetry.brokersUnreachable({ ...facts, brokers: metadata.brokers.length });
    },
    onReachable: () => {
      health.setProblem("kafka", null);
      telemetry.brokersBack();
    },
  });
  const coordinator = new Coordinator({
    caller,
    clock,
    lookUp: () => metadata.findCoordinator(config.kafkaGroupId),
    onFailed: (error) => telemetry.coordinatorUnknown({ error }),
  });
  return { caller, clock, requestTimeoutMs, metadata, coordinator };
}

function wireFetcher(
  { config, telemetry }: ServiceOptions,
  { cluster, assignment, ...callbacks }:
    & { readonly cluster: Cluster; readonly assignment: Assignment }
    & Pick<FetcherOptions, "onOutOfRange" | "onNewLeader" | "onRefused">,
): Fetcher {
  return new Fetcher({
    ...cluster,
    ...callbacks,
    limits: {
      maxWaitMs: config.fetchMaxWaitMs,
      minBytes: config.fetchMinBytes,
      maxBytes: config.fetchMaxBytes,
      maxPartitionBytes: config.maxPartitionFetchBytes,
    },
    maxDecompressedBytes: config.maxDecompressedBytes,
    partitions: () => assignment.all(),
    deliver: (partition, delivery) => assignment.deliver(partition, delivery),
    onUnreadable: ({ topic, partition }, batch) =>
      telemetry.batchUnreadable({ topic, partition, ...batch }),
    onFailed: (broker, error) => telemetry.fetchFailed({ broker, error }),
  });
}

function wireCommitter(
  { config, telemetry }: ServiceOptions,
  { cluster, assignment, ...callbacks }:
    & { readonly cluster: Cluster; readonly assignment: Assignment }
    & Pick<CommitterOptions, "generation" | "identity" | "metadataFor">,
): Committer {
  return new Committer({
    ...cluster,
    ...callbacks,
    enabled: config.enableAutoCommit,
    intervalMs: config.autoCommitIntervalMs,
    maxMessages: config.commitMaxMessages,
    snapshot: (which) => assignment.snapshot(which),
    onCommitted: (facts) => telemetry.offsetsCommitted(facts),
    onFailed: (facts) => telemetry.commitFailed(facts),
  });
}

function wireConsumer(
  { config, health, telemetry }: ServiceOptions,
  { cluster, listener, ...parts }: {
    readonly cluster: Cluster;
    readonly listener: ServiceListener;
    readonly assignment: Assignment;
    readonly fetcher: Fetcher;
    readonly committer: Committer;
  },
): Consumer {
  const { metadata } = cluster;
  const offsets = new Offsets({
    ...cluster,
    groupId: config.kafkaGroupId,
    onRefused: (text, code) => listener.onRefused({ of: "group", text, code, final: false }),
  });
  const positions = new Positions({
    offsets,
    telemetry,
    autoOffsetReset: config.autoOffsetReset,
    readFromBeginning: config.readFromBeginning,
    partitionsOf: (topic) => metadata.partitionsOf(topic),
    topicId: (topic) => metadata.topic(topic)?.id ?? null,
    onNoOffset: (reason) => listener.onFatal(noOffset(reason)),
  });
  return new Consumer({
    ...cluster,
    ...parts,
    offsets,
    positions,
    telemetry,
    autoOffsetReset: config.autoOffsetReset,
    enableAutoCommit: config.enableAutoCommit,
    revokeDrainMs: config.rebalanceTimeoutMs * REVOKE_DRAIN_SHARE,
    onRefused: (refusal) => listener.onRefused(refusal),
    onAccepted: () => health.setProblem("group", null),
    onFirstJoin: () => listener.onFirstJoin(),
  });
}

/** The core, with the dead letters' way out. */
function wireProcessing(
  { config, clock, handlers, logger, telemetry, version }: ServiceOptions,
  edge: {
    readonly cluster: Cluster;
    readonly listener: ServiceListener;
    readonly holdsLease: () => boolean;
    readonly onRoom: () => void;
    readonly onProgress: (messages: number) => void;
  },
): { assignment: Assignment; deadLetterTopicFor: ((source: string) => string) | null } {
  const { cluster, listener } = edge;
  const deadLetterTopicFor = config.dlqTopic === "none"
    ? null
    : (source: string) => config.dlqTopic ?? `${source}.dlq`;
  const deadLetters = deadLetterTopicFor === null ? null : new DeadLetterProducer({
    ...cluster,
    topicFor: deadLetterTopicFor,
  });
  const assignment = new Assignment({
    clock,
    handlers,
    logger,
    telemetry,
    deadLetters,
    concurrency: config.concurrency,
    unkeyedOrder: config.unkeyedOrder,
    windowMessages: config.partitionWindowMessages,
    windowBytes: config.partitionWindowBytes,
    handlerTimeoutMs: config.handlerTimeoutMs,
    maxAttempts: config.processingMaxAttempts,
    backoffMs: config.processingBackoffMs,
    backoffMaxMs: config.processingBackoffMaxMs,
    groupId: config.kafkaGroupId,
    serviceVersion: version,
    mayStart: edge.holdsLease,
    onRoom: edge.onRoom,
    onProgress: edge.onProgress,
    onFatal: (error) => {
      const { code, message } = error;
      const text = code === "defect" ? message : `A handler asked the service to stop: ${message}`;
      listener.onFatal(new ExitError(EXIT.INTERNAL, text, { cause: error }));
    },
  });
  return { assignment, deadLetterTopicFor };
}

function noOffset(reason: string): ExitError {
  const text = `Set AUTO_OFFSET_RESET to earliest or latest, or commit an offset: ${reason}`;
  return new ExitError(EXIT.DATA, text);
}
