/**
 * Settings in, parts out: makes the parts of the service and tells each whom to call. Nothing starts here.
 */
import { MARKS_KEPT_MS } from "./dead_letters/marks.ts";
import { type Access, isAccessError } from "./kafka/access.ts";
import type { Security } from "./kafka/client.ts";
import { Committer, type CommitterOptions } from "./kafka/committer.ts";
import type { ConnectOptions } from "./kafka/connect.ts";
import type { ClosableCaller } from "./kafka/connections.ts";
import { Consumer } from "./kafka/consumer.ts";
import type { Coordinator } from "./kafka/coordinator.ts";
import { ERROR_CODE } from "./kafka/error_codes.ts";
import { Fetcher, type FetcherOptions } from "./kafka/fetcher.ts";
import { Membership } from "./kafka/membership.ts";
import type { Metadata } from "./kafka/metadata.ts";
import { Offsets } from "./kafka/offsets.ts";
import { Positions } from "./kafka/positions.ts";
import type { Quarantine } from "./kafka/quarantine.ts";
import { SingleFetch } from "./kafka/single_fetch.ts";
import { EXIT, ExitError } from "./ops/exit.ts";
import type { Assignment } from "./processing/assignment.ts";
import type { Delivery } from "./processing/message.ts";
import { wireProbes } from "./wiring/breaker.ts";
import { type Cluster, wireCluster } from "./wiring/cluster.ts";
import { chooseFastPath } from "./wiring/fast_path.ts";
import { type Processing, wireProcessing } from "./wiring/processing.ts";
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
  readonly offsets: Offsets;
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
  const { decompress, ...reading } = chooseFastPath(options.config.fastPath, options.logger);
  const holdsLease = () => membership.lease.holds;
  const processing: Processing = wireProcessing(options, {
    cluster,
    listener,
    holdsLease,
    reading,
    onRoom: () => fetcher.wake(),
    onProbe: wireProbes(options, { fetches, assignment: () => processing.assignment }),
    onProgress: (messages) => committer.onProgress(messages),
  });
  const { assignment, deadLetters, deadLetterTopicFor } = processing;
  const fetcher: Fetcher = wireFetcher(options, {
    cluster,
    assignment,
    decompress,
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
    entryFor: (point) => consumer.commitEntry(point),
    onMetadataRefused: () => listener.onFatal(noRoomForMarks()),
  });
  const offsets = wireOffsets(options, { cluster, listener });
  const consumer: Consumer = wireConsumer(options, {
    cluster,
    listener,
    offsets,
    assignment,
    fetcher,
    committer,
  });
  const membership: Membership = wireMembership(options, { cluster, consumer });
  const { config, redriving } = options;
  const connect: ConnectOptions = {
    ...cluster,
    topics: config.kafkaTopic,
    groupId: config.kafkaGroupId,
    retentionMs: config.dlqRetentionMs,
    deadLetterTopicFor: redriving?.parkedTopicFor ?? deadLetterTopicFor,
  };
  const { access, connections, coordinator, metadata, security } = cluster;
  const kafka = { access, connect, connections, coordinator, metadata, membership, security };
  return { ...kafka, assignment, committer, consumer, fetcher, offsets, quarantine };
}

/** Until the group has taken us in, and a leader has let us read what it gave us. */
function isStarting({ generation }: Membership, { hasServed }: Fetcher): boolean {
  return generation === null || (generation.assignment.length > 0 && !hasServed);
}

function wireMembership(
  { config, redriving }: ServiceOptions,
  { cluster, consumer }: { readonly cluster: Cluster; readonly consumer: Consumer },
): Membership {
  return new Membership({
    ...cluster,
    groupId: config.kafkaGroupId,
    groupInstanceId: config.kafkaGroupInstanceId,
    topics: config.kafkaTopic,
    protocols: redriving === undefined ? undefined : [redriving.protocol],
    sessionTimeoutMs: config.sessionTimeoutMs,
    rebalanceTimeoutMs: config.rebalanceTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    listener: consumer,
  });
}

function wireFetcher(
  { config, redriving, telemetry }: ServiceOptions,
  { cluster, assignment, ...callbacks }:
    & { readonly cluster: Cluster; readonly assignment: Assignment }
    & Pick<
      FetcherOptions,
      "decompress" | "onOutOfRange" | "onNewLeader" | "onRefused" | "onUnreadable"
    >,
): Fetcher {
  const selection = redriving?.selection;
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
    partitions: () =>
      selection === undefined
        ? assignment.all()
        : assignment.all().filter((each) => selection.wants(each)),
    deliver(partition, delivery) {
      const pass = (part: Delivery) => {
        const isTaken = assignment.deliver(partition, part);
        if (isTaken) telemetry.messagesConsumed(part.messages.length);
        return isTaken;
      };
      return selection === undefined
        ? pass(delivery)
        : selection.deliver(partition, { delivery, pass });
    },
    onFailed: (broker, error) => {
      if (!isAccessError(error)) telemetry.fetchFailed({ broker, error });
    },
  });
}

function wireCommitter(
  { config, redriving, telemetry, tracing }: ServiceOptions,
  { cluster, assignment, onMetadataRefused, ...callbacks }:
    & {
      readonly cluster: Cluster;
      readonly assignment: Assignment;
      readonly onMetadataRefused: () => void;
    }
    & Pick<CommitterOptions, "generation" | "identity" | "entryFor">,
): Committer {
  const needsMetadata = redriving !== undefined;
  return new Committer({
    ...cluster,
    ...callbacks,
    enabled: config.enableAutoCommit,
    needsMetadata,
    keepMs: redriving === undefined ? null : MARKS_KEPT_MS,
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
      if (needsMetadata && facts.code === ERROR_CODE.OFFSET_METADATA_TOO_LARGE) onMetadataRefused();
    },
  });
}

function wireOffsets(
  { config }: ServiceOptions,
  { cluster, listener }: { readonly cluster: Cluster; readonly listener: ServiceListener },
): Offsets {
  return new Offsets({
    ...cluster,
    groupId: config.kafkaGroupId,
    onRefused: (text, code) => listener.onRefused({ of: "group", text, code, final: false }),
  });
}

function wireConsumer(
  { config, redriving, telemetry }: ServiceOptions,
  { cluster, listener, ...parts }: {
    readonly cluster: Cluster;
    readonly listener: ServiceListener;
    readonly offsets: Offsets;
    readonly assignment: Assignment;
    readonly fetcher: Fetcher;
    readonly committer: Committer;
  },
): Consumer {
  const { metadata } = cluster;
  const { offsets } = parts;
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
    positions,
    leave: redriving === undefined
      ? undefined
      : (partition, progress) => redriving.selection.commit(partition, progress),
    telemetry,
    autoOffsetReset: config.autoOffsetReset,
    enableAutoCommit: config.enableAutoCommit,
    revokeDrainMs: config.rebalanceTimeoutMs * REVOKE_DRAIN_SHARE,
    onRefused: (refusal) => listener.onRefused(refusal),
    onAccepted: () => listener.onAccepted(),
    onFirstJoin: () => listener.onFirstJoin(),
  });
}

function noRoomForMarks(): ExitError {
  const text = "Set offset.metadata.max.bytes of the brokers to 4096 or more, its default: " +
    "the marks of what is done do not fit into a commit";
  return new ExitError(EXIT.CONFIG, text);
}

function noOffset(reason: string): ExitError {
  const text = `Set AUTO_OFFSET_RESET to earliest or latest, or commit an offset: ${reason}`;
  return new ExitError(EXIT.DATA, text);
}
