/**
 * The group as its coordinator describes it. The coordinator is found by asking every broker for the group: looking it
 * up in the ordinary way would make a new cluster create its topic of offsets.
 */
import { ERROR_CODE, errorCodeText } from "../kafka/error_codes.ts";
import { PROTOCOLS } from "../kafka/generation.ts";
import {
  describeConfigs,
  type DescribedGroup,
  type DescribedMember,
  describeGroup,
} from "../kafka/inspection_requests.ts";
import { type BrokerAddress, heartbeat } from "../kafka/protocol.ts";
import { parseSubscription } from "../kafka/subscription.ts";
import { ask, type ClusterView, type Examination } from "./examination.ts";
import type { Check, Result } from "./result.ts";
import { counted, listed } from "./text.ts";

export interface GroupFacts {
  /** Some broker said something about the group. */
  readonly isTold: boolean;
  /** False: this user may not DESCRIBE it. */
  readonly isSeen: boolean;
  /** What the user may do with it; null when not told. */
  readonly operations: number | null;
  /** By a heartbeat of nobody, where operations are not told. */
  readonly mayRead: boolean | null;
  /** Null: no broker coordinates it. */
  readonly coordinator: BrokerAddress | null;
  readonly description: DescribedGroup | null;
  /** Brokers that did not answer; the coordinator may be one of them. */
  readonly silent: number;
  /** What the coordinator answered instead, for people. */
  readonly trouble: string | null;
}

const MIN_SESSION = "group.min.session.timeout.ms";
const MAX_SESSION = "group.max.session.timeout.ms";

/** Asks every broker. Never rejects. */
export async function lookUpGroup(
  examination: Examination,
  { view, groupId }: { readonly view: ClusterView; readonly groupId: string },
): Promise<GroupFacts> {
  const request = describeGroup(groupId);
  const answers = await Promise.all(view.brokers.map(async (broker) => {
    const description = await ask(examination, broker, request).catch(() => null);
    return description === null ? null : { broker, description };
  }));
  const told = answers.filter((each) => each !== null);
  const refused = ({ description: { errorCode } }: typeof told[number]) =>
    errorCode === ERROR_CODE.GROUP_AUTHORIZATION_FAILED;
  const found = told.find(({ description: { errorCode } }) => errorCode === ERROR_CODE.NONE);
  const operations = found?.description.operations ?? null;
  const other = told.map(({ description }) => description.errorCode)
    .find((code) => code !== ERROR_CODE.NOT_COORDINATOR && code !== ERROR_CODE.NONE);
  return {
    isTold: told.length > 0,
    isSeen: !told.some(refused),
    operations,
    mayRead: operations === null
      ? await mayRead(examination, { to: told[0]?.broker, groupId })
      : null,
    coordinator: found?.broker ?? null,
    description: found?.description ?? null,
    silent: answers.length - told.length,
    trouble: other === undefined ? null : errorCodeText(other),
  };
}

/** A heartbeat of nobody changes nothing: rights are looked at before anything else. Null when it is not told. */
async function mayRead(
  examination: Examination,
  { to, groupId }: { readonly to: BrokerAddress | undefined; readonly groupId: string },
): Promise<boolean | null> {
  if (to === undefined) return null;
  const request = heartbeat({
    groupId,
    generationId: -1,
    memberId: "nobody",
    groupInstanceId: null,
  });
  const answer = await ask(examination, to, request).catch(() => null);
  return answer === null ? null : answer.errorCode !== ERROR_CODE.GROUP_AUTHORIZATION_FAILED;
}

/** The group's kind, assignor, members and session. */
export async function checkGroup(
  examination: Examination,
  group: GroupFacts,
): Promise<readonly Result[]> {
  const { config, verdicts } = examination;
  const check: Check = { section: "Group", name: config.kafkaGroupId };
  const { coordinator, description } = group;
  if (!group.isSeen) return [verdicts.skipped(check, "The user may not see it, see Rights")];
  if (coordinator === null || description === null) {
    return [withoutCoordinator(examination, check, group)];
  }
  const problems = [
    ...protocolProblems(examination, check, description),
    ...memberProblems(examination, check, description.members),
    ...await sessionProblems(examination, check, coordinator),
  ];
  return problems.length > 0 ? problems : [verdicts.ok(check, groupText(description, coordinator))];
}

