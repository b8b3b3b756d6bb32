/**
 * Metadata, versions 7 to 12, with our own encoder and decoder: kafkajs stops at 6, which has neither topic ids nor
 * leader epochs, and throws a whole answer away when one partition has an error.
 */
import type { Decoder, Encoder } from "./kafkajs.ts";
import { toldOperations } from "./operations.ts";
import { type ApiRequest, type BrokerAddress, ownRequest, type Throttled } from "./protocol.ts";

export interface PartitionInfo {
  readonly errorCode: number;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: number;
  /** How many replicas are in sync, the leader among them. */
  readonly inSync: number;
}

export interface TopicInfo {
  readonly errorCode: number;
  readonly name: string;
  /** 32 hex digits; null where the broker is older than Metadata version 10. */
  readonly id: string | null;
  readonly partitions: readonly PartitionInfo[];
  /** What we may do with it, one bit an operation; null unless asked for and told (KIP-430, Metadata version 8). */
  readonly operations: number | null;
}

export interface MetadataAnswer extends Throttled {
  readonly brokers: readonly BrokerAddress[];
  /** Node id of the broker that creates topics. */
  readonly controllerId: number;
  readonly topics: readonly TopicInfo[];
}

const NO_TOPIC_ID = "0".repeat(32);
const TOPIC_ID_BYTES = 16;

/** Metadata 7 to 12. From 9 on the encoding is the flexible one; from 10 on there are topic ids. */
export function metadata(
  topics: readonly string[],
  { withOperations = false }: { readonly withOperations?: boolean } = {},
): ApiRequest<MetadataAnswer> {
  return ownRequest("Metadata", 3, [7, 12], {
    encode: (encoder, version) =>
      writeMetadataRequest(encoder, { topics, withOperations }, version),
    decode: (decoder, version) => readMetadataAnswer(decoder, version),
  });
}

function writeMetadataRequest(
  encoder: Encoder,
  { topics, withOperations }: {
    readonly topics: readonly string[];
    readonly withOperations: boolean;
  },
  version: number,
): void {
  const flexible = version >= 9;
  if (flexible) writeNoTags(encoder).writeUVarInt(topics.length + 1);
  else encoder.writeInt32(topics.length);
  for (const topic of topics) {
    if (version >= 10) { for (let i = 0; i < TOPIC_ID_BYTES; i++) encoder.writeInt8(0); }
    if (flexible) writeNoTags(encoder.writeUVarIntString(topic));
    else encoder.writeString(topic);
  }
  encoder.writeBoolean(false); // never create a topic by asking for it
  if (version >= 8 && version <= 10) encoder.writeBoolean(false); // cluster operations
  if (version >= 8) encoder.writeBoolean(withOperations);
  if (flexible) writeNoTags(encoder);
}

function readMetadataAnswer(decoder: Decoder, version: number): MetadataAnswer {
  const flexible = version >= 9;
  const readText = () => flexible ? decoder.readUVarIntString() : decoder.readString();
  const readList = <T>(read: () => T): T[] =>
    (flexible ? decoder.readUVarIntArray(read) : decoder.readArray(read)) ?? [];
  const endStruct = () => {
    if (flexible) decoder.readTaggedFields();
  };
  endStruct(); // the flexible answer header
  const throttleTimeMs = decoder.readInt32();
  const brokers = readList(() => {
    const id = decoder.readInt32();
    const host = readText();
    const port = decoder.readInt32();
    readText(); // rack
    endStruct();
    return { id, host, port };
  });
  readText(); // cluster id
  const controllerId = decoder.readInt32();
  const readPartition = () => {
    const errorCode = decoder.readInt16();
    const partition = decoder.readInt32();
    const leader = decoder.readInt32();
    const leaderEpoch = decoder.readInt32();
    const replicas = readList(() => decoder.readInt32()).length;
    const inSync = readList(() => decoder.readInt32()).length;
    readList(() => decoder.readInt32()); // offline
    endStruct();
    return { errorCode, partition, leader, leaderEpoch, replicas, inSync };
  };
  const topics = readList(() => {
    const errorCode = decoder.readInt16();
    const name = readText();
    const id = version >= 10 ? decoder.readBytes(TOPIC_ID_BYTES).toString("hex") : NO_TOPIC_ID;
    decoder.readBoolean(); // internal
    const partitions = readList(readPartition);
    const operations = version >= 8 ? toldOperations(decoder.readInt32()) : null;
    endStruct();
    return { errorCode, name, id: id === NO_TOPIC_ID ? null : id, partitions, operations };
  });
  return { throttleTimeMs, brokers, controllerId, topics };
}

function writeNoTags(encoder: Encoder): Encoder {
  return encoder.writeUVarInt(0);
}
