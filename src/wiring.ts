/**
 * Settings in, parts out: makes the parts of the service and tells each whom to call. Nothing starts here.
 */
import { type Access, isAccessError } from "./kafka/access.ts";
import type { Security } from "./kafka/client.ts";
import { Committer, type CommitterOptions } from "./kafka/committer.ts";
import type { ConnectOptions } from "./kafka/connect.ts";
import type { ClosableCaller } from "./kafka/connections.ts";
import { Consumer } from "./kafka/consumer.ts";
import type { Coordinator } from "./kafka/coordinator.ts";
import { Fetcher, type FetcherOptions } from "./kafka/fetcher.ts";
import { Membership } from "./kafka/membership.ts";
import type { Metadata } from "./kafka/metadata.ts";
import { Offsets } from "./kafka/offsets.ts";
import { Positions } from "./kafka/positions.ts";
import { DeadLetterProducer } from "./kafka/producer.ts";
import type { Quarantine } from "./kafka/quarantine.ts";
import { SingleFetch } from "./kafka/single_fetch.ts";
import { EXIT, ExitError } from "./ops/exit.ts";
import { Assignment } from "./processing/assignment.ts";
import type { DeadLetterSink } from "./processing/dead_letter.ts";
import type { Partition } from "./processing/partition.ts";
import { wireProbes } from "./wiring/breaker.ts";
import { type Cluster, wireCluster } from "./wiring/cluster.ts";
import { chooseFastPath } from "./wiring/fast_path.ts";
import { wireQuarantine } from "./wiring/quarantine.ts";
import type { ServiceListener, ServiceOptions } from "./wiring/service_options.ts";

export interface Parts {
  readonly access: Access;
  readonly assignment: Assignment;
  readonly committer: Committer;
  readonly connect: ConnectOptions;
  readonly connections: ClosableCaller;
  readonly consumer: Consumer;
  readonly coordinator: Coordinator;
  readonly fetcher: Fetcher;
  readonly membership: Membership;
  readonly metadata: Metadata;
  readonly quarantine: Quarantine;
  readonly security: Security;
}

/** Drains of a rebalance end well before the coordinator gives up on us. */
const REVOKE_DRAIN_SHARE = 0.5;

export function wire(options: ServiceOptions, listener: ServiceListener): Parts {
  const cluster = wireCluster(options, {
    ...listener,
    onMetadataChange() {
      membership.onMetadataChange();
      consumer.onMetadataChange();
    },
    isStarting: () => isStarting(membership, fetcher),
  });
  const fetches = new SingleFetch(cluster);
  const holdsLease = () => membership.lease.holds;
  const processing: Processing = wireProcessing(options, {
    cluster,
    listener,
    holdsLease,
    onRoom: () => fetcher.wake(),
    onProbe: wireProbes(options, { fetches, assignment: () => processing.assignment }),
    onProgress: (messages) => committer.onProgress(messages),
  });
  const { assignment, deadLetters, deadLetterTopicFor } = processing;
  const fetcher: Fetcher = wireFetcher(options, {
    cluster,
    assignment,
    onOutOfRange: (partition) => consumer.onOutOfRange(partition),
    onNewLeader: (partition) => consumer.onNewLeader(partition),
    onRefused: (partition, code) => consumer.onFetchRefused(partition, code),
    onUnreadable: (partition, batch) => quarantine.take(partition, batch),
  });
  const quarantine: Quarantine = wireQuarantine(options, {
    cluster,
    assignment,
    fetches,
    deadLetters,
    holdsLease,
    settled: (partition) => fetcher.settled(partition),
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
  const membership: Membership = wireMembership(options, { cluster, consumer });
  const { config } = options;
  const connect: ConnectOptions = {
    ...cluster,
    topics: config.kafkaTopic,
    groupId: config.kafkaGroupId,
    retentionMs: config.dlqRetentionMs,
    deadLetterTopicFor,
  };
  const { access, connections, coordinator, metadata, security } = cluster;
  const kafka = { access, connect, connections, coordinator, metadata, membership, security };
  return { ...kafka, assignment, committer, consumer, fetcher, quarantine };
}

/** Until the group has taken us in, and a leader has let us read what it gave us. */
function isStarting({ generation }: Membership, { hasServed }: Fetcher): boolean {
  return generation === null || (generation.assignment.length > 0 && !hasServed);
}

function wireMembership(
  { config }: ServiceOptions,
  { cluster, consumer }: { readonly cluster: Cluster; readonly consumer: Consumer },
): Membership {
  return new Membership({
    ...cluster,
    groupId: config.kafkaGroupId,
    groupInstanceId: config.kafkaGroupInstanceId,
    topics: config.kafkaTopic,
    sessionTimeoutMs: config.sessionTimeoutMs,
    rebalanceTimeoutMs: config.rebalanceTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    listener: consumer,
  });
}

function wireFetcher(
  { config, telemetry }: ServiceOptions,
  { cluster, assignment, ...callbacks }:
    & { readonly cluster: Cluster; readonly assignment: Assignment }
    & Pick<FetcherOptions, "onOutOfRange" | "onNewLeader" | "onRefused" | "onUnreadable">,
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
    deliveryBytes: () => assignment.deliveryBytes,
    partitions: () => assignment.all(),
    deliver(partition, delivery) {
      const isTaken = assignment.deliver(partition, delivery);
      if (isTaken) telemetry.messagesConsumed(delivery.messages.length);
      return isTaken;
    },
    onFailed: (broker, error) => {
      if (!isAccessError(error)) telemetry.fetchFailed({ broker, error });
    },
  });
}

