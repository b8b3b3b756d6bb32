/**
 * The requests about offsets: what the group committed, where logs start and end, where an epoch ends. OffsetCommit 7
 * and OffsetFetch 5 are our own, because kafkajs stops before leader epochs and static membership.
 */
import {
  type ApiRequest,
  fromKafkajs,
  groupByTopic,
  mapAnswer,
  type MemberIdentity,
  ownRequest,
  type PartitionError,
  readByTopic,
  readInt64,
  type Throttled,
  writeByTopic,
} from "./protocol.ts";

export interface ListedOffset extends PartitionError {
  /** -1 where there is none. */
  readonly offset: number;
  /** Of the message there, when asked for by time, milliseconds since 1970; else -1. */
  readonly timestamp: number;
}

/** `at`: a time in ms since 1970, or where the log starts or ends. */
export function listOffsets(
  partitions: readonly { readonly topic: string; readonly partition: number }[],
  at: "start" | "end" | number,
): ApiRequest<Throttled & { readonly offsets: readonly ListedOffset[] }> {
  const timestamp = at === "start" ? "-2" : at === "end" ? "-1" : String(at);
  const topics = groupByTopic(partitions, ({ partition }) => ({ partition, timestamp }));
  const request = fromKafkajs<{
    readonly throttleTimeMs: number;
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly errorCode: number;
        readonly offset: string;
        readonly timestamp: string;
      }[];
    }[];
  }>("ListOffsets", { replicaId: -1, isolationLevel: 0, topics });
  return mapAnswer(request, (answer) => ({
    throttleTimeMs: answer.throttleTimeMs,
    offsets: answer.responses.flatMap(({ topic, partitions }) =>
      partitions.map((each) => ({
        topic,
        partition: each.partition,
        errorCode: each.errorCode,
        offset: Number(each.offset),
        timestamp: Number(each.timestamp),
      }))
    ),
  }));
}

export interface CommitEntry {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/**
 * OffsetCommit 7: the first that carries both a leader epoch and the instance id of a static member. With `keepMs`
 * OffsetCommit 4, the last that says for how long brokers keep the offsets, whatever offsets.retention.minutes is; it
 * carries neither.
 */
export function offsetCommit(
  member: MemberIdentity,
  entries: readonly CommitEntry[],
  { keepMs = null }: { readonly keepMs?: number | null } = {},
): ApiRequest<Throttled & { readonly partitions: readonly PartitionError[] }> {
  return ownRequest("OffsetCommit", 8, keepMs === null ? [7, 7] : [4, 4], {
    encode(encoder) {
      encoder.writeString(member.groupId).writeInt32(member.generationId);
      encoder.writeString(member.memberId);
      if (keepMs === null) encoder.writeString(member.groupInstanceId);
      else encoder.writeInt64(keepMs);
      writeByTopic(encoder, entries, (entry) => {
        encoder.writeInt32(entry.partition).writeInt64(entry.offset);
        if (keepMs === null) encoder.writeInt32(entry.leaderEpoch);
        encoder.writeString(entry.metadata);
      });
    },
    decode(decoder) {
      const throttleTimeMs = decoder.readInt32();
      const partitions = readByTopic(decoder, (topic) => ({
        topic,
        partition: decoder.readInt32(),
        errorCode: decoder.readInt16(),
      }));
      return { throttleTimeMs, partitions };
    },
  });
}

export interface CommittedOffset extends PartitionError {
  /** -1: nothing is committed. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/** OffsetFetch 5: the first that answers the leader epoch. */
export function offsetFetch(
  groupId: string,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): ApiRequest<
  Throttled & { readonly errorCode: number; readonly partitions: readonly CommittedOffset[] }
> {
  return ownRequest("OffsetFetch", 9, [5, 5], {
    encode(encoder) {
      encoder.writeString(groupId);
      writeByTopic(encoder, partitions, ({ partition }) => encoder.writeInt32(partition));
    },
    decode(decoder) {
      const throttleTimeMs = decoder.readInt32();
      const partitions = readByTopic(decoder, (topic) => {
        const partition = decoder.readInt32();
        const offset = readInt64(decoder);
        const leaderEpoch = decoder.readInt32();
        const metadata = decoder.readString() as string | null;
        return { topic, partition, offset, leaderEpoch, metadata, errorCode: decoder.readInt16() };
      });
      return { throttleTimeMs, partitions, errorCode: decoder.readInt16() };
    },
  });
}

export interface EpochEnd extends PartitionError {
  /** The highest epoch at or below the one asked for; -1 where the log has none. */
  readonly leaderEpoch: number;
  /** One past the last offset of that epoch; -1 where the log has none. */
  readonly endOffset: number;
}

/** OffsetForLeaderEpoch 3: where the log of an epoch ends, by which a truncation is known. */
export function offsetForLeaderEpoch(
  where: { readonly topic: string; readonly partition: number },
  epochs: { readonly current: number; readonly asked: number },
): ApiRequest<Throttled & { readonly partitions: readonly EpochEnd[] }> {
  return ownRequest("OffsetForLeaderEpoch", 23, [3, 3], {
    encode(encoder) {
      encoder.writeInt32(-1); // replica id of a consumer
      writeByTopic(encoder, [where], ({ partition }) => {
        encoder.writeInt32(partition).writeInt32(epochs.current).writeInt32(epochs.asked);
      });
    },
    decode(decoder) {
      const throttleTimeMs = decoder.readInt32();
      const partitions = readByTopic(decoder, (topic) => {
        const errorCode = decoder.readInt16();
        const partition = decoder.readInt32();
        const leaderEpoch = decoder.readInt32();
        return { topic, partition, errorCode, leaderEpoch, endOffset: readInt64(decoder) };
      });
      return { throttleTimeMs, partitions };
    },
  });
}
