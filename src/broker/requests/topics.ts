/** CreateTopics, DeleteTopics and CreatePartitions. Every node takes them, as a KRaft broker does. */
import type { Cluster } from "../cluster.ts";
import { ERROR } from "../error_codes.ts";
import {
  CREATE_PARTITIONS_ANSWER,
  CREATE_PARTITIONS_REQUEST,
  CREATE_TOPICS_ANSWER,
  CREATE_TOPICS_REQUEST,
  DELETE_TOPICS_ANSWER,
  DELETE_TOPICS_REQUEST,
} from "../messages/topics.ts";
import { type NewTopic, TopicError } from "../topics/topics.ts";
import { NO_UUID, type ValueOf } from "../wire/codec.ts";
import { defineApi } from "./api.ts";
import { configSource } from "./configs.ts";

type CreateRequest = ValueOf<typeof CREATE_TOPICS_REQUEST>;
type AskedTopic = CreateRequest["topics"][number];
type CreatedTopic = ValueOf<typeof CREATE_TOPICS_ANSWER>["topics"][number];
type DeleteRequest = ValueOf<typeof DELETE_TOPICS_REQUEST>;
type DeletedTopic = ValueOf<typeof DELETE_TOPICS_ANSWER>["topics"][number];

/** "As the broker has it", for numbers of partitions and replicas. */
const BROKER_DEFAULT = -1;

export const CREATE_TOPICS = defineApi({
  name: "CreateTopics",
  key: 19,
  minVersion: 2,
  maxVersion: 7,
  flexibleFrom: 5,
  request: CREATE_TOPICS_REQUEST,
  answer: CREATE_TOPICS_ANSWER,
  handle: ({ topics, validateOnly }, { cluster }) => ({
    throttleTimeMs: 0,
    topics: topics.map((asked) => create(cluster, asked, { validateOnly })),
  }),
  refuse: ({ topics }, errorCode) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => notCreated(name, new TopicError(errorCode, ""))),
  }),
});

export const DELETE_TOPICS = defineApi({
  name: "DeleteTopics",
  key: 20,
  minVersion: 1,
  maxVersion: 6,
  flexibleFrom: 4,
  request: DELETE_TOPICS_REQUEST,
  answer: DELETE_TOPICS_ANSWER,
  handle: (request, { cluster }) => ({
    throttleTimeMs: 0,
    topics: topicsToDelete(request).map((asked) => deleteTopic(cluster, asked)),
  }),
  refuse: (request, errorCode) => ({
    throttleTimeMs: 0,
    topics: topicsToDelete(request).map(({ name, id }) => {
      return { name, id, errorCode, errorMessage: null };
    }),
  }),
});

export const CREATE_PARTITIONS = defineApi({
  name: "CreatePartitions",
  key: 37,
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 2,
  request: CREATE_PARTITIONS_REQUEST,
  answer: CREATE_PARTITIONS_ANSWER,
  handle: ({ topics, validateOnly }, { cluster }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, count }) => {
      const error = topicErrorOf(() => cluster.topics.grow(name, { total: count, validateOnly }));
      const { code: errorCode, message: errorMessage } = error ?? NO_ERROR;
      return { name, errorCode, errorMessage };
    }),
  }),
  refuse: ({ topics }, errorCode) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => ({ name, errorCode, errorMessage: null })),
  }),
});

function create(
  cluster: Cluster,
  asked: AskedTopic,
  options: { readonly validateOnly: boolean },
): CreatedTopic {
  try {
    const topic = cluster.topics.create(newTopic(asked), options);
    return {
      name: topic.name,
      id: options.validateOnly ? NO_UUID : topic.id,
      errorCode: ERROR.NONE,
      errorMessage: null,
      partitions: options.validateOnly ? asked.partitions : topic.partitions.length,
      replicationFactor: topic.replicationFactor,
      configs: topic.configs.entries().map(({ name, value, isDefault }) => {
        return {
          name,
          value,
          readOnly: false,
          source: configSource(isDefault),
          isSensitive: false,
        };
      }),
    };
  } catch (error) {
    if (!(error instanceof TopicError)) throw error;
    return notCreated(asked.name, error);
  }
}

function newTopic(
  { name, partitions, replicationFactor, assignments, configs }: AskedTopic,
): NewTopic {
  const inOrder = assignments.toSorted((a, b) => a.partition - b.partition);
  return {
    name,
    partitions: partitions === BROKER_DEFAULT ? null : partitions,
    replicationFactor: replicationFactor === BROKER_DEFAULT ? null : replicationFactor,
    configs: Object.fromEntries(
      configs.flatMap(({ name, value }) => value === null ? [] : [[name, value]]),
    ),
    ...(inOrder.length > 0 ? { assignments: inOrder.map(({ nodeIds }) => nodeIds) } : {}),
  };
}

function notCreated(name: string, { code, message }: TopicError): CreatedTopic {
  return {
    name,
    id: NO_UUID,
    errorCode: code,
    errorMessage: message,
    partitions: -1,
    replicationFactor: -1,
    configs: [],
  };
}

/** Versions before 6 name topics only. */
function topicsToDelete({ topics, names }: DeleteRequest): DeleteRequest["topics"] {
  return [...topics, ...names.map((name) => ({ name, id: NO_UUID }))];
}

function deleteTopic(cluster: Cluster, asked: DeleteRequest["topics"][number]): DeletedTopic {
  const { name, id } = asked;
  const topic = name === null ? cluster.topics.findById(id) : cluster.topics.find(name);
  if (topic !== undefined) {
    cluster.deleteTopic(topic.name);
    return { name: topic.name, id: topic.id, errorCode: ERROR.NONE, errorMessage: null };
  }
  const { UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION } = ERROR;
  const errorCode = name === null ? UNKNOWN_TOPIC_ID : UNKNOWN_TOPIC_OR_PARTITION;
  return { name, id, errorCode, errorMessage: null };
}

const NO_ERROR = { code: ERROR.NONE, message: null };

function topicErrorOf(change: () => void): TopicError | null {
  try {
    change();
    return null;
  } catch (error) {
    if (!(error instanceof TopicError)) throw error;
    return error;
  }
}
