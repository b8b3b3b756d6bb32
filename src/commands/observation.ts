/** What operators are shown, put together from the service and what was measured of it: metrics, and snapshots. */
import type { Config, ConfigRow } from "../config.ts";
import { KAFKAJS_VERSION } from "../kafka/kafkajs.ts";
import { type Health, readyz } from "../ops/health.ts";
import { type HttpServer, startHttpServer } from "../ops/http_server.ts";
import { CONSOLE_FILES } from "../console/files.ts";
import type { DeadLettersDocument } from "../ops/http/dead_letters.ts";
import type { LogLevelControl } from "../ops/logger.ts";
import { collectMetrics } from "../ops/metrics/collect.ts";
import type { ExpositionFormat } from "../ops/metrics/exposition.ts";
import { processFacts } from "../ops/process_facts.ts";
import type { Recent } from "../ops/recent.ts";
import { hideContent, showContent } from "../ops/shown_content.ts";
import {
  type SlowSnapshot,
  type Snapshot,
  type StatusDocument,
  totalsOf,
} from "../ops/snapshot.ts";
import type { Telemetry } from "../ops/telemetry.ts";
import type { Clock } from "../processing/clock.ts";
import type { Handlers } from "../processing/handler.ts";
import type { Logger } from "../processing/message.ts";
import type { Service } from "../service.ts";
import { ConsoleRedrive } from "./console_redrive.ts";

export interface ObservationOptions {
  readonly service: Service;
  readonly telemetry: Telemetry;
  readonly recent: Recent;
  readonly health: Health;
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
      onEnded: () => options.service.deadLetters.expire(),
    });
  }

  /**
   * Serves all of it over HTTP, and takes an operator's actions; null with HTTP_PORT=off.
   *
   * @throws ExitError with 78 when address and port cannot be had
   */
  serve(): HttpServer | null {
    const { config, health, clock, logging, service, telemetry, version } = this.#options;
    return startHttpServer({
      config,
      health,
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
    const { service, health, telemetry, clock } = this.#options;
    return collectMetrics({
      status: service.status(),
      isReady: readyz(health.facts()).ok,
      counts: telemetry.counts(),
      measures: telemetry.measures,
      process: processFacts({ startedAt: this.#startedAt }),
      build: this.#build,
      wallTime: clock.wallTime(),
    }, format);
  }

  snapshot(): Snapshot {
    const { service, health, telemetry, clock, config, logging, recent, version } = this.#options;
    const status = service.status();
    const at = Math.trunc(clock.wallTime());
    return {
      version,
      at,
      startedAt: this.#startedAt,
      build: this.#build,
      environment: config.environment,
      ...status,
      readiness: readyz(health.facts()),
      totals: totalsOf(status.partitions),
      rates: service.rates(),
      counts: telemetry.counts(),
      slowest: this.#slowest(),
      lastRebalance: recent.rebalance,
      recentLines: recent.lines,
      recentDeadLetters: recent.deadLetters,
      lostRanges: recent.losses,
      log: { level: logging.level, configuredLevel: logging.configuredLevel },
      canAct: config.consoleToken !== null,
    };
  }

  deadLetters(): DeadLettersDocument {
    return { ...this.#options.service.deadLetters.document(), redrive: this.#redrive.state };
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

  #slowest(): SlowSnapshot[] {
    const { service, config } = this.#options;
    const options = { showValues: config.consoleShowValues };
    return service.slowest(SLOWEST_MAX).map(({ held, message, waitingBehind }) => ({
      ...held,
      ...showContent(message, options),
      waitingBehind,
    }));
  }
}
