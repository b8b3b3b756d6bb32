/** Topics: there, led, replicated, for how long they keep messages; and the dead-letter topic of each. */
import { deadLetterTopic } from "../config.ts";
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "../kafka/error_codes.ts";
import { describeConfigs } from "../kafka/inspection_requests.ts";
import type { TopicInfo } from "../kafka/metadata_request.ts";
import {
  askToCreate,
  createCommand,
  DEFAULT_MAX_MESSAGE_BYTES,
  HEADERS_BYTES,
  shapeAfter,
  type TopicShape,
} from "../kafka/topic_creation.ts";
import { ask, type ClusterView, type Examination, guard } from "./examination.ts";
import type { Check, Result } from "./result.ts";
import { counted, durationText, listed } from "./text.ts";

const CONFIG_NAMES = [
  "cleanup.policy",
  "max.message.bytes",
  "min.insync.replicas",
  "retention.bytes",
  "retention.ms",
];
const NOT_SEEN = "The user may not see it, see Rights";

type Configs = ReadonlyMap<string, string>;

/** Each source topic and its dead-letter topic, one apart from the other. Never rejects. */
export async function checkTopics(
  examination: Examination,
  view: ClusterView,
): Promise<readonly Result[]> {
  const { config } = examination;
  const guarded = (name: string, work: () => Promise<readonly Result[]>) =>
    guard(examination, { section: "Topics", name }, work);
  const sources = config.kafkaTopic.map((topic) =>
    guarded(topic, () => checkSource(examination, { view, topic }))
  );
  const sourcesOf = Map.groupBy(config.kafkaTopic, (topic) => deadLetterTopic(config, topic));
  const deadLetters = [...sourcesOf].map(([topic, sources]) =>
    guarded(topic ?? "dead letters", () => checkDeadLetters(examination, { view, topic, sources }))
  );
  return (await Promise.all([...sources, ...deadLetters])).flat();
}

interface Place {
  readonly view: ClusterView;
  readonly topic: string;
}

async function checkSource(
  examination: Examination,
  { view, topic }: Place,
): Promise<readonly Result[]> {
  const { verdicts } = examination;
  const check: Check = { section: "Topics", name: topic };
  const info = view.topic(topic);
  const facts = { topic };
  switch (info?.errorCode) {
    case ERROR_CODE.TOPIC_AUTHORIZATION_FAILED:
      return [verdicts.skipped(check, NOT_SEEN)];
    case ERROR_CODE.INVALID_TOPIC_EXCEPTION: {
      const detail = `The brokers refuse the name: ${topic}`;
      return [verdicts.found(check, "topic_invalid", { detail, facts })];
    }
    case ERROR_CODE.NONE:
    case ERROR_CODE.LEADER_NOT_AVAILABLE:
      return await examine(examination, { check, info, view });
    default: {
      const detail = `There is no topic ${topic}`;
      return [verdicts.found(check, "topic_missing", { detail, facts })];
    }
  }
}

/** A topic that is there. */
async function examine(
  examination: Examination,
  { check, info, view }: {
    readonly check: Check;
    readonly info: TopicInfo;
    readonly view: ClusterView;
  },
): Promise<readonly Result[]> {
  const configs = await readConfigs(examination, { view, topic: info.name });
  const troubles = replicaTroubles(examination, { check, info, view });
  if (troubles.length > 0) return troubles;
  return [examination.verdicts.ok(check, shapeText(info, configs))];
}

function replicaTroubles(
  { verdicts }: Examination,
  { check, info, view }: {
    readonly check: Check;
    readonly info: TopicInfo;
    readonly view: ClusterView;
  },
): readonly Result[] {
  const { name: topic, partitions } = info;
  const facts = { topic };
  const numbersOf = (some: typeof partitions) =>
    `partitions ${listed(some.map(({ partition }) => String(partition)))}`;
  const leaderless = partitions.filter(({ leader }) =>
    !view.brokers.some(({ id }) => id === leader)
  );
  if (leaderless.length > 0) {
    const detail = `Without a leader: ${numbersOf(leaderless)}`;
    return [verdicts.found(check, "no_leader", { detail, facts })];
  }
  const behind = partitions.filter(({ replicas, inSync }) => inSync < replicas);
  if (behind.length > 0) {
    const detail = `Not all replicas are in sync: ${numbersOf(behind)}`;
    return [verdicts.found(check, "replicas_missing", { detail, facts })];
  }
  const single = partitions.filter(({ replicas }) => replicas === 1);
  if (single.length > 0 && view.brokers.length > 1) {
    const detail = `One replica, with ${view.brokers.length} brokers: ${numbersOf(single)}`;
    return [verdicts.found(check, "not_replicated", { detail, facts })];
  }
  return [];
}

