/** `run`, the default command: the service, from its first log line to its exit code. */
import type { CommandContext } from "./command.ts";
import { createHandlers } from "../handlers/mod.ts";
import { EXIT, type ExitCode, ExitError } from "../ops/exit.ts";
import { Health } from "../ops/health.ts";
import { startHttpServer } from "../ops/http_server.ts";
import { createLogging } from "../ops/logger.ts";
import { systemClock } from "../ops/system_clock.ts";
import { Telemetry } from "../ops/telemetry.ts";
import { Service } from "../service.ts";

const SUMMARY_EVERY_MS = 60_000;
const CLOSE_MS = 1_000;

/** `handlersFor` is another set of handlers than the service's own, for tests. */
export async function run(
  { config, unknown, version }: CommandContext,
  handlersFor: typeof createHandlers = createHandlers,
): Promise<ExitCode> {
  const clock = systemClock;
  const signals = listenForSignals();
  const logging = createLogging({
    level: config.logLevel,
    format: config.logFormat,
    output: Deno.stdout,
    clock,
    serviceVersion: version,
  });
  const { logger } = logging;
  const telemetry = new Telemetry({ logger, clock });
  const health = new Health();
  const handlers = handlersFor({ environment: config.environment });
  const service = new Service({ config, handlers, clock, logger, telemetry, health, version });
  try {
    logger.info("Starting Processing Service...", { version, group: config.kafkaGroupId });
    for (const name of unknown) logger.debug("Variable is not ours, ignored", { name });
    const status = () => ({ ...telemetry.counts(), lag: service.lag() });
    const http = startHttpServer({ config, health, clock, version: { version }, status });
    if (http !== null) logger.info("Health is served at {url}", { url: http.url });
    if (config.environment !== "development") {
      telemetry.startSummary(SUMMARY_EVERY_MS, () => service.lag());
    }
    const exitCode = await serve(service, signals.stopped);
    logger.info("Stopped Processing Service", { ...telemetry.counts(), exitCode });
    await http?.close(CLOSE_MS);
    return exitCode;
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    logger.error("Cannot go on: {reason}", { reason: error.message, exitCode: error.exitCode });
    await service.stop();
    return error.exitCode;
  } finally {
    telemetry.stop();
    signals.close();
    await logging.close(CLOSE_MS);
  }
}

/** Until a signal or the end of what is possible; then drained, committed and left. */
async function serve(service: Service, stopped: Promise<void>): Promise<ExitCode> {
  const started = service.start();
  started.catch(() => {}); // told below, or of no interest after a signal
  const failed = service.ended.then((error) => {
    throw error;
  });
  failed.catch(() => {});
  await Promise.race([stopped, failed, started.then(() => new Promise<never>(() => {}))]);
  const { abandoned } = await service.stop();
  return abandoned === 0 ? EXIT.OK : EXIT.INCOMPLETE;
}

/** The first SIGTERM or SIGINT asks to stop, the second ends at once. SIGHUP is not a reason to die. */
function listenForSignals(): { readonly stopped: Promise<void>; close(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const stop = (secondCode: number) => () => {
    if (asked) Deno.exit(secondCode);
    asked = true;
    resolve();
  };
  const handlers: [Deno.Signal, () => void][] = [
    ["SIGTERM", stop(EXIT.TERMINATED)],
    ["SIGINT", stop(EXIT.INTERRUPTED)],
    ["SIGHUP", () => {}],
  ];
  for (const [signal, handler] of handlers) Deno.addSignalListener(signal, handler);
  return {
    stopped: promise,
    close() {
      for (const [signal, handler] of handlers) Deno.removeSignalListener(signal, handler);
    },
  };
}
