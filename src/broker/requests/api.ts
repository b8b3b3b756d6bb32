/** What a request handler is: the versions it speaks, both messages, how it is answered and how it is refused. */
import type { Cluster } from "../cluster.ts";
import { ERROR } from "../error_codes.ts";
import type { Partition } from "../topics/topic.ts";
import type { Codec } from "../wire/codec.ts";

/** Who asks whom, and in which version. */
export interface Call {
  readonly cluster: Cluster;
  /** The node that was asked. */
  readonly nodeId: number;
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** Aborts when the connection is closed: nobody waits for the answer any more. */
  readonly closed: AbortSignal;
}

/** One API of the protocol. */
export interface Api<Name extends string, Request, Answer> {
  readonly name: Name;
  readonly key: number;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The first version in the flexible encoding; one above `maxVersion` when none is spoken. */
  readonly flexibleFrom: number;
  readonly request: Codec<Request>;
  readonly answer: Codec<Answer>;
  /** Null: this request is not answered (`acks=0`). */
  handle(request: Request, call: Call): Answer | null | Promise<Answer | null>;
  /** The answer that says this error wherever the API has room for it. */
  refuse(request: Request, errorCode: number): Answer;
}

/** Keeps the types of both messages. */
export function defineApi<Name extends string, Request, Answer>(
  api: Api<Name, Request, Answer>,
): Api<Name, Request, Answer> {
  return api;
}

/** A partition that the asked node may answer for, or the error that says why it may not. */
export type Located =
  | { readonly partition: Partition; readonly errorCode: 0 }
  | { readonly partition: null; readonly errorCode: number };

/** Finds a partition on the asked node and checks the leader epoch that the client knows; -1 for none. */
export function locate(call: Call, asked: {
  readonly topic: string;
  readonly partition: number;
  readonly currentLeaderEpoch?: number;
  /** A follower may answer, too. */
  readonly fromFollower?: boolean;
}): Located {
  const { topic, partition: index, currentLeaderEpoch = -1, fromFollower = false } = asked;
  const partition = call.cluster.topics.partition(topic, index);
  if (partition === undefined) return notHere(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  const isLeader = partition.leader === call.nodeId;
  if (!isLeader && !partition.replicas.includes(call.nodeId)) {
    return notHere(ERROR.NOT_LEADER_OR_FOLLOWER);
  }
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch < partition.leaderEpoch) {
    return notHere(ERROR.FENCED_LEADER_EPOCH);
  }
  if (currentLeaderEpoch > partition.leaderEpoch) return notHere(ERROR.UNKNOWN_LEADER_EPOCH);
  if (!isLeader && !fromFollower) return notHere(ERROR.NOT_LEADER_OR_FOLLOWER);
  return { partition, errorCode: ERROR.NONE };
}

function notHere(errorCode: number): Located {
  return { partition: null, errorCode };
}

/** Whether the asked node coordinates the group; NONE when it does. */
export function coordinatorError({ cluster, nodeId }: Call, groupId: string): number {
  if (groupId === "") return ERROR.INVALID_GROUP_ID;
  const coordinator = cluster.groups.nodeOf(groupId);
  if (coordinator === -1) return ERROR.COORDINATOR_NOT_AVAILABLE;
  return coordinator === nodeId ? ERROR.NONE : ERROR.NOT_COORDINATOR;
}
