/** DescribeConfigs, AlterConfigs and IncrementalAlterConfigs, for topics; of a broker a few settings are shown. */
import type { Cluster } from "../cluster.ts";
import { ERROR } from "../error_codes.ts";
import {
  ALTER_CONFIGS_ANSWER,
  ALTER_CONFIGS_REQUEST,
  DESCRIBE_CONFIGS_ANSWER,
  DESCRIBE_CONFIGS_REQUEST,
  INCREMENTAL_ALTER_CONFIGS_REQUEST,
} from "../messages/configs.ts";
import type { Topic } from "../topics/topic.ts";
import {
  checkConfig,
  type ConfigEntry,
  type ConfigType,
  TopicConfigError,
} from "../topics/topic_configs.ts";
import type { ValueOf } from "../wire/codec.ts";
import { defineApi } from "./api.ts";

type AskedResource = ValueOf<typeof DESCRIBE_CONFIGS_REQUEST>["resources"][number];
type DescribedResource = ValueOf<typeof DESCRIBE_CONFIGS_ANSWER>["resources"][number];
type AlteredResource = ValueOf<typeof ALTER_CONFIGS_ANSWER>["resources"][number];
type Changes = Readonly<Record<string, string | null>>;

const TOPIC_RESOURCE = 2;
const BROKER_RESOURCE = 4;
const SOURCE = { TOPIC: 1, STATIC_BROKER: 4, DEFAULT: 5 } as const;
const VALUE_TYPE: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  long: 5,
  list: 7,
};
const OPERATION = { SET: 0, DELETE: 1 } as const;

/** Where a topic's setting comes from, as a number of the protocol. */
export function configSource(isDefault: boolean): number {
  return isDefault ? SOURCE.DEFAULT : SOURCE.TOPIC;
}

export const DESCRIBE_CONFIGS = defineApi({
  name: "DescribeConfigs",
  key: 32,
  minVersion: 1,
  maxVersion: 4,
  flexibleFrom: 4,
  request: DESCRIBE_CONFIGS_REQUEST,
  answer: DESCRIBE_CONFIGS_ANSWER,
  handle: ({ resources }, { cluster }) => ({
    throttleTimeMs: 0,
    resources: resources.map((asked) => describe(cluster, asked)),
  }),
  refuse: ({ resources }, errorCode) => ({
    throttleTimeMs: 0,
    resources: resources.map(({ type, name }) => notDescribed({ type, name }, errorCode)),
  }),
});

export const ALTER_CONFIGS = defineApi({
  name: "AlterConfigs",
  key: 33,
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request: ALTER_CONFIGS_REQUEST,
  answer: ALTER_CONFIGS_ANSWER,
  handle: ({ resources, validateOnly }, { cluster }) => ({
    throttleTimeMs: 0,
    resources: resources.map(({ type, name, configs }) =>
      alter(cluster, { type, name }, (topic) => {
        const values = configs.flatMap(({ name, value }) => value === null ? [] : [[name, value]]);
        for (const { name, value } of configs) checkConfig(name, value);
        if (!validateOnly) topic.configs.replaceAll(Object.fromEntries(values));
      })
    ),
  }),
  refuse: (request, errorCode) => refuseAlter(request, errorCode),
});

export const INCREMENTAL_ALTER_CONFIGS = defineApi({
  name: "IncrementalAlterConfigs",
  key: 44,
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 1,
  request: INCREMENTAL_ALTER_CONFIGS_REQUEST,
  answer: ALTER_CONFIGS_ANSWER,
  handle: ({ resources, validateOnly }, { cluster }) => ({
    throttleTimeMs: 0,
    resources: resources.map(({ type, name, configs }) =>
      alter(cluster, { type, name }, (topic) => {
        const changes = Object.fromEntries(configs.map(changeOf));
        for (const [name, value] of Object.entries(changes)) checkConfig(name, value);
        if (!validateOnly) topic.configs.change(changes);
      })
    ),
  }),
  refuse: (request, errorCode) => refuseAlter(request, errorCode),
});

function describe(cluster: Cluster, asked: AskedResource): DescribedResource {
  const { type, name, keys } = asked;
  if (type === BROKER_RESOURCE) return described(asked, brokerEntries(cluster));
  if (type !== TOPIC_RESOURCE) return notDescribed({ type, name }, ERROR.INVALID_REQUEST);
  const topic = cluster.topics.find(name);
  if (topic === undefined) {
    return notDescribed({ type, name }, ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  }
  const entries = topic.configs.entries().filter((each) => keys?.includes(each.name) ?? true);
  return described(asked, entries);
}

function described(
  { type, name }: AskedResource,
  entries: readonly ConfigEntry[],
): DescribedResource {
  const configs = entries.map(({ name, value, isDefault, type: valueType }) => ({
    name,
    value,
    readOnly: type === BROKER_RESOURCE,
    source: type === BROKER_RESOURCE ? SOURCE.STATIC_BROKER : configSource(isDefault),
    isSensitive: false,
    synonyms: [],
    valueType: VALUE_TYPE[valueType],
    documentation: null,
  }));
  return { errorCode: ERROR.NONE, errorMessage: null, type, name, configs };
}

function notDescribed(
  { type, name }: { readonly type: number; readonly name: string },
  errorCode: number,
): DescribedResource {
  return { errorCode, errorMessage: null, type, name, configs: [] };
}

function brokerEntries({ settings }: Cluster): readonly ConfigEntry[] {
  const values: readonly (readonly [string, number, ConfigType])[] = [
    ["message.max.bytes", settings.messageMaxBytes, "int"],
    ["log.retention.bytes", settings.logRetentionBytes, "long"],
    ["num.partitions", settings.numPartitions, "int"],
    ["default.replication.factor", settings.defaultReplicationFactor, "int"],
    ["group.min.session.timeout.ms", settings.groupMinSessionTimeoutMs, "int"],
    ["group.max.session.timeout.ms", settings.groupMaxSessionTimeoutMs, "int"],
    ["offset.metadata.max.bytes", settings.offsetMetadataMaxBytes, "int"],
  ];
  return values.map(([name, value, type]) => {
    return { name, value: String(value), isDefault: false, type };
  });
}

function alter(
  cluster: Cluster,
  { type, name }: { readonly type: number; readonly name: string },
  change: (topic: Topic) => void,
): AlteredResource {
  if (type !== TOPIC_RESOURCE) {
    return { errorCode: ERROR.INVALID_REQUEST, errorMessage: null, type, name };
  }
  const topic = cluster.topics.find(name);
  if (topic === undefined) {
    return { errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null, type, name };
  }
  try {
    change(topic);
    return { errorCode: ERROR.NONE, errorMessage: null, type, name };
  } catch (error) {
    if (!(error instanceof TopicConfigError)) throw error;
    return { errorCode: ERROR.INVALID_CONFIG, errorMessage: error.message, type, name };
  }
}

function changeOf({ name, operation, value }: {
  readonly name: string;
  readonly operation: number;
  readonly value: string | null;
}): readonly [string, Changes[string]] {
  if (operation === OPERATION.DELETE) return [name, null];
  if (operation === OPERATION.SET) return [name, value];
  throw new TopicConfigError(
    `Set or delete the config ${name}, other operations are not done here`,
  );
}

function refuseAlter(
  { resources }: {
    readonly resources: readonly { readonly type: number; readonly name: string }[];
  },
  errorCode: number,
): ValueOf<typeof ALTER_CONFIGS_ANSWER> {
  const answers = resources.map(({ type, name }) => {
    return { errorCode, errorMessage: null, type, name };
  });
  return { throttleTimeMs: 0, resources: answers };
}
