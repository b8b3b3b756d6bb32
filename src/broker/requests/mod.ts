/** Every API that the broker speaks; ApiVersions advertises exactly these. */
import type { Api } from "./api.ts";
import { OFFSET_COMMIT, OFFSET_DELETE, OFFSET_FETCH } from "./commits.ts";
import { ALTER_CONFIGS, DESCRIBE_CONFIGS, INCREMENTAL_ALTER_CONFIGS } from "./configs.ts";
import { FETCH } from "./fetch.ts";
import { DELETE_GROUPS, DESCRIBE_GROUPS, LIST_GROUPS } from "./groups.ts";
import { DELETE_RECORDS, LEADER_EPOCH, LIST_OFFSETS } from "./log_offsets.ts";
import { HEARTBEAT, JOIN_GROUP, LEAVE_GROUP, SYNC_GROUP } from "./membership.ts";
import { FIND_COORDINATOR, METADATA } from "./metadata.ts";
import { INIT_PRODUCER_ID, PRODUCE } from "./produce.ts";
import { CREATE_PARTITIONS, CREATE_TOPICS, DELETE_TOPICS } from "./topics.ts";
import { apiVersions } from "./versions.ts";

const ALL_BUT_API_VERSIONS = [
  PRODUCE,
  FETCH,
  LIST_OFFSETS,
  METADATA,
  OFFSET_COMMIT,
  OFFSET_FETCH,
  FIND_COORDINATOR,
  JOIN_GROUP,
  HEARTBEAT,
  LEAVE_GROUP,
  SYNC_GROUP,
  DESCRIBE_GROUPS,
  LIST_GROUPS,
  CREATE_TOPICS,
  DELETE_TOPICS,
  DELETE_RECORDS,
  INIT_PRODUCER_ID,
  LEADER_EPOCH,
  DESCRIBE_CONFIGS,
  ALTER_CONFIGS,
  CREATE_PARTITIONS,
  DELETE_GROUPS,
  INCREMENTAL_ALTER_CONFIGS,
  OFFSET_DELETE,
] as const;

export const API_VERSIONS = apiVersions(ALL_BUT_API_VERSIONS);

type SpokenApi = typeof ALL_BUT_API_VERSIONS[number] | typeof API_VERSIONS;
type RequestOf<A> = A extends Api<string, infer Request, infer _> ? Request : never;

/** The APIs by their names in Kafka's protocol guide. */
export type ApiName = SpokenApi["name"];

/** The decoded request of each API. */
export type Requests = { readonly [A in SpokenApi as A["name"]]: RequestOf<A> };

/** An API whose messages are not known to the type system: what the connection works with. */
export type AnyApi = Api<ApiName, unknown, unknown>;

const BY_KEY: ReadonlyMap<number, AnyApi> = new Map(
  [...ALL_BUT_API_VERSIONS, API_VERSIONS].map((api): [number, AnyApi] => [api.key, api as AnyApi]),
);

export function apiByKey(key: number): AnyApi | undefined {
  return BY_KEY.get(key);
}
