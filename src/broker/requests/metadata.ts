/** Metadata and FindCoordinator: who leads what, and who coordinates whom. */
import type { Cluster, NodeAddress } from "../cluster.ts";
import { ERROR } from "../error_codes.ts";
import {
  FIND_COORDINATOR_ANSWER,
  FIND_COORDINATOR_REQUEST,
  METADATA_ANSWER,
  METADATA_REQUEST,
  NO_OPERATIONS,
} from "../messages/cluster.ts";
import { NO_LEADER, type Partition, type Topic } from "../topics/topic.ts";
import { TopicError } from "../topics/topics.ts";
import { NO_UUID, type ValueOf } from "../wire/codec.ts";
import { type Call, defineApi } from "./api.ts";

type MetadataRequest = ValueOf<typeof METADATA_REQUEST>;
type MetadataAnswer = ValueOf<typeof METADATA_ANSWER>;
type TopicAnswer = MetadataAnswer["topics"][number];
type FindCoordinatorAnswer = ValueOf<typeof FIND_COORDINATOR_ANSWER>;
type AskedTopic = NonNullable<MetadataRequest["topics"]>[number];

const GROUP_KEY = 0;

export const METADATA = defineApi({
  name: "Metadata",
  key: 3,
  minVersion: 0,
  maxVersion: 12,
  flexibleFrom: 9,
  request: METADATA_REQUEST,
  answer: METADATA_ANSWER,
  handle({ topics, allowAutoTopicCreation }, { cluster, version }) {
    const asksForAll = topics === null || (version === 0 && topics.length === 0);
    const mayCreate = allowAutoTopicCreation && cluster.settings.autoCreateTopicsEnable;
    const answers = asksForAll
      ? cluster.topics.all().map((topic) => describe(cluster, topic))
      : topics.map((asked) => describeAsked(cluster, asked, { mayCreate }));
    return { ...metadataAnswer(cluster.liveNodes(), answers), clusterId: cluster.id };
  },
  refuse: ({ topics }, errorCode) =>
    metadataAnswer([], (topics ?? []).map((asked) => unknownTopic(asked, errorCode))),
});

export const FIND_COORDINATOR = defineApi({
  name: "FindCoordinator",
  key: 10,
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request: FIND_COORDINATOR_REQUEST,
  answer: FIND_COORDINATOR_ANSWER,
  handle(request, call) {
    const keys = call.version >= 4 ? request.keys : [request.key];
    return coordinators(keys, (key) => findCoordinator(call, { key, keyType: request.keyType }));
  },
  refuse: ({ key, keys }, errorCode) =>
    coordinators(keys.length > 0 ? keys : [key], () => notFound(errorCode)),
});

function metadataAnswer(
  nodes: readonly NodeAddress[],
  topics: readonly TopicAnswer[],
): MetadataAnswer {
  return {
    throttleTimeMs: 0,
    brokers: nodes.map(({ id, host, port }) => ({ nodeId: id, host, port, rack: null })),
    clusterId: null,
    controllerId: nodes[0]?.id ?? -1,
    topics,
    clusterAuthorizedOperations: NO_OPERATIONS,
  };
}

function describeAsked(
  cluster: Cluster,
  asked: AskedTopic,
  { mayCreate }: { readonly mayCreate: boolean },
): TopicAnswer {
  const { id, name } = asked;
  const topic = name === null ? cluster.topics.findById(id) : cluster.topics.find(name);
  if (topic !== undefined) return describe(cluster, topic);
  if (name === null) return unknownTopic(asked, ERROR.UNKNOWN_TOPIC_ID);
  if (!mayCreate) return unknownTopic(asked, ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  try {
    const created = cluster.topics.create({ name, partitions: null, replicationFactor: null });
    return describe(cluster, created);
  } catch (error) {
    if (!(error instanceof TopicError)) throw error;
    return unknownTopic(asked, error.code);
  }
}

function describe(cluster: Cluster, topic: Topic): TopicAnswer {
  return {
    errorCode: ERROR.NONE,
    name: topic.name,
    id: topic.id,
    isInternal: false,
    partitions: topic.partitions.map((partition) => describePartition(cluster, partition)),
    authorizedOperations: NO_OPERATIONS,
  };
}

function describePartition(
  cluster: Cluster,
  { index, leader, leaderEpoch, replicas }: Partition,
): TopicAnswer["partitions"][number] {
  return {
    errorCode: leader === NO_LEADER ? ERROR.LEADER_NOT_AVAILABLE : ERROR.NONE,
    partition: index,
    leader,
    leaderEpoch,
    replicas,
    inSyncReplicas: replicas.filter((replica) => cluster.isUp(replica)),
    offlineReplicas: replicas.filter((replica) => !cluster.isUp(replica)),
  };
}

function unknownTopic({ id, name }: AskedTopic, errorCode: number): TopicAnswer {
  return {
    errorCode,
    name,
    id: name === null ? id : NO_UUID,
    isInternal: false,
    partitions: [],
    authorizedOperations: NO_OPERATIONS,
  };
}

type Found = Omit<FindCoordinatorAnswer["coordinators"][number], "key">;

function findCoordinator(
  { cluster }: Call,
  { key, keyType }: { readonly key: string; readonly keyType: number },
): Found {
  // There is no transaction coordinator.
  if (keyType !== GROUP_KEY) return notFound(ERROR.COORDINATOR_NOT_AVAILABLE);
  const node = cluster.node(cluster.groups.nodeOf(key));
  if (node === undefined) return notFound(ERROR.COORDINATOR_NOT_AVAILABLE);
  const { id: nodeId, host, port } = node;
  return { nodeId, host, port, errorCode: ERROR.NONE, errorMessage: null };
}

function notFound(errorCode: number): Found {
  return { nodeId: -1, host: "", port: -1, errorCode, errorMessage: null };
}

/** The first answer stands where versions before 4 look for it. */
function coordinators(
  keys: readonly string[],
  find: (key: string) => Found,
): FindCoordinatorAnswer {
  const found = keys.map((key) => ({ key, ...find(key) }));
  const { key: _key, ...first } = found[0] ?? { key: "", ...notFound(ERROR.INVALID_REQUEST) };
  return { throttleTimeMs: 0, ...first, coordinators: found };
}