/** On a new cluster the first member makes it; on any other one it is away. */
function withoutCoordinator(
  { verdicts }: Examination,
  check: Check,
  { silent, trouble }: GroupFacts,
): Result {
  if (trouble !== null) {
    return verdicts.found(check, "coordinator_missing", { detail: `It answers ${trouble}` });
  }
  if (silent > 0) {
    const who = `${counted(silent, "broker")} did not answer, the coordinator among them`;
    return verdicts.skipped(check, `${who}, see Brokers`);
  }
  const text = "nobody coordinates it yet: the first group of a cluster makes its topic of offsets";
  return verdicts.ok(check, text);
}

function protocolProblems(
  { verdicts }: Examination,
  check: Check,
  { protocolType, protocol, members }: DescribedGroup,
): readonly Result[] {
  if (members.length === 0) return [];
  if (protocolType !== "" && protocolType !== "consumer") {
    const detail = `Its members are of the kind ${protocolType}`;
    return [verdicts.found(check, "group_of_other_kind", { detail })];
  }
  const ours: readonly string[] = PROTOCOLS;
  if (protocol === "" || ours.includes(protocol)) return [];
  const detail = `${counted(members.length, "member")} agreed on ${protocol}: ${clients(members)}`;
  return [verdicts.found(check, "group_assignor_foreign", {
    detail,
    facts: { ours: ours.join(", ") },
  })];
}

function memberProblems(
  { config, verdicts }: Examination,
  check: Check,
  members: readonly DescribedMember[],
): readonly Result[] {
  const results: Result[] = [];
  const topics = [...config.kafkaTopic].sort().join(", ");
  const different = members.filter((member) => {
    const theirs = topicsOf(member);
    return theirs !== null && theirs !== topics;
  });
  if (different.length > 0) {
    const detail = `${different.length} of ${counted(members.length, "member")} subscribe to ` +
      `${listed([...new Set(different.map((each) => topicsOf(each) ?? ""))])}: ${
        clients(different)
      }`;
    results.push(verdicts.found(check, "group_subscription_differs", { detail }));
  }
  const id = config.kafkaGroupInstanceId;
  const taken = id === null ? [] : members.filter(({ groupInstanceId }) => groupInstanceId === id);
  if (taken.length > 0) {
    const detail = `${id} is ${clients(taken)}`;
    results.push(verdicts.found(check, "group_instance_taken", { detail }));
  }
  return results;
}

/** Null while a rebalance is under way, or when it is none of Kafka's subscriptions. */
function topicsOf({ metadata }: DescribedMember): string | null {
  if (metadata.length === 0) return null;
  try {
    return [...parseSubscription(metadata).topics].sort().join(", ");
  } catch {
    return null;
  }
}

/** Where the broker does not let us see its settings, the first join will tell. */
async function sessionProblems(
  examination: Examination,
  check: Check,
  coordinator: BrokerAddress,
): Promise<readonly Result[]> {
  const { config, verdicts } = examination;
  const names = [MIN_SESSION, MAX_SESSION];
  const request = describeConfigs("broker", [String(coordinator.id)], names);
  const answer = await ask(examination, coordinator, request);
  const entries = answer.resources[0]?.configEntries ?? [];
  const valueOf = (name: string, fallback: number) => {
    const text = entries.find(({ configName }) => configName === name)?.configValue ?? null;
    return text === null ? fallback : Number(text);
  };
  const [min, max] = [valueOf(MIN_SESSION, 0), valueOf(MAX_SESSION, Infinity)];
  const { sessionTimeoutMs } = config;
  if (sessionTimeoutMs >= min && sessionTimeoutMs <= max) return [];
  const detail = `SESSION_TIMEOUT_MS=${sessionTimeoutMs}, the brokers allow ${min} to ${max}`;
  return [verdicts.found(check, "session_timeout_refused", { detail, facts: { min, max } })];
}

function clients(members: readonly DescribedMember[]): string {
  const counts = new Map<string, number>();
  for (const { clientId, clientHost } of members) {
    const who = `${clientId}${clientHost.startsWith("/") ? ` at ${clientHost.slice(1)}` : ""}`;
    counts.set(who, (counts.get(who) ?? 0) + 1);
  }
  return listed([...counts].map(([who, count]) => count === 1 ? who : `${who} (${count} x)`));
}

function groupText(
  { state, members, protocol }: DescribedGroup,
  coordinator: BrokerAddress,
): string {
  const where = `coordinated by broker ${coordinator.id}`;
  if (state === "Dead") return `new; ${where}`;
  if (members.length === 0) return `no members now; ${where}`;
  return `${state}, ${counted(members.length, "member")}, ${
    protocol || "no assignor yet"
  }; ${where}`;
}
