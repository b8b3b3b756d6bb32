/** How brokers are reached and what is known of them: what all of the edge is built on. */
import { kafkajsLogger, type Security, securityFrom } from "../kafka/client.ts";
import { type ClosableCaller, Connections } from "../kafka/connections.ts";
import { Coordinator } from "../kafka/coordinator.ts";
import { Metadata } from "../kafka/metadata.ts";
import { AccessLog } from "../ops/access_log.ts";
import type { Clock } from "../processing/clock.ts";
import type { ServiceOptions } from "./service_options.ts";

export interface Cluster {
  readonly caller: ClosableCaller;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly metadata: Metadata;
  readonly coordinator: Coordinator;
  readonly security: Security;
}

export function wireCluster(
  { config, clock, health, logger, telemetry, caller: given }: ServiceOptions,
  onMetadataChange: () => void,
): Cluster {
  const { requestTimeoutMs } = config;
  const security = securityFrom(config, {
    clock,
    requestTimeoutMs,
    telemetry: new AccessLog(logger),
  });
  const caller = given ?? new Connections({
    ssl: security.ssl,
    sasl: security.sasl,
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
  return { caller, clock, requestTimeoutMs, metadata, coordinator, security };
}
