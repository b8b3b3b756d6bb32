/** How brokers are reached and what is known of them: what all of the edge is built on. */
import { Access, isAccessError, WatchedCaller } from "../kafka/access.ts";
import { kafkajsLogger, type Security, securityFrom } from "../kafka/client.ts";
import { type Caller, type ClosableCaller, Connections } from "../kafka/connections.ts";
import { Coordinator } from "../kafka/coordinator.ts";
import { Metadata } from "../kafka/metadata.ts";
import type { Config } from "../config.ts";
import { AccessLog } from "../ops/access_log.ts";
import { EXIT, ExitError } from "../ops/exit.ts";
import type { Clock } from "../processing/clock.ts";
import { diagnosisContext, type ServiceListener, type ServiceOptions } from "./service_options.ts";

export interface Cluster {
  readonly access: Access;
  /** Whom all ask: what comes of it is seen by `access`. */
  readonly caller: Caller;
  readonly connections: ClosableCaller;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly metadata: Metadata;
  readonly coordinator: Coordinator;
  readonly security: Security;
}

/** What the cluster asks and tells. */
export interface ClusterListener extends Pick<ServiceListener, "onFatal"> {
  onMetadataChange(): void;
  /** Nothing has worked yet. */
  isStarting(): boolean;
}

const FORGET_MIN_MS = 60_000;

export function wireCluster(
  { config, clock, health, logger, telemetry, caller: given }: ServiceOptions,
  listener: ClusterListener,
): Cluster {
  const { requestTimeoutMs } = config;
  const accessLog = new AccessLog(logger);
  const security = securityFrom(config, { clock, requestTimeoutMs, telemetry: accessLog });
  const connections: ClosableCaller = given ?? new Connections({
    ssl: security.ssl,
    sasl: security.sasl,
    clientId: config.kafkaClientId,
    connectionTimeoutMs: config.socketConnectionSetupTimeoutMs,
    requestTimeoutMs,
    clock,
    kafkajsLogger: kafkajsLogger(logger),
  });
  const access = new Access({
    clock,
    retryMs: config.authRetryMs,
    forgetMs: longestPauseMs(config),
    groupId: config.kafkaGroupId,
    context: diagnosisContext(config),
    telemetry: accessLog,
    isStarting: () => listener.isStarting(),
    onFinal: (reason) => listener.onFatal(new ExitError(EXIT.NO_PERMISSION, reason)),
  });
  const caller = new WatchedCaller(connections, access);
  const metadata: Metadata = new Metadata({
    caller,
    clock,
    requestTimeoutMs,
    bootstrap: config.kafkaBrokers.map(({ host, port }, i) => ({ id: -1 - i, host, port })),
    maxAgeMs: config.metadataMaxAgeMs,
    onChange: () => listener.onMetadataChange(),
    onUnreachable: (facts) => {
      const isRefused = isAccessError(facts.error);
      health.setProblem("kafka", isRefused ? "no broker lets us in" : "no broker answers");
      if (isRefused) return;
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
    onFailed: (error) => {
      if (!isAccessError(error)) telemetry.coordinatorUnknown({ error });
    },
  });
  const reached = { access, caller, connections, security };
  return { ...reached, clock, requestTimeoutMs, metadata, coordinator };
}

/** Twice the longest pause after which something is asked again, and a minute at least. */
function longestPauseMs({ metadataMaxAgeMs, processingBackoffMaxMs }: Config): number {
  return Math.max(FORGET_MIN_MS, 2 * metadataMaxAgeMs, 2 * processingBackoffMaxMs);
}
