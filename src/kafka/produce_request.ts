/** Produce version 7 with one batch for one partition, acknowledged by all in-sync replicas. */
import type { Buffer } from "node:buffer";
import { type ApiRequest, ownRequest, type Throttled } from "./protocol.ts";

export interface ProduceAnswer extends Throttled {
  readonly topic: string;
  readonly errorCode: number;
  /** Of the batch's first record; -1 when it was not stored. */
  readonly offset: number;
}

const ALL_IN_SYNC_REPLICAS = -1;

export function produce(args: {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
  /** How long the broker may wait for its replicas. */
  readonly timeoutMs: number;
}): ApiRequest<ProduceAnswer> {
  return ownRequest("Produce", 0, [7, 7], {
    encode(encoder) {
      encoder.writeString(null).writeInt16(ALL_IN_SYNC_REPLICAS).writeInt32(args.timeoutMs);
      encoder.writeInt32(1).writeString(args.topic);
      encoder.writeInt32(1).writeInt32(args.partition).writeBytes(args.batch);
    },
    decode(decoder) {
      const partitions = decoder.readArray(() => {
        const topic = decoder.readString();
        return decoder.readArray(() => {
          decoder.readInt32(); // partition
          const errorCode = decoder.readInt16();
          const offset = Number(decoder.readInt64().toString());
          decoder.readInt64(); // log append time
          decoder.readInt64(); // log start offset
          return { topic, errorCode, offset };
        });
      }).flat();
      const [stored] = partitions;
      if (stored === undefined) throw new Error("Cannot read the answer to Produce: no partition");
      return { ...stored, throttleTimeMs: decoder.readInt32() };
    },
  });
}
