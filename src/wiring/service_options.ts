/** What the service is made of, and whom its parts tell. */
import type { Config } from "../config.ts";
import type { ClosableCaller } from "../kafka/connections.ts";
import type { DiagnosisContext } from "../kafka/diagnosis.ts";
import type { Refusal } from "../kafka/generation.ts";
import type { ExitError } from "../ops/exit.ts";
import type { Health } from "../ops/health.ts";
import type { Telemetry } from "../ops/telemetry.ts";
import type { Tracing } from "../ops/tracing.ts";
import type { Clock } from "../processing/clock.ts";
import type { Handlers } from "../processing/handler.ts";
import type { Logger } from "../processing/message.ts";
import type { Redriving } from "./redriving.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null;
  readonly health: Health;
  readonly version: string;
  /** Processor time of this process; by default it is not known, and a blocked loop is taken for a frozen process. */
  readonly cpuTimeMs?: () => number;
  /** It has reached Kafka, and does not join the group before this resolves; by default it joins at once. */
  readonly mayJoin?: () => Promise<void>;
  /** It redrives dead letters: KAFKA_TOPIC names their topics then. */
  readonly redriving?: Redriving;
  /** Instead of connections over the network: how a simulation stands in for it. */
  readonly caller?: ClosableCaller;
}

/** What a diagnosis has to know of the settings. */
export function diagnosisContext(config: Config): DiagnosisContext {
  return {
    tls: config.kafkaTlsEnabled,
    sasl: config.kafkaSaslMechanism === "none" ? null : config.kafkaSaslMechanism,
    brokers: config.kafkaBrokers.map(String),
  };
}

/** What the parts tell the service. */
export interface ServiceListener {
  onFatal(error: ExitError): void;
  onRefused(refusal: Refusal): void;
  /** The coordinator takes us for a member. */
  onAccepted(): void;
  onFirstJoin(): void;
}
