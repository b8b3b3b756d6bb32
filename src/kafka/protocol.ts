/**
 * What a request is, as an `ApiRequest`, and the requests of the group and of log offsets, at the versions that we
 * speak. Where kafkajs has the version we use its encoder and decoder; OffsetCommit 7 and OffsetFetch 5 are our own,
 * because kafkajs stops before leader epochs and static membership. An answer is returned whole, whatever its error
 * codes are: kafkajs's `parse` would throw it away when one partition of many has an error. Metadata, Fetch and Produce
 * stand in files of their own.
 */
import type { Buffer } from "node:buffer";
import {
  type Decoder,
  type Encoder,
  type KafkajsRequest,
  kafkajsRequest,
  newDecoder,
  newEncoder,
  versionOf,
  type WireRequest,
  withoutThrottle,
} from "./kafkajs.ts";

/** One request, and how its answer is read. Connections picks the version. */
export interface ApiRequest<Answer> {
  readonly apiName: string;
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
  encode(version: number): WireRequest;
  decode(payload: Buffer, version: number): Answer | Promise<Answer>;
}

/** What every answer carries: for how long the broker wants us to hold back, in ms. */
export interface Throttled {
  readonly throttleTimeMs: number;
}

/** A partition and the error code that an answer has for it. */
export interface PartitionError {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
}

/** The lowest API versions without which the service cannot work, for the check at connect. */
export const REQUIRED_APIS: readonly { apiName: string; apiKey: number; version: number }[] = [
  { apiName: "Produce", apiKey: 0, version: 7 },
  { apiName: "Fetch", apiKey: 1, version: versionOf("Fetch") },
  { apiName: "ListOffsets", apiKey: 2, version: versionOf("ListOffsets") },
  { apiName: "Metadata", apiKey: 3, version: 7 },
  { apiName: "OffsetCommit", apiKey: 8, version: 7 },
  { apiName: "OffsetFetch", apiKey: 9, version: 5 },
  { apiName: "FindCoordinator", apiKey: 10, version: versionOf("GroupCoordinator") },
  { apiName: "JoinGroup", apiKey: 11, version: versionOf("JoinGroup") },
  { apiName: "Heartbeat", apiKey: 12, version: versionOf("Heartbeat") },
  { apiName: "LeaveGroup", apiKey: 13, version: versionOf("LeaveGroup") },
  { apiName: "SyncGroup", apiKey: 14, version: versionOf("SyncGroup") },
  { apiName: "OffsetForLeaderEpoch", apiKey: 23, version: 3 },
];

// --- requests that kafkajs encodes and decodes

export interface Coordinator extends Throttled {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number };
}

export function findCoordinator(groupId: string): ApiRequest<Coordinator> {
  return fromKafkajs("GroupCoordinator", { groupId });
}

export interface JoinAnswer extends Throttled {
  readonly errorCode: number;
  readonly generationId: number;
  readonly groupProtocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  /** Filled only for the leader. */
  readonly members: readonly {
    readonly memberId: string;
    readonly memberMetadata: Buffer | null;
  }[];
}

export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export function joinGroup(args: {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly groupProtocols: readonly GroupProtocol[];
}): ApiRequest<JoinAnswer> {
  return fromKafkajs("JoinGroup", {
    groupId: args.groupId,
    sessionTimeout: args.sessionTimeoutMs,
    rebalanceTimeout: args.rebalanceTimeoutMs,
    memberId: args.memberId,
    groupInstanceId: args.groupInstanceId,
    protocolType: "consumer",
    groupProtocols: args.groupProtocols,
  });
}

/** Who speaks, in the name of which generation. */
export interface MemberIdentity {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface SyncAnswer extends Throttled {
  readonly errorCode: number;
  readonly memberAssignment: Buffer | null;
}

export function syncGroup(
  member: MemberIdentity,
  groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Uint8Array }[],
): ApiRequest<SyncAnswer> {
  return fromKafkajs("SyncGroup", { ...member, groupAssignment });
}

