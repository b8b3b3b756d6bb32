/**
 * Hosts one service in this process, from the first log line to the exit code: log, signals, HTTP, start and stop. What
 * `run` and `demo` have in common.
 */
import type { Config, ConfigRow } from "../config.ts";
import { EXIT, type ExitCode, ExitError } from "../ops/exit.ts";
import { createLogging, type Logging, type LogLevelControl } from "../ops/logger.ts";
import { Recent } from "../ops/recent.ts";
import { logSnapshot } from "../ops/snapshot_log.ts";
import { systemClock } from "../ops/system_clock.ts";
import type { Counts } from "../ops/counts.ts";
import { startSummary } from "../ops/summary.ts";
import { Telemetry } from "../ops/telemetry.ts";
import type { Handlers } from "../processing/handler.ts";
import type { Fields, Logger } from "../processing/message.ts";
import type { StopReport } from "../service.ts";
import { consume, type Consuming, type WorkersOptions } from "./consuming.ts";
import { Observation } from "./observation.ts";

export interface HostOptions {
  readonly config: Config;
  readonly version: string;
  /** Each setting with its origin, secrets masked. */
  readonly rows: readonly ConfigRow[];
  /** Variables under our prefixes that nobody is known to read. */
  readonly unknown: readonly string[];
  readonly handlers: Handlers;
  /** Resolves when there is nothing more to do; a signal ends the service before. Stops its own work on `stopped`. */
  readonly until: (hosted: Hosted) => Promise<void>;
  /** Threads that consume instead of this one. */
  readonly workers?: WorkersOptions;
}

/** What runs beside the service can see of it. */
export interface Hosted {
  readonly logger: Logger;
  readonly counts: () => Counts;
  /** Aborts when the service is to stop. */
  readonly stopped: AbortSignal;
}

export interface HostReport {
  readonly exitCode: ExitCode;
  readonly counts: Counts;
}

const SUMMARY_EVERY_MS = 60_000;
/** So that nobody who forgets it pays for its lines. */
const DEBUG_FOR_MS = 900_000;
const CLOSE_MS = 1_000;

export async function host(options: HostOptions): Promise<HostReport> {
  const { config, version } = options;
  const clock = systemClock;
  const logging = createLogging({
    level: config.logLevel,
    format: config.logFormat,
    output: Deno.stdout,
    clock,
    repeatsMax: config.logRepeatsMax,
    serviceVersion: version,
    environment: config.environment,
  });
  const recent = new Recent(clock, { showValues: config.consoleShowValues });
  const logger = recent.watch(logging.logger);
  let observation: Observation | null = null;
  let endSummary = () => {};
  const signals = listenForSignals(logging, {
    onSnapshot() {
      if (observation !== null) logSnapshot(logger, observation.snapshot());
    },
  });
  const unwatch = exitOnUncaught(logging);
  const telemetry = new Telemetry({ logger, clock, recent });
  const onBroke = (fields: Fields) => breakDown(logging, fields);
  const consuming = await consume({ ...options, telemetry, recent, logger, logging, onBroke });
  const { service } = consuming;
  const { handlers, rows } = options;
  const observing = { config, clock, version, handlers, logger, logging, rows };
  const observed = new Observation({ ...observing, observed: consuming, telemetry });
  observation = observed;
  // Beside the drain of the service itself.
  signals.stopped.addEventListener("abort", () => void observed.stop(), { once: true });
  const counts = () => consuming.counts();
  const report = async (exitCode: ExitCode): Promise<HostReport> => {
    await logging.close(CLOSE_MS);
    return { exitCode, counts: counts() };
  };
  try {
    logger.info("Starting Processing Service...", { version, groupId: config.kafkaGroupId });
    for (const name of options.unknown) logger.debug("Variable is not ours, ignored", { name });
    const http = observed.serve();
    if (http !== null) logger.info("Health is served at {url}", { url: http.url });
    if (config.environment !== "development") {
      const summed = { counts, lag: () => service.lag() };
      endSummary = startSummary({ ...summed, logger, clock, intervalMs: SUMMARY_EVERY_MS });
    }
    const until = options.until({ logger, counts, stopped: signals.stopped });
    const { abandoned } = await serve(service, { until, stopped: signals.stopped });
    await observed.stop();
    if (abandoned > 0) {
      logger.warning("Messages left undone, they come again after a restart", { abandoned });
    }
    const exitCode = abandoned === 0 ? EXIT.OK : EXIT.INCOMPLETE;
    logger.info("Stopped Processing Service", { ...notable(counts()), exitCode });
    await http?.close(CLOSE_MS);
    return await report(exitCode);
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    logger.error("Cannot go on: {reason}", { reason: error.message, exitCode: error.exitCode });
    await Promise.all([service.stop(), observed.stop()]);
    return await report(error.exitCode);
  } finally {
    endSummary();
    telemetry.stop();
    signals.close();
    unwatch();
    consuming.close();
    logging.flush();
  }
}

