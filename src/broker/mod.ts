/** The embedded broker, as `demo` and tests use it. See embedded_kafka.ts. */
export {
  EmbeddedKafka,
  type EmbeddedKafkaOptions,
  type PartitionName,
  type PartitionState,
  type TopicSpec,
} from "./embedded_kafka.ts";
export type { BrokerClock } from "./clock.ts";
export { ERROR } from "./error_codes.ts";
export { type Fault, Faults, type FaultsOptions, type Hit, type Target } from "./faults.ts";
export type { CommittedOffset } from "./group/committed_offsets.ts";
export type { CommitRecord } from "./group/coordinator.ts";
export type { GroupDescription, GroupState } from "./group/generations.ts";
export {
  CUT,
  type InterceptedRequest,
  type Interceptor,
  NO_REPLY,
  type Reply,
  type Serve,
} from "./interceptor.ts";
export type { ApiName } from "./requests/mod.ts";
export type { BrokerSettings } from "./settings.ts";
export { TopicError } from "./topics/topics.ts";