export interface CodeAnswer extends Throttled {
  readonly errorCode: number;
}

export function heartbeat(member: MemberIdentity): ApiRequest<CodeAnswer> {
  return fromKafkajs("Heartbeat", {
    groupId: member.groupId,
    groupGenerationId: member.generationId,
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
  });
}

export function leaveGroup(groupId: string, memberId: string): ApiRequest<CodeAnswer> {
  return fromKafkajs("LeaveGroup", { groupId, memberId });
}

/** Where a broker listens. */
export interface BrokerAddress {
  /** Node id; negative for a bootstrap address, whose id is not known yet. */
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

// --- the two kinds of requests, and the shapes that repeat

/** A request of kafkajs's own, at the one version of kafkajs.ts. */
export function fromKafkajs<Answer extends Throttled>(
  name: KafkajsRequest,
  args: object,
): ApiRequest<Answer> {
  const { request, response } = kafkajsRequest(name, args);
  const version = request.apiVersion;
  return {
    apiName: name === "GroupCoordinator" ? "FindCoordinator" : name,
    apiKey: request.apiKey,
    minVersion: version,
    maxVersion: version,
    encode: () => request,
    async decode(payload) {
      const decoded = await response.decode(payload) as Record<string, unknown>;
      const throttleTimeMs = Number(
        decoded["clientSideThrottleTime"] || decoded["throttleTime"] || 0,
      );
      return { ...withoutThrottle(decoded), throttleTimeMs } as unknown as Answer;
    },
  };
}

/** A request of our own, for one or more versions. */
export function ownRequest<Answer>(
  apiName: string,
  apiKey: number,
  [minVersion, maxVersion]: readonly [number, number],
  codec: {
    encode(encoder: Encoder, version: number): void;
    decode(decoder: Decoder, version: number): Answer;
  },
): ApiRequest<Answer> {
  return {
    apiName,
    apiKey,
    minVersion,
    maxVersion,
    encode: (apiVersion) => ({
      apiName,
      apiKey,
      apiVersion,
      encode() {
        const encoder = newEncoder();
        codec.encode(encoder, apiVersion);
        return Promise.resolve(encoder);
      },
    }),
    decode: (payload, version) => codec.decode(newDecoder(payload), version),
  };
}

/** The same request with another view of its answer. */
export function mapAnswer<A, B>(request: ApiRequest<A>, map: (answer: A) => B): ApiRequest<B> {
  return {
    apiName: request.apiName,
    apiKey: request.apiKey,
    minVersion: request.minVersion,
    maxVersion: request.maxVersion,
    encode: (version) => request.encode(version),
    decode: async (payload, version) => map(await request.decode(payload, version)),
  };
}

export function groupByTopic<T extends { readonly topic: string }, P>(
  entries: readonly T[],
  view: (entry: T) => P,
): { topic: string; partitions: P[] }[] {
  const byTopic = Map.groupBy(entries, (entry) => entry.topic);
  return [...byTopic].map(([topic, list]) => ({ topic, partitions: list.map(view) }));
}

export function writeByTopic<T extends { readonly topic: string }>(
  encoder: Encoder,
  entries: readonly T[],
  writeEntry: (entry: T) => void,
): void {
  const byTopic = groupByTopic(entries, (entry) => entry);
  encoder.writeInt32(byTopic.length);
  for (const { topic, partitions } of byTopic) {
    encoder.writeString(topic).writeInt32(partitions.length);
    partitions.forEach(writeEntry);
  }
}

export function readByTopic<T>(decoder: Decoder, readEntry: (topic: string) => T): T[] {
  return decoder.readArray(() => {
    const topic = decoder.readString();
    return decoder.readArray(() => readEntry(topic));
  }).flat();
}

export function readInt64(decoder: Decoder): number {
  return Number(decoder.readInt64().toString());
}