/** What was processed, and whatever else happened at all. */
function notable(counts: Counts): Partial<Counts> {
  const happened = Object.entries(counts).filter(([name, count]) =>
    count > 0 || name === "processed"
  );
  return Object.fromEntries(happened);
}

/** Until a signal or the end of what there is to do; then drained, committed and left. */
async function serve(
  service: Consuming["service"],
  { until, stopped }: { readonly until: Promise<void>; readonly stopped: AbortSignal },
): Promise<StopReport> {
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  stopped.addEventListener("abort", () => ask(), { once: true });
  service.start().catch(fail); // after a signal nobody listens any more
  void service.ended.then(fail);
  await Promise.race([asked, until, failed]);
  return await service.stop();
}

/** What nobody catches is a bug: the process ends, and at-least-once makes a restart safe. */
export function exitOnUncaught(logging: Logging): () => void {
  const end = (event: Event, error: unknown) => {
    event.preventDefault();
    breakDown(logging, { error });
  };
  const onRejection = (event: PromiseRejectionEvent) => end(event, event.reason);
  const onError = (event: ErrorEvent) => end(event, event.error);
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return () => {
    globalThis.removeEventListener("unhandledrejection", onRejection);
    globalThis.removeEventListener("error", onError);
  };
}

function breakDown(logging: Logging, fields: Fields): never {
  logging.logger.error("Report this, the service broke", fields);
  logging.flush();
  Deno.exit(EXIT.INTERNAL);
}

/** The first SIGTERM or SIGINT asks to stop, the second ends at once. SIGHUP and SIGUSR2 are for those who look for something. */
export function listenForSignals(
  logging: Logging,
  { onSnapshot }: { readonly onSnapshot: () => void },
): { readonly stopped: AbortSignal; close(): void } {
  const { logger } = logging;
  const stop = new AbortController();
  const onSignal = (signal: Deno.Signal, secondCode: ExitCode) => () => {
    if (stop.signal.aborted) {
      logger.warning("Ending at once: the second signal", { signal });
      logging.flush();
      Deno.exit(secondCode);
    }
    logger.info("Stopping Processing Service...", { signal });
    stop.abort();
  };
  const handlers: [Deno.Signal, () => void][] = [
    ["SIGTERM", onSignal("SIGTERM", EXIT.TERMINATED)],
    ["SIGINT", onSignal("SIGINT", EXIT.INTERRUPTED)],
    ["SIGHUP", () => toggleDebug(logging)],
    ["SIGUSR2", onSnapshot],
  ];
  for (const [signal, handler] of handlers) Deno.addSignalListener(signal, handler);
  return {
    stopped: stop.signal,
    close() {
      for (const [signal, handler] of handlers) Deno.removeSignalListener(signal, handler);
    },
  };
}

/** DEBUG for a while, or back from it. */
function toggleDebug(logging: LogLevelControl): void {
  const by = "SIGHUP";
  if (logging.level === "debug") logging.setLevel(logging.configuredLevel, { by });
  else logging.setLevel("debug", { by, forMs: DEBUG_FOR_MS });
}
