/**
 * `deno task kafka`: an Apache Kafka for development until Ctrl-C, on a port of its own. The data goes with it.
 */
import { findKafkaSource, startRealKafka } from "../tests/support/real_kafka.ts";

if (import.meta.main) await main();

async function main(): Promise<void> {
  const source = await findKafkaSource();
  if (source.kind === "none") {
    console.error(`Cannot start Apache Kafka: ${source.reason}`);
    Deno.exitCode = 69;
    return;
  }
  const stopped = untilSignal();
  await using kafka = await startRealKafka(source);
  console.log(`${kafka.description}\nKAFKA_BROKERS=${kafka.bootstrap}`);
  await stopped;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    // A listener alone does not keep the process alive.
    const alive = setInterval(() => {}, 60_000);
    function end(): void {
      clearInterval(alive);
      resolve();
    }
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, end);
    }
  });
}
