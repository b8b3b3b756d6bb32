/**
 * `produce`: feeds the topic of a real Kafka with made-up events, for a set-up that has no Ingestion-Service yet. Waits
 * for brokers that are away, and for a topic that is still to be created; an end is given by a signal or by a count.
 */
import { DemoEvents } from "../demo/events.ts";
import { securityFrom } from "../kafka/client.ts";
import { diagnose } from "../kafka/diagnosis.ts";
import { systemClock } from "../ops/system_clock.ts";
import { diagnosisContext } from "../wiring/service_options.ts";
import type { DemoFlags } from "./catalog.ts";
import { type CommandContext, EXIT, ExitError } from "./command.ts";
import { DemoProducer } from "./demo_producer.ts";

const SEED_LIMIT = 2 ** 32;
/** A cluster that is longer away than this will not be back for a demonstration. */
const PATIENCE_MS = 600_000;
const SIGNALS: readonly Deno.Signal[] = ["SIGTERM", "SIGINT"];

/** @throws ExitError when there was nothing to produce to */
export async function run({ config, flags, print }: CommandContext<DemoFlags>): Promise<number> {
  const [topic = ""] = config.kafkaTopic;
  const clock = systemClock;
  const seed = flags.seed ?? Math.floor(clock.random() * SEED_LIMIT);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  const security = securityFrom(config, {
    clock,
    requestTimeoutMs: config.requestTimeoutMs,
    // What comes of a token, connections say.
    telemetry: { tokenFailed() {}, tokenIssuedAgain() {} },
  });
  const context = diagnosisContext(config);
  let lastTrouble = "";
  const producer = new DemoProducer({
    brokers: config.kafkaBrokers,
    security,
    topic,
    events: new DemoEvents({ seed, invalidShare: flags.invalidShare }),
    rate: flags.rate,
    limit: flags.events,
    clock,
    patienceMs: PATIENCE_MS,
    onTrouble(error) {
      const { text, hint, exitCode } = diagnose(error, context);
      // Nobody but who started it can mend that.
      if (exitCode !== null) throw new ExitError(exitCode, `${text}: ${hint}`);
      if (text !== lastTrouble) print(`Trying again: ${text}`);
      lastTrouble = text;
    },
  });
  print(
    `Producing to ${topic} on ${config.kafkaBrokers.join(", ")} with --seed ${seed}, ` +
      `--rate ${flags.rate}: Ctrl-C ends it`,
  );
  try {
    await producer.run({ stopped: stop.signal, outcomes: () => producer.produced });
  } catch (error) {
    if (error instanceof ExitError) throw error;
    if (!stop.signal.aborted) {
      const { text, hint } = diagnose(error, context);
      throw new ExitError(EXIT.UNAVAILABLE, `${text}: ${hint}`, { cause: error });
    }
  } finally {
    producer.close();
    security.stop();
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, onSignal);
    print(`Produced ${producer.produced} events`);
  }
  return EXIT.OK;
}
