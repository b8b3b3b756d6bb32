/**
 * `deno task kafka`: an Apache Kafka for development until Ctrl-C, on a port of its own and with the topic that the
 * service consumes by default. The data goes with it.
 */
import { KAFKA_SETTINGS } from "../src/config/kafka_settings.ts";
import { KafkaClient } from "../tests/support/kafka_client.ts";
import { findKafkaSource, startRealKafka } from "../tests/support/real_kafka.ts";

const TOPIC = KAFKA_SETTINGS.KAFKA_TOPIC.default;
const PARTITIONS = 4;

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
  if (source.kind !== "given") {
    await createTopic(kafka.bootstrap);
    console.log(`Topic ${TOPIC} has ${PARTITIONS} partitions. In another terminal:`);
    console.log(`deno task start --kafka-brokers ${kafka.bootstrap}`);
  }
  await stopped;
}

async function createTopic(bootstrap: string): Promise<void> {
  await using client = new KafkaClient(bootstrap);
  await client.createTopic({ name: TOPIC, partitions: PARTITIONS });
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
