/** OffsetCommit, OffsetFetch and OffsetDelete. Every commit, accepted or not, is put on record. */
import { ERROR } from "../error_codes.ts";
import type { Group } from "../group/coordinator.ts";
import {
  OFFSET_COMMIT_ANSWER,
  OFFSET_COMMIT_REQUEST,
  OFFSET_DELETE_ANSWER,
  OFFSET_DELETE_REQUEST,
  OFFSET_FETCH_ANSWER,
  OFFSET_FETCH_REQUEST,
} from "../messages/offsets.ts";
import type { ValueOf } from "../wire/codec.ts";
import { type Call, coordinatorError, defineApi } from "./api.ts";

type CommitRequest = ValueOf<typeof OFFSET_COMMIT_REQUEST>;
type CommitEntry = CommitRequest["topics"][number]["partitions"][number];
type FetchAnswer = ValueOf<typeof OFFSET_FETCH_ANSWER>;
type FetchedTopic = FetchAnswer["topics"][number];

export const OFFSET_COMMIT = defineApi({
  name: "OffsetCommit",
  key: 8,
  minVersion: 2,
  maxVersion: 8,
  flexibleFrom: 8,
  request: OFFSET_COMMIT_REQUEST,
  answer: OFFSET_COMMIT_ANSWER,
  handle(request, call) {
    const { group, errorCode } = groupForCommit(request, call);
    return answerEach(request, (topic, entry) => {
      const code = errorCode !== ERROR.NONE ? errorCode : commit(entry, { topic, group, call });
      record(request, { topic, entry, errorCode: code, call });
      return code;
    });
  },
  refuse: (request, errorCode) => answerEach(request, () => errorCode),
});

export const OFFSET_FETCH = defineApi({
  name: "OffsetFetch",
  key: 9,
  minVersion: 1,
  maxVersion: 7,
  flexibleFrom: 6,
  request: OFFSET_FETCH_REQUEST,
  answer: OFFSET_FETCH_ANSWER,
  handle(request, call) {
    const error = coordinatorError(call, request.groupId);
    const group = call.cluster.groups.find(request.groupId);
    if (error !== ERROR.NONE) {
      return { throttleTimeMs: 0, topics: refuseTopics(request.topics, error), errorCode: error };
    }
    const topics = request.topics === null
      ? allCommitted(group)
      : request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((partition) => fetched(group, { topic: name, partition })),
      }));
    return { throttleTimeMs: 0, topics, errorCode: ERROR.NONE };
  },
  refuse: (request, errorCode) => {
    return { throttleTimeMs: 0, topics: refuseTopics(request.topics, errorCode), errorCode };
  },
});

export const OFFSET_DELETE = defineApi({
  name: "OffsetDelete",
  key: 47,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 1,
  request: OFFSET_DELETE_REQUEST,
  answer: OFFSET_DELETE_ANSWER,
  handle({ groupId, topics }, call) {
    const group = call.cluster.groups.find(groupId);
    const error = coordinatorError(call, groupId) || deletionError(group);
    if (error !== ERROR.NONE) return { errorCode: error, throttleTimeMs: 0, topics: [] };
    const answers = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition }) => {
        group?.offsets.delete(name, partition);
        return { partition, errorCode: ERROR.NONE };
      }),
    }));
    return { errorCode: ERROR.NONE, throttleTimeMs: 0, topics: answers };
  },
  refuse: (_request, errorCode) => ({ errorCode, throttleTimeMs: 0, topics: [] }),
});

/** The group that a commit goes to, or why it is refused as a whole. */
function groupForCommit(
  request: CommitRequest,
  call: Call,
): { readonly group: Group | undefined; readonly errorCode: number } {
  const { groupId, generationId } = request;
  const { groups } = call.cluster;
  const error = coordinatorError(call, groupId);
  if (error !== ERROR.NONE) return { group: undefined, errorCode: error };
  // Who commits without a generation needs no members: the group comes to be by its offsets.
  const isKnown = groups.find(groupId) !== undefined;
  if (!isKnown && generationId >= 0) {
    return { group: undefined, errorCode: ERROR.ILLEGAL_GENERATION };
  }
  const group = groups.obtain(groupId);
  if (group === undefined) return { group, errorCode: ERROR.COORDINATOR_NOT_AVAILABLE };
  return { group, errorCode: group.members.checkCommit(request) };
}

function commit(
  { partition, offset, leaderEpoch, metadata }: CommitEntry,
  { topic, group, call }: {
    readonly topic: string;
    readonly group: Group | undefined;
    readonly call: Call;
  },
): number {
  const { topics, settings } = call.cluster;
  if (topics.partition(topic, partition) === undefined) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  if ((metadata?.length ?? 0) > settings.offsetMetadataMaxBytes) {
    return ERROR.OFFSET_METADATA_TOO_LARGE;
  }
  group?.offsets.set({ topic, partition, offset, leaderEpoch, metadata: metadata ?? "" });
  return ERROR.NONE;
}

function record(
  { groupId, memberId, generationId, groupInstanceId }: CommitRequest,
  { topic, entry, errorCode, call }: {
    readonly topic: string;
    readonly entry: CommitEntry;
    readonly errorCode: number;
    readonly call: Call;
  },
): void {
  const { partition, offset, leaderEpoch } = entry;
  const metadata = errorCode === ERROR.OFFSET_METADATA_TOO_LARGE ? "" : entry.metadata ?? "";
  call.cluster.groups.record({
    at: call.cluster.clock.wallTime(),
    groupId,
    memberId,
    generationId,
    groupInstanceId,
    topic,
    partition,
    offset,
    leaderEpoch,
    metadata,
    errorCode,
  });
}

function answerEach(
  { topics }: CommitRequest,
  codeOf: (topic: string, entry: CommitEntry) => number,
): ValueOf<typeof OFFSET_COMMIT_ANSWER> {
  const answers = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((entry) => {
      return { partition: entry.partition, errorCode: codeOf(name, entry) };
    }),
  }));
  return { throttleTimeMs: 0, topics: answers };
}

function allCommitted(group: Group | undefined): readonly FetchedTopic[] {
  const byTopic = Map.groupBy(group?.offsets.all() ?? [], ({ topic }) => topic);
  return [...byTopic].map(([name, entries]) => ({
    name,
    partitions: entries.map((entry) => fetched(group, entry)),
  }));
}

function fetched(
  group: Group | undefined,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): FetchedTopic["partitions"][number] {
  const committed = group?.offsets.get(topic, partition);
  const { offset, leaderEpoch, metadata } = committed ?? NOTHING_COMMITTED;
  return { partition, offset, leaderEpoch, metadata, errorCode: ERROR.NONE };
}

const NOTHING_COMMITTED = { offset: -1, leaderEpoch: -1, metadata: "" };

function refuseTopics(
  topics: ValueOf<typeof OFFSET_FETCH_REQUEST>["topics"],
  errorCode: number,
): readonly FetchedTopic[] {
  return (topics ?? []).map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) => ({ partition, ...NOTHING_COMMITTED, errorCode })),
  }));
}

function deletionError(group: Group | undefined): number {
  if (group === undefined) return ERROR.GROUP_ID_NOT_FOUND;
  return group.members.state === "Empty" ? ERROR.NONE : ERROR.NON_EMPTY_GROUP;
}