function wireCommitter(
  { config, telemetry, tracing }: ServiceOptions,
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
    onCommitted: (facts) => {
      telemetry.offsetsCommitted(facts);
      tracing?.committed(facts);
    },
    onFailed: (facts) => {
      telemetry.commitFailed(facts);
      tracing?.commitFailed(facts);
    },
  });
}

function wireConsumer(
  { config, telemetry }: ServiceOptions,
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
    wasRecreated: (topic) => metadata.wasRecreated(topic),
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
    onAccepted: () => listener.onAccepted(),
    onFirstJoin: () => listener.onFirstJoin(),
  });
}

interface Processing {
  readonly assignment: Assignment;
  readonly deadLetters: DeadLetterSink | null;
  readonly deadLetterTopicFor: ((source: string) => string) | null;
}

/** The core, with the dead letters' way out. */
function wireProcessing(
  { config, clock, handlers, logger, telemetry, tracing, version }: ServiceOptions,
  edge: {
    readonly cluster: Cluster;
    readonly listener: ServiceListener;
    readonly holdsLease: () => boolean;
    readonly onRoom: () => void;
    readonly onProbe: (partition: Partition) => void;
    readonly onProgress: (messages: number) => void;
  },
): Processing {
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
    ...chooseFastPath(config.fastPath, logger),
    logger,
    telemetry,
    tracer: tracing,
    deadLetters,
    concurrency: config.concurrency,
    unkeyedOrder: config.unkeyedOrder,
    bufferBytes: config.maxBufferBytes,
    windowMessages: config.partitionWindowMessages,
    windowBytes: config.partitionWindowBytes,
    handlerTimeoutMs: config.handlerTimeoutMs,
    maxAttempts: config.processingMaxAttempts,
    backoffMs: config.processingBackoffMs,
    backoffMaxMs: config.processingBackoffMaxMs,
    groupId: config.kafkaGroupId,
    serviceVersion: version,
    mayStart: edge.holdsLease,
    breaker: config.dlqBreaker === null
      ? null
      : { deadLetters: config.dlqBreaker.part, of: config.dlqBreaker.whole },
    onRoom: edge.onRoom,
    onProbe: edge.onProbe,
    onProgress: edge.onProgress,
    onFatal: (error) => {
      const { code, message } = error;
      const text = code === "defect" ? message : `A handler asked the service to stop: ${message}`;
      listener.onFatal(new ExitError(EXIT.INTERNAL, text, { cause: error }));
    },
  });
  return { assignment, deadLetters, deadLetterTopicFor };
}

function noOffset(reason: string): ExitError {
  const text = `Set AUTO_OFFSET_RESET to earliest or latest, or commit an offset: ${reason}`;
  return new ExitError(EXIT.DATA, text);
}
