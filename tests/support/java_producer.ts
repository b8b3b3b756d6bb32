/**
 * Kafka's own producer, in Java: its snappy comes in xerial frames, unlike librdkafka's. One source file that `java`
 * compiles as it starts, on the clients of the broker's class path.
 */
import { run } from "./command.ts";
import {
  encodeMessages,
  EXTERNAL_DEADLINE_MS,
  type ExternalAcknowledgement,
  type ExternalSendOptions,
  parseAcknowledgements,
} from "./external_producer.ts";
import { brokerClassPath, jarsMissing, kafkaVersion } from "./kafka_jars.ts";

const SOURCE = new URL("./Producer.java", import.meta.url).pathname;

/** Why the Java producer cannot be run here, as a phrase for a test's name; null when it can. */
export async function javaProducerMissing(): Promise<string | null> {
  return await jarsMissing();
}

/** Sends all messages with acks=all and answers what was acknowledged. */
export async function produceByJava(
  options: ExternalSendOptions,
): Promise<readonly ExternalAcknowledgement[]> {
  const classPath = await brokerClassPath(kafkaVersion());
  const java = ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", classPath, SOURCE];
  const args = [options.bootstrap, options.topic, options.compression ?? "snappy"];
  const output = await run([...java, ...args], {
    input: encodeMessages(options.messages),
    deadlineMs: EXTERNAL_DEADLINE_MS,
  });
  return parseAcknowledgements(output, options.messages.length);
}
