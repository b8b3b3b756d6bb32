/**
 * Each right that the service will need, without using it: brokers tell what we may do with a topic or group when they
 * describe it (KIP-430). For a group that nobody coordinates yet, the answer to a heartbeat of nobody tells.
 */
import { deadLetterTopic } from "../config.ts";
import { ERROR_CODE } from "../kafka/error_codes.ts";
import { allows, type Operation } from "../kafka/operations.ts";
import type { ClusterView, Examination } from "./examination.ts";
import type { GroupFacts } from "./group.ts";
import type { Result } from "./result.ts";

/** What a user may do with one thing, as far as it is told. */
export interface Granted {
  readonly resource: "topic" | "group";
  readonly name: string;
  /** False: not even seen. */
  readonly isSeen: boolean;
  /** Null: not told. */
  readonly operations: number | null;
  /** Found out otherwise; null: not known. */
  readonly mayRead: boolean | null;
}

/** DESCRIBE and READ of topic and group, DESCRIBE and WRITE of the dead-letter topic. */
export function checkRights(
  examination: Examination,
  { view, group }: { readonly view: ClusterView; readonly group: GroupFacts },
): readonly Result[] {
  const { config } = examination;
  const deadLetterTopics = config.kafkaTopic
    .map((topic) => deadLetterTopic(config, topic))
    .filter((topic) => topic !== null);
  return [
    ...config.kafkaTopic.flatMap((topic) =>
      checkThing(examination, topicGrant(view, topic), ["DESCRIBE", "READ"])
    ),
    ...[...new Set(deadLetterTopics)].flatMap((topic) =>
      checkThing(examination, topicGrant(view, topic), ["DESCRIBE", "WRITE"])
    ),
    ...checkThing(examination, groupGrant(config.kafkaGroupId, group), ["DESCRIBE", "READ"]),
  ];
}

/** Null: there is nothing of which one could have a right. */
export function topicGrant(view: ClusterView, name: string): Granted | null {
  const info = view.topic(name);
  if (info?.errorCode === ERROR_CODE.TOPIC_AUTHORIZATION_FAILED) {
    return { resource: "topic", name, isSeen: false, operations: null, mayRead: null };
  }
  const operations = info?.operations ?? null;
  if (view.usable([name]).length === 0 && operations === null) return null;
  return { resource: "topic", name, isSeen: true, operations, mayRead: null };
}

/** Null: nobody said anything of it. */
export function groupGrant(name: string, group: GroupFacts): Granted | null {
  if (!group.isTold) return null;
  const { isSeen, operations, mayRead } = group;
  return { resource: "group", name, isSeen, operations, mayRead };
}

function checkThing(
  examination: Examination,
  granted: Granted | null,
  needed: readonly Operation[],
): readonly Result[] {
  if (granted === null) return [];
  const toAllow = toAllowFor(granted, needed);
  return needed.map((operation) => checkRight(examination, granted, { operation, toAllow }));
}

function checkRight(
  { verdicts }: Examination,
  granted: Granted,
  { operation, toAllow }: { readonly operation: Operation; readonly toAllow: string },
): Result {
  const { resource, name, isSeen } = granted;
  const check = { section: "Rights", name: `${operation} ${resource} ${name}` } as const;
  if (operation !== "DESCRIBE" && !isSeen) {
    return verdicts.skipped(check, `Not told without DESCRIBE, which ${operation} includes`);
  }
  const isAllowed = allowed(granted, operation);
  if (isAllowed === null) return verdicts.skipped(check, "The broker does not tell");
  if (isAllowed) return verdicts.ok(check, "allowed");
  return verdicts.found(check, "right_missing", {
    detail: `The user may not ${operation} ${resource} ${name}`,
    facts: { operation: toAllow, resource, name },
  });
}

/** Null: not told. */
export function allowed(
  { isSeen, operations, mayRead }: Granted,
  operation: Operation,
): boolean | null {
  if (operation === "DESCRIBE") return isSeen;
  if (operations !== null) return allows(operations, operation);
  return operation === "READ" ? mayRead : null;
}

/** As kafka-acls.sh wants it: the one that includes DESCRIBE, and for a topic that may have to be created that, too. */
function toAllowFor({ isSeen }: Granted, needed: readonly Operation[]): string {
  if (!needed.includes("WRITE")) return "Read";
  return isSeen ? "Write" : "Create --operation Write";
}
