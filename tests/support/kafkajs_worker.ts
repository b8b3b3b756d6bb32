/**
 * A program for tests: a consumer by kafkajs's own Consumer that works as a service does, until SIGTERM. Arguments:
 * brokers, topic, group, and the file to append to, as recording_service.ts does.
 */
import { crc32 } from "node:zlib";
import { CompressionCodecs, CompressionTypes, Kafka, logLevel } from "kafkajs";
import snappyCodec from "kafkajs-snappy";

const [brokers = "", topic = "", groupId = "", path = ""] = Deno.args;
CompressionCodecs[CompressionTypes.Snappy] = snappyCodec;
const file = Deno.openSync(path, { append: true, create: true });
const encoder = new TextEncoder();
const kafka = new Kafka({
  clientId: "kafkajs",
  brokers: brokers.split(","),
  logLevel: logLevel.ERROR,
  retry: { initialRetryTime: 100, retries: 20 },
});
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 10_000,
  heartbeatInterval: 500,
  maxWaitTimeInMs: 100,
});

Deno.addSignalListener("SIGTERM", async () => {
  await consumer.disconnect();
  Deno.exit(0);
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  autoCommitInterval: 300,
  autoCommitThreshold: 100,
  eachMessage({ topic, partition, message: { offset, value } }) {
    const { event_id, event_data } = JSON.parse(value?.toString() ?? "");
    const hash = crc32(event_id + JSON.stringify(event_data));
    for (const kind of ["start", "done"]) {
      const line = [kind, topic, partition, offset, event_id, Date.now(), hash].join("\t");
      file.writeSync(encoder.encode(`${line}\n`));
    }
    return Promise.resolve();
  },
});
console.log("consuming");
