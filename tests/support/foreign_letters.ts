/** Dead letters by the conventions of Kafka Connect, Kafka Streams and Spring, as these write them. */
import { Buffer } from "node:buffer";
import type { MessageToProduce } from "./kafka_client.ts";

/** Of the topic `orders`, partition 3, offset 41. */
export function connectLetter(value: string): MessageToProduce {
  const prefix = "__connect.errors.";
  return {
    value,
    headers: {
      [`${prefix}topic`]: "orders",
      [`${prefix}partition`]: "3",
      [`${prefix}offset`]: "41",
      [`${prefix}connector.name`]: "sink",
      [`${prefix}task.id`]: "0",
      [`${prefix}stage`]: "VALUE_CONVERTER",
      [`${prefix}class.name`]: "org.apache.kafka.connect.json.JsonConverter",
      [`${prefix}exception.class.name`]: "org.apache.kafka.connect.errors.DataException",
      [`${prefix}exception.message`]: "Unexpected end-of-input",
    },
  };
}

/** Of the topic `payments`, partition 1, offset 99. */
export function springLetter(value: string): MessageToProduce {
  const prefix = "kafka_dlt-";
  return {
    value,
    headers: {
      [`${prefix}original-topic`]: "payments",
      [`${prefix}original-partition`]: bigEndian(1, 4),
      [`${prefix}original-offset`]: bigEndian(99, 8),
      [`${prefix}original-timestamp`]: bigEndian(1_705_314_645_000, 8),
      [`${prefix}original-timestamp-type`]: "CreateTime",
      [`${prefix}original-consumer-group`]: "billing",
      [`${prefix}exception-fqcn`]:
        "org.springframework.kafka.listener.ListenerExecutionFailedException",
      [`${prefix}exception-cause-fqcn`]: "java.lang.IllegalStateException",
      [`${prefix}exception-message`]: "Listener failed",
    },
  };
}

/** Of the topic `clicks`, partition 0, offset 5. */
export function streamsLetter(value: string): MessageToProduce {
  const prefix = "__streams.errors.";
  return {
    value,
    headers: {
      [`${prefix}topic`]: "clicks",
      [`${prefix}partition`]: "0",
      [`${prefix}offset`]: "5",
      [`${prefix}exception`]: "org.apache.kafka.common.errors.SerializationException",
      [`${prefix}message`]: "Size of data is not 8",
    },
  };
}

function bigEndian(value: number, bytes: 4 | 8): Uint8Array {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 4) buffer.writeInt32BE(value);
  else buffer.writeBigInt64BE(BigInt(value));
  return new Uint8Array(buffer);
}
