/**
 * Settings in, parts out: makes the parts of the service and tells each whom to call. Nothing starts here.
 */
import type { Config } from "./config.ts";
import { kafkajsLogger, securityFrom } from "./kafka/client.ts";
import { Committer } from "./kafka/committer.ts";
import type { ConnectOptions } from "./kafka/connect.ts";
import { Connections } from "./kafka/connections.ts";
import { Consumer } from "./kafka/consumer.ts";
import { Coordinator } from "./kafka/coordinator.ts";
import { Fetcher } from "./kafka/fetcher.ts";
import { Membership, type Refusal } from "./kafka/membership.ts";
import { Metadata } from "./kafka/metadata.ts";
import { Offsets } from "./kafka/offsets.ts";
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
  const { config, clock, health, telemetry } = options;
  const connections = new Connections({
    ...securityFrom(config),
    clientId: config.kafkaClientId,
    connectionTimeoutMs: config.socketConnectionSetupTimeoutMs,
    requestTimeoutMs: config.requestTimeoutMs,
    clock,
    kafkajsLogger: kafkajsLogger(options.logger),
  });
  const shared = { caller: connections, clock, requestTimeoutMs: config.requestTimeoutMs };
  const metadata: Metadata = new Metadata({
    ...shared,
    bootstrap: config.kafkaBrokers.map(({ host, port }, i) => ({ id: -1 - i, host, port })),
    maxAgeMs: config.metadataMaxAgeMs,
    onChange: () => {
      membership.onMetadataChange();
      consumer.onMetadataChange();
    },
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
    ...shared,
    lookUp: () => metadata.findCoordinator(config.kafkaGroupId),
    onFailed: (error) => telemetry.coordinatorUnknown({ error }),
  });
  const { assignment, deadLetterTopicFor } = wireProcessing(options, {
    ...shared,
    metadata,
    listener,
    holdsLease: () => membership.holdsLease(),
    onRoom: () => fetcher.wake(),
    onProgress: (messages) => committer.onProgress(messages),
  });
  const fetcher: Fetcher = new Fetcher({
    ...shared,
    metadata,
    limits: {
      maxWaitMs: config.fetchMaxWaitMs,
      minBytes: config.fetchMinBytes,
      maxBytes: config.fetchMaxBytes,
      maxPartitionBytes: config.maxPartitionFetchBytes,
    },
    maxDecompressedBytes: config.maxDecompressedBytes,
    partitions: () => assignment.all(),
    deliver: (partition, delivery) => assignment.deliver(partition, delivery),
    onOutOfRange: (partition) => consumer.onOutOfRange(partition),
    onRefused: (partition, code) => consumer.onFetchRefused(partition, code),
    onAccepted: () => health.setProblem("fetch", null),
    onUnreadable: (partition, batch) =>
      telemetry.batchUnreadable({ ...place(partition), ...batch }),
    onFailed: (broker, error) => telemetry.fetchFailed({ broker, error }),
  });
  const committer: Committer = new Committer({
    ...shared,
    coordinator,
    enabled: config.enableAutoCommit,
    intervalMs: config.autoCommitIntervalMs,
    maxMessages: config.commitMaxMessages,
    generation: () => membership.generation,
    identity: (generation) => membership.identity(generation),
    snapshot: () => assignment.snapshot(),
    metadata: ({ partition }) => consumer.commitMetadata(partition),
    onCommitted: (facts) => telemetry.offsetsCommitted(facts),
    onFailed: (facts) => telemetry.commitFailed(facts),
  });
  const offsets = new Offsets({
    ...shared,
    coordinator,
    metadata,
    groupId: config.kafkaGroupId,
    onRefused: (text, code) => listener.onRefused({ of: "group", text, code, final: false }),
  });
  const consumer: Consumer = new Consumer({
    clock,
    assignment,
    fetcher,
    committer,
    offsets,
    metadata,
    telemetry,
    autoOffsetReset: config.autoOffsetReset,
    readFromBeginning: config.readFromBeginning,
    enableAutoCommit: config.enableAutoCommit,
    revokeDrainMs: config.rebalanceTimeoutMs * REVOKE_DRAIN_SHARE,
    onRefused: (refusal) => listener.onRefused(refusal),
    onAccepted: () => health.setProblem("group", null),
    onNoOffset: (reason) => listener.onFatal(noOffset(reason)),
    onFirstJoin: () => listener.onFirstJoin(),
  });
  const membership: Membership = new Membership({
    ...shared,
    coordinator,
    groupId: config.kafkaGroupId,
    groupInstanceId: config.kafkaGroupInstanceId,
    topics: config.kafkaTopic,
    sessionTimeoutMs: config.sessionTimeoutMs,
    rebalanceTimeoutMs: config.rebalanceTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    metadata,
    listener: consumer,
  });
  const connect: ConnectOptions = {
    ...shared,
    metadata,
    topics: config.kafkaTopic,
    groupId: config.kafkaGroupId,
    retentionMs: config.dlqRetentionMs,
    deadLetterTopicFor,
  };
  return {
    assignment,
    committer,
    connect,
    connections,
    consumer,
    coordinator,
    fetcher,
    membership,
    metadata,
  };
}

/** The core, with the dead letters' way out. */
function wireProcessing(
  { config, clock, handlers, logger, telemetry, version }: ServiceOptions,
  edge: {
    readonly caller: Connections;
    readonly requestTimeoutMs: number;
    readonly metadata: Metadata;
    readonly listener: ServiceListener;
    readonly holdsLease: () => boolean;
    readonly onRoom: () => void;
    readonly onProgress: (messages: number) => void;
  },
): { assignment: Assignment; deadLetterTopicFor: ((source: string) => string) | null } {
  const { caller, metadata, requestTimeoutMs, listener } = edge;
  const deadLetterTopicFor = config.dlqTopic === "none"
    ? null
    : (source: string) => config.dlqTopic ?? `${source}.dlq`;
  const deadLetters = deadLetterTopicFor === null ? null : new DeadLetterProducer({
    caller,
    clock,
    metadata,
    requestTimeoutMs,
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
      const text = `A handler asked the service to stop: ${error.message}`;
      listener.onFatal(new ExitError(EXIT.INTERNAL, text, { cause: error }));
    },
  });
  return { assignment, deadLetterTopicFor };
}

function noOffset(reason: string): ExitError {
  const text = `Set AUTO_OFFSET_RESET to earliest or latest, or commit an offset: ${reason}`;
  return new ExitError(EXIT.DATA, text);
}

function place({ topic, partition }: { topic: string; partition: number }) {
  return { topic, partition };
}
