/** What operators are shown, put together from the service and what was measured of it: metrics, and snapshots. */
import type { Config, ConfigRow } from "../config.ts";
import { KAFKAJS_VERSION } from "../kafka/kafkajs.ts";
import { readyz } from "../ops/health.ts";
import { type HttpServer, startHttpServer } from "../ops/http_server.ts";
import { CONSOLE_FILES } from "../console/files.ts";
import type { DeadLettersDocument } from "../ops/http/dead_letters.ts";
import type { LogLevelControl } from "../ops/logger.ts";
import { collectMetrics } from "../ops/metrics/collect.ts";
import type { ExpositionFormat } from "../ops/metrics/exposition.ts";
import { processFacts } from "../ops/process_facts.ts";
import { hideContent } from "../ops/shown_content.ts";
import {
  type ServiceStatus,
  type Snapshot,
  type StatusDocument,
  totalsOf,
  type WorkerSnapshot,
  workerSnapshot,
} from "../ops/snapshot.ts";
import type { Telemetry } from "../ops/telemetry.ts";
import type { Clock } from "../processing/clock.ts";
import type { Handlers } from "../processing/handler.ts";
import type { Logger } from "../processing/message.ts";
import { ConsoleRedrive } from "./console_redrive.ts";
import type { Observed } from "./observed.ts";

export interface ObservationOptions {
  readonly observed: Observed;
  readonly telemetry: Pick<Telemetry, "operator">;
  readonly logging: LogLevelControl;
  readonly logger: Logger;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly config: Config;
  readonly rows: readonly ConfigRow[];
  readonly version: string;
}

const SLOWEST_MAX = 10;

export class Observation {
  readonly #options: ObservationOptions;
  readonly #build: Snapshot["build"];
  /** Milliseconds since 1970. */
  readonly #startedAt: number;
  readonly #redrive: ConsoleRedrive;

  constructor(options: ObservationOptions) {
    this.#options = options;
    const { clock, version } = options;
    this.#build = { version, deno: Deno.version.deno, kafkajs: KAFKAJS_VERSION };
    this.#startedAt = Math.trunc(clock.wallTime());
    this.#redrive = new ConsoleRedrive({
      ...options,
      telemetry: options.telemetry.operator,
      onEnded: () => options.observed.service.deadLetters.expire(),
    });
  }

  /**
   * Serves all of it over HTTP, and takes an operator's actions; null with HTTP_PORT=off.
   *
   * @throws ExitError with 78 when address and port cannot be had
   */
  serve(): HttpServer | null {
    const { config, clock, logging, observed, telemetry, version } = this.#options;
    const { service } = observed;
    return startHttpServer({
      config,
      health: { facts: () => observed.health() },
      clock,
      version: { version },
      metrics: (format) => this.metrics(format),
      status: () => this.status(),
      snapshot: () => this.snapshot(),
      deadLetters: () => this.deadLetters(),
      actions: {
        pause: (scope, facts) => service.operator.pause(scope, facts),
        resume: (scope, facts) => service.operator.resume(scope, facts),
        rehearse: (scope, facts) => service.deadLetters.rehearse(scope, facts),
        redrive: (scope, facts) => this.#redrive.start(scope, facts),
        stopRedrive: (facts) => this.#redrive.stopFor(facts),
        setLogLevel: (level, by) => logging.setLevel(level, by),
      },
      consoleFiles: CONSOLE_FILES,
      onIntrusion: (facts) => telemetry.operator.intrusion(facts),
    });
  }

  metrics(format: ExpositionFormat): string {
    const { observed, clock } = this.#options;
    const status = observed.service.status();
    return collectMetrics({
      status,
      workers: this.#workers(status),
      isReady: readyz(observed.health()).ok,
      counts: observed.counts(),
      measures: observed.measures(),
      process: processFacts({ startedAt: this.#startedAt, elsewhere: observed.memory?.() ?? null }),
      build: this.#build,
      wallTime: clock.wallTime(),
    }, format);
  }

  snapshot(): Snapshot {
    const { observed, clock, config, logging, version } = this.#options;
    const { service } = observed;
    const status = service.status();
    const { deadLetters, losses, rebalance } = observed.happened();
    const at = Math.trunc(clock.wallTime());
    return {
      version,
      at,
      startedAt: this.#startedAt,
      build: this.#build,
      environment: config.environment,
      ...status,
      readiness: readyz(observed.health()),
      totals: totalsOf(status.partitions),
      workers: this.#workers(status),
      rates: service.rates(),
      counts: observed.counts(),
      slowest: service.slowest(SLOWEST_MAX),
      lastRebalance: rebalance,
      recentLines: observed.recent.lines,
      recentDeadLetters: deadLetters,
      lostRanges: losses,
      log: { level: logging.level, configuredLevel: logging.configuredLevel },
      canAct: config.consoleToken !== null,
    };
  }

  async deadLetters(): Promise<DeadLettersDocument> {
    const document = await this.#options.observed.service.deadLetters.document();
    return { ...document, redrive: this.#redrive.state };
  }

  /** Ends what operators have begun. */
  async stop(): Promise<void> {
    await this.#redrive.stop();
  }

  /** Whoever reaches the port may ask for it, so there is nothing of a message in it. */
  status(): StatusDocument {
    const snapshot = this.snapshot();
    return {
      ...snapshot,
      slowest: snapshot.slowest.map(hideContent),
      recentDeadLetters: snapshot.recentDeadLetters.map(hideContent),
      configuration: this.#options.rows,
    };
  }

  /** Where there are none, this process is the one. */
  #workers(status: ServiceStatus): readonly WorkerSnapshot[] {
    const { observed, config } = this.#options;
    if (observed.workers !== null) return observed.workers();
    return [workerSnapshot(status, {
      worker: 0,
      clientId: config.kafkaClientId,
      isReady: readyz(observed.health()).ok,
      processed: observed.counts().processed,
      heapUsedBytes: Deno.memoryUsage().heapUsed,
    })];
  }
}
