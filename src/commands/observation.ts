/** What operators are shown, put together from the service and what was measured of it: metrics, and snapshots. */
import type { Config, ConfigRow } from "../config.ts";
import { KAFKAJS_VERSION } from "../kafka/kafkajs.ts";
import { type Health, readyz } from "../ops/health.ts";
import { type HttpServer, startHttpServer } from "../ops/http_server.ts";
import { collectMetrics } from "../ops/metrics/collect.ts";
import type { ExpositionFormat } from "../ops/metrics/exposition.ts";
import { processFacts } from "../ops/process_facts.ts";
import type { Recent } from "../ops/recent.ts";
import { type Snapshot, type StatusDocument, totalsOf } from "../ops/snapshot.ts";
import type { Telemetry } from "../ops/telemetry.ts";
import type { Clock } from "../processing/clock.ts";
import type { Service } from "../service.ts";

export interface ObservationOptions {
  readonly service: Service;
  readonly telemetry: Telemetry;
  readonly recent: Recent;
  readonly health: Health;
  readonly clock: Clock;
  readonly config: Config;
  readonly rows: readonly ConfigRow[];
  readonly version: string;
}

export class Observation {
  readonly #options: ObservationOptions;
  readonly #build: Snapshot["build"];
  /** Milliseconds since 1970. */
  readonly #startedAt: number;

  constructor(options: ObservationOptions) {
    this.#options = options;
    const { clock, version } = options;
    this.#build = { version, deno: Deno.version.deno, kafkajs: KAFKAJS_VERSION };
    this.#startedAt = Math.trunc(clock.wallTime());
  }

  /**
   * Serves all of it over HTTP, and takes an operator's actions; null with HTTP_PORT=off.
   *
   * @throws ExitError with 78 when address and port cannot be had
   */
  serve(): HttpServer | null {
    const { config, health, clock, service, telemetry, version } = this.#options;
    return startHttpServer({
      config,
      health,
      clock,
      version: { version },
      metrics: (format) => this.metrics(format),
      status: () => this.status(),
      snapshot: () => this.snapshot(),
      actions: service.operator,
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
    const { service, health, telemetry, clock, config, recent, version } = this.#options;
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
      lastRebalance: recent.rebalance,
      recentLines: recent.lines,
      recentDeadLetters: recent.deadLetters,
      lostRanges: recent.losses,
      slowest: service.slowest(),
      canAct: config.consoleToken !== null,
    };
  }

  status(): StatusDocument {
    return { ...this.snapshot(), configuration: this.#options.rows };
  }
}