async function checkDeadLetters(
  examination: Examination,
  { view, topic, sources }: {
    readonly view: ClusterView;
    readonly topic: string | null;
    /** The topics whose dead letters it holds. */
    readonly sources: readonly string[];
  },
): Promise<readonly Result[]> {
  const { verdicts } = examination;
  if (topic === null) {
    const check: Check = { section: "Topics", name: "dead letters" };
    return [verdicts.ok(check, "DLQ_TOPIC=none: such messages are dropped on purpose")];
  }
  const check: Check = { section: "Topics", name: topic };
  const info = view.topic(topic);
  if (info?.errorCode === ERROR_CODE.TOPIC_AUTHORIZATION_FAILED) {
    return [verdicts.skipped(check, NOT_SEEN)];
  }
  if (info?.errorCode === ERROR_CODE.NONE) {
    return await examineDeadLetters(examination, { check, info, view, sources });
  }
  const [source] = view.usable(sources);
  if (source === undefined) {
    return [verdicts.skipped(check, `Does not exist, and would be made after ${sources[0]}`)];
  }
  return [await checkCreation(examination, { check, view, source: source.name })];
}

async function examineDeadLetters(
  examination: Examination,
  { check, info, view, sources }: {
    readonly check: Check;
    readonly info: TopicInfo;
    readonly view: ClusterView;
    readonly sources: readonly string[];
  },
): Promise<readonly Result[]> {
  const { verdicts } = examination;
  const [own, theirs] = await Promise.all([
    readConfigs(examination, { view, topic: info.name }),
    Promise.all(sources.map((topic) => readConfigs(examination, { view, topic }))),
  ]);
  const results = [...replicaTroubles(examination, { check, info, view })];
  if ((own.get("cleanup.policy") ?? "delete").includes("compact")) {
    const detail = `cleanup.policy=${own.get("cleanup.policy")}`;
    const facts = { topic: info.name };
    results.push(verdicts.found(check, "dead_letter_topic_compacted", { detail, facts }));
  }
  const sizes = theirs.map((each) =>
    Number(each.get("max.message.bytes") ?? DEFAULT_MAX_MESSAGE_BYTES)
  );
  const largest = Math.max(...sizes);
  const room = Number(own.get("max.message.bytes") ?? Infinity);
  if (room < largest) {
    const detail = `max.message.bytes=${room}, and ${largest} for ${
      sources[sizes.indexOf(largest)]
    }`;
    const facts = { topic: info.name, bytes: largest + HEADERS_BYTES };
    results.push(verdicts.found(check, "dead_letter_topic_small", { detail, facts }));
  }
  return results.length > 0
    ? results
    : [verdicts.ok(check, `dead letters: ${shapeText(info, own)}`)];
}

/** Asks whether the service could create it: CreateTopics that only validates. */
async function checkCreation(
  examination: Examination,
  { check, view, source }: {
    readonly check: Check;
    readonly view: ClusterView;
    readonly source: string;
  },
): Promise<Result> {
  const { caller, config, deadlineMs, verdicts } = examination;
  const options = {
    caller,
    metadata: view,
    requestTimeoutMs: deadlineMs,
    retentionMs: config.dlqRetentionMs,
  };
  const shape = await shapeAfter({ source, deadLetterTopic: check.name }, options);
  const refusal = await askToCreate(shape, options, { validateOnly: true });
  if (refusal === null) return verdicts.ok(check, `does not exist yet: ${willBe(shape)}`);
  const create = createCommand(shape);
  if (refusal.errorCode !== null && isAuthorizationCode(refusal.errorCode)) {
    const right: Check = { section: "Rights", name: `CREATE topic ${shape.name}` };
    return verdicts.found(right, "right_missing", {
      detail: `It does not exist, and the user may not create it: ${
        errorCodeText(refusal.errorCode)
      }`,
      facts: { operation: "Create --operation Write", resource: "topic", name: shape.name },
    });
  }
  const detail = `${shape.name} would not be created: ${refusal.reason}`;
  return verdicts.found(check, "dead_letter_topic", { detail, facts: { create } });
}

function willBe({ partitions, replicationFactor }: TopicShape): string {
  return `the service will create it with ${counted(partitions, "partition")}, ` +
    `${replicationFactor} x each`;
}

/** Empty where the user may not describe configurations, which the service can do without. */
async function readConfigs(
  examination: Examination,
  { view, topic }: Place,
): Promise<Configs> {
  const answer = await ask(examination, view.from, describeConfigs("topic", [topic], CONFIG_NAMES));
  const entries = answer.resources[0]?.configEntries ?? [];
  return new Map(entries.map(({ configName, configValue }) => [configName, configValue ?? ""]));
}

/** `3 partitions, 2 replicas each, kept 7 days`. */
function shapeText({ partitions }: TopicInfo, configs: Configs): string {
  const replicas = partitions[0]?.replicas ?? 0;
  return [
    counted(partitions.length, "partition"),
    `${counted(replicas, "replica")} each`,
    keptText(configs),
  ].join(", ");
}

function keptText(configs: Configs): string {
  const ms = configs.get("retention.ms");
  if (ms === undefined) return "retention not told";
  const policy = configs.get("cleanup.policy") ?? "delete";
  if (!policy.includes("delete")) return `kept by ${policy}`;
  const bytes = Number(configs.get("retention.bytes") ?? -1);
  const size = bytes < 0 ? "" : ` or ${bytes} bytes a partition`;
  return Number(ms) < 0 ? `kept for ever${size}` : `kept ${durationText(Number(ms))}${size}`;
}
