/** The two ways to consume: a service in this thread, or one in each of several workers. Both look the same from here. */
import type { Config, LoadedConfig } from "../config.ts";
import { watchEventLoop } from "../ops/event_loop.ts";
import { Health } from "../ops/health.ts";
import type { LogLevelControl } from "../ops/logger.ts";
import { startTracing } from "../ops/otel.ts";
import type { Recent } from "../ops/recent.ts";
import { cpuTimeMs, systemClock } from "../ops/system_clock.ts";
import type { Telemetry } from "../ops/telemetry.ts";
import type { Handlers } from "../processing/handler.ts";
import type { Fields, Logger } from "../processing/message.ts";
import { Service } from "../service.ts";
import { Crew } from "../workers/crew.ts";
import { revived } from "../workers/plain_error.ts";
import type { Observed } from "./observed.ts";

export interface ConsumeOptions {
  readonly config: Config;
  readonly handlers: Handlers;
  readonly version: string;
  readonly telemetry: Telemetry;
  readonly recent: Recent;
  readonly logger: Logger;
  readonly logging: LogLevelControl;
  /** Threads that consume instead of this one. */
  readonly workers?: WorkersOptions;
  /** Something broke in a worker that nobody caught: the process is to end at once. */
  readonly onBroke: (fields: Fields) => void;
}

export interface WorkersOptions {
  /** 2 or more. */
  readonly count: number;
  /** What each is started with: it calls `runWorker`. */
  readonly module: URL;
  readonly sources: LoadedConfig["sources"];
}

/** What consumes, and what can be seen of it. */
export interface Consuming extends Observed {
  readonly service: Observed["service"] & Pick<Service, "start" | "stop" | "ended" | "lag">;
  close(): void;
}

/** Makes what consumes; nothing starts yet. */
export async function consume(options: ConsumeOptions): Promise<Consuming> {
  const { workers } = options;
  return workers === undefined ? await consumeHere(options) : consumeInWorkers(options, workers);
}

/** One pipeline, in this thread. */
async function consumeHere(
  { config, handlers, version, telemetry, recent, logger }: ConsumeOptions,
): Promise<Consuming> {
  const health = new Health();
  const { measures } = telemetry;
  const close = watchEventLoop(systemClock, measures.eventLoopDelay);
  const { kafkaGroupId: groupId, kafkaClientId: clientId } = config;
  const tracing = await startTracing({ groupId, clientId, serviceVersion: version });
  const making = { config, handlers, version, telemetry, health, logger, tracing, cpuTimeMs };
  const service = new Service({ ...making, clock: systemClock });
  return {
    service,
    measures: () => measures,
    counts: () => telemetry.counts(),
    health: () => health.facts(),
    happened: () => recent,
    memory: null,
    workers: null,
    recent,
    close,
  };
}

/** A pipeline in each of several threads; this one hears of them once a second. */
function consumeInWorkers(
  { config, version, telemetry, recent, logger, logging, onBroke }: ConsumeOptions,
  workers: WorkersOptions,
): Consuming {
  const crew = new Crew({
    ...workers,
    config,
    version,
    clock: systemClock,
    logger,
    logLevel: logging,
    telemetry: telemetry.operator,
    onBroke: (error, worker) => onBroke({ error: revived(error), worker }),
  });
  return {
    service: crew,
    measures: () => crew.measures,
    counts: () => crew.counts(),
    health: () => crew.facts(),
    happened: () => crew.happened(),
    memory: () => crew.memory,
    workers: () => crew.workers(),
    recent,
    close() {},
  };
}
