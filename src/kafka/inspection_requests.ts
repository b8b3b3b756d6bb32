/** Requests that only look: what a group is, how topics and brokers are configured, what time the controller has. */
import type { Buffer } from "node:buffer";
import type { Decoder } from "./kafkajs.ts";
import { toldOperations } from "./operations.ts";
import { type ApiRequest, fromKafkajs, ownRequest, readInt64, type Throttled } from "./protocol.ts";

export interface DescribedMember {
  readonly memberId: string;
  /** Null for a dynamic member, and where the broker is older than DescribeGroups version 4. */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Its subscription, in the words of the assignor. */
  readonly metadata: Buffer;
  /** What it was given, in the words of the assignor; empty while the group rebalances. */
  readonly assignment: Buffer;
}

export interface DescribedGroup extends Throttled {
  readonly errorCode: number;
  /** `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`; `Dead` where there is no such group. */
  readonly state: string;
  /** `consumer` for consumers. */
  readonly protocolType: string;
  /** The assignor that the members agreed on. */
  readonly protocol: string;
  readonly members: readonly DescribedMember[];
  /** What we may do with it; null when not told. */
  readonly operations: number | null;
}

/** DescribeGroups 3 and 4. Any other broker than the coordinator answers NOT_COORDINATOR, and makes no topic for it. */
export function describeGroup(groupId: string): ApiRequest<DescribedGroup> {
  return ownRequest("DescribeGroups", 15, [3, 4], {
    encode(encoder) {
      encoder.writeInt32(1).writeString(groupId).writeBoolean(true);
    },
    decode(decoder, version) {
      const throttleTimeMs = decoder.readInt32();
      const [group] = decoder.readArray(() => readGroup(decoder, version));
      if (group === undefined) {
        throw new Error("Cannot read the answer to DescribeGroups: no group");
      }
      return { throttleTimeMs, ...group };
    },
  });
}

function readGroup(decoder: Decoder, version: number): Omit<DescribedGroup, "throttleTimeMs"> {
  const errorCode = decoder.readInt16();
  decoder.readString(); // group id
  const state = decoder.readString();
  const protocolType = decoder.readString();
  const protocol = decoder.readString();
  const members = decoder.readArray(() => {
    const memberId = decoder.readString();
    const groupInstanceId = version >= 4 ? decoder.readString() as string | null : null;
    const clientId = decoder.readString();
    const clientHost = decoder.readString();
    const metadata = decoder.readBytes();
    const assignment = decoder.readBytes();
    return { memberId, groupInstanceId, clientId, clientHost, metadata, assignment };
  });
  const operations = toldOperations(decoder.readInt32());
  return { errorCode, state, protocolType, protocol, members, operations };
}

const RESOURCE = { topic: 2, broker: 4 } as const;

export interface DescribedConfig {
  readonly errorCode: number;
  /** The topic's name, or the broker's node id. */
  readonly resourceName: string;
  readonly configEntries: readonly {
    readonly configName: string;
    readonly configValue: string | null;
  }[];
}

/** DescribeConfigs 1 for resources of one kind. A broker can only be asked for its own. */
export function describeConfigs(
  kind: keyof typeof RESOURCE,
  names: readonly string[],
  configNames: readonly string[],
): ApiRequest<Throttled & { readonly resources: readonly DescribedConfig[] }> {
  return fromKafkajs("DescribeConfigs", {
    resources: names.map((name) => ({ type: RESOURCE[kind], name, configNames })),
  });
}

export interface QuorumTime {
  readonly errorCode: number;
  /** The active controller's clock, milliseconds since 1970; null when the answer does not hold it. */
  readonly timeMs: number | null;
}

const QUORUM_TOPIC = "__cluster_metadata";

/**
 * DescribeQuorum 1, which the active controller answers whichever broker is asked. It says for each controller when
 * that last fetched, by its own clock, and of itself: now (LeaderState.describeReplicaState in Apache Kafka). That is
 * the one place where a broker tells the time without being written to.
 */
export function quorumTime(): ApiRequest<QuorumTime> {
  return ownRequest("DescribeQuorum", 55, [1, 1], {
    encode(encoder) {
      encoder.writeUVarInt(0); // no tags in the header
      encoder.writeUVarInt(2).writeUVarIntString(QUORUM_TOPIC);
      encoder.writeUVarInt(2).writeInt32(0).writeUVarInt(0); // its one partition
      encoder.writeUVarInt(0).writeUVarInt(0);
    },
    decode: readQuorumTime,
  });
}

function readQuorumTime(decoder: Decoder): QuorumTime {
  decoder.readTaggedFields(); // of the header
  const errorCode = decoder.readInt16();
  const partitions = decoder.readUVarIntArray(() => {
    decoder.readUVarIntString(); // topic
    const list = decoder.readUVarIntArray(() => readQuorumPartition(decoder));
    decoder.readTaggedFields();
    return list ?? [];
  }) ?? [];
  const [partition] = partitions.flat();
  if (partition === undefined) return { errorCode, timeMs: null };
  return { errorCode: errorCode || partition.errorCode, timeMs: partition.timeMs };
}

function readQuorumPartition(decoder: Decoder): QuorumTime {
  decoder.readInt32(); // partition
  const errorCode = decoder.readInt16();
  const leaderId = decoder.readInt32();
  decoder.readInt32(); // epoch
  decoder.readInt64(); // high watermark
  const readReplicas = () =>
    decoder.readUVarIntArray(() => {
      const id = decoder.readInt32();
      decoder.readInt64(); // log end
      const lastFetch = readInt64(decoder);
      decoder.readInt64(); // last caught up
      decoder.readTaggedFields();
      return { id, lastFetch };
    }) ?? [];
  const voters = readReplicas();
  readReplicas(); // observers: the brokers
  decoder.readTaggedFields();
  const leader = voters.find(({ id }) => id === leaderId);
  return {
    errorCode,
    timeMs: leader === undefined || leader.lastFetch < 0 ? null : leader.lastFetch,
  };
}
