/** kafkajs as its documentation begins: eachMessage, kafkajs-snappy, JSON.parse, zod. Runs on Deno and on Node. */
import kafkajs from "kafkajs";
import SnappyCodec from "kafkajs-snappy";
import { Event } from "./event_schema.mjs";
import { add, BROKERS, GROUP, reject, TOPIC } from "./peer_report.mjs";

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec;

const kafka = new Kafka({ clientId: "bench", brokers: BROKERS, logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: GROUP });
await consumer.connect();
await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
await consumer.run({
  // deno-lint-ignore require-await -- kafkajs wants a promise
  async eachMessage({ message }) {
    let event;
    try {
      event = Event.parse(JSON.parse(message.value.toString()));
    } catch {
      reject();
      return;
    }
    add(event);
  },
});
