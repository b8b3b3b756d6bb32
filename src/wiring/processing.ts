/** The core, with the dead letters' way out. */
import { DeadLetterProducer } from "../kafka/producer.ts";
import { EXIT, ExitError } from "../ops/exit.ts";
import { Assignment } from "../processing/assignment.ts";
import type { DeadLetter, DeadLetterSink } from "../processing/dead_letter.ts";
import type { Partition } from "../processing/partition.ts";
import type { Cluster } from "./cluster.ts";
import type { FastPath } from "./fast_path.ts";
import { type Redriving, ToldSink } from "./redriving.ts";
import type { ServiceListener, ServiceOptions } from "./service_options.ts";

export interface Processing {
  readonly assignment: Assignment;
  readonly deadLetters: DeadLetterSink | null;
  readonly deadLetterTopicFor: ((source: string) => string) | null;
}

export function wireProcessing(
  { config, clock, handlers, logger, redriving, telemetry, tracing, version }: ServiceOptions,
  edge: {
    readonly cluster: Cluster;
    readonly listener: ServiceListener;
    readonly holdsLease: () => boolean;
    readonly reading: Omit<FastPath, "decompress">;
    readonly onRoom: () => void;
    readonly onProbe: (partition: Partition) => void;
    readonly onProgress: (messages: number) => void;
  },
): Processing {
  const { cluster, listener } = edge;
  const deadLetterTopicFor = config.dlqTopic === "none"
    ? null
    : (source: string) => config.dlqTopic ?? `${source}.dlq`;
  const deadLetters = deadLetterTopicFor === null
    ? null
    : wireDeadLetters(cluster, { deadLetterTopicFor, redriving });
  const assignment = new Assignment({
    clock,
    handlers,
    ...edge.reading,
    logger,
    telemetry,
    tracer: tracing,
    deadLetters,
    originalOf: redriving?.originalOf,
    instead: deadLetters === null ? undefined : redriving?.instead?.(deadLetters),
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

function wireDeadLetters(
  cluster: Cluster,
  { deadLetterTopicFor, redriving }: {
    readonly deadLetterTopicFor: (source: string) => string;
    readonly redriving: Redriving | undefined;
  },
): DeadLetterSink {
  if (redriving === undefined) {
    const topicFor = ({ source }: DeadLetter) => deadLetterTopicFor(source.topic);
    return new DeadLetterProducer({ ...cluster, topicFor });
  }
  const { onStored, topicFor } = redriving;
  return new ToldSink(new DeadLetterProducer({ ...cluster, topicFor }), onStored);
}
