/**
 * Each right that redriving and parking dead letters will need and the service itself does not: whoever lacks one learns
 * it here, and not when letters wait to be redriven. As with all rights, none is used.
 */
import type { Config } from "../config.ts";
import { parkedTopicFor } from "../dead_letters/parking.ts";
import { redriveGroup } from "../dead_letters/redrive_group.ts";
import { deadLetterTopics } from "../dead_letters/source.ts";
import { ERROR_CODE, isAuthorizationCode } from "../kafka/error_codes.ts";
import type { Operation } from "../kafka/operations.ts";
import { askToCreate, shapeAfter } from "../kafka/topic_creation.ts";
import { type ClusterView, type Examination, guard } from "./examination.ts";
import { lookUpGroup } from "./group.ts";
import type { Check, Result } from "./result.ts";
import { allowed, type Granted, groupGrant, topicGrant } from "./rights.ts";

/** Where dead letters are parked; none with DLQ_TOPIC=none. */
export function parkedTopics(config: Config): readonly string[] {
  return deadLetterTopics(config).map(parkedTopicFor);
}

/** READ of dead-letter topics and of the group of redrives, WRITE of the parked topics. Never rejects. */
export async function checkRedriveRights(
  examination: Examination,
  view: ClusterView,
): Promise<readonly Result[]> {
  const topics = deadLetterTopics(examination.config);
  if (topics.length === 0) return [];
  const groupId = redriveGroup(examination.config);
  const check: Check = { section: "Rights", name: "redrives" };
  return await guard(examination, check, async () => {
    const [group, parked] = await Promise.all([
      lookUpGroup(examination, { view, groupId }),
      Promise.all(topics.map((topic) => checkParked(examination, view, topic))),
    ]);
    return [
      ...topics.flatMap((topic) => checkRight(examination, topicGrant(view, topic), "READ")),
      ...parked.flat(),
      ...checkRight(examination, groupGrant(groupId, group), "READ"),
    ];
  });
}

/** What cannot be seen can be neither read nor written. */
function checkRight(
  { verdicts }: Examination,
  granted: Granted | null,
  operation: Operation,
): readonly Result[] {
  if (granted === null) return [];
  const { resource, name, isSeen } = granted;
  const check: Check = { section: "Rights", name: `${operation} ${resource} ${name}` };
  const isAllowed = isSeen && allowed(granted, operation);
  if (isAllowed === null) return [verdicts.skipped(check, "The broker does not tell")];
  if (isAllowed) return [verdicts.ok(check, "allowed, for redrives")];
  const toAllow = operation === "READ" ? "Read" : isSeen ? "Write" : CREATE_AND_WRITE;
  return [verdicts.found(check, "redrive_right_missing", {
    detail: `The user may not ${operation} ${resource} ${name}`,
    facts: { operation: toAllow, resource, name },
  })];
}

/** One that is missing is created by the first redrive, which has to be allowed to. */
async function checkParked(
  examination: Examination,
  view: ClusterView,
  deadLetters: string,
): Promise<readonly Result[]> {
  const name = parkedTopicFor(deadLetters);
  const granted = topicGrant(view, name);
  if (granted !== null || view.topic(name)?.errorCode !== ERROR_CODE.UNKNOWN_TOPIC_OR_PARTITION) {
    return checkRight(examination, granted, "WRITE");
  }
  const { caller, config, deadlineMs, verdicts } = examination;
  const { dlqRetentionMs: retentionMs } = config;
  const options = { caller, metadata: view, requestTimeoutMs: deadlineMs, retentionMs };
  const sources = [deadLetters, ...config.kafkaTopic];
  const source = view.usable(sources)[0]?.name ?? deadLetters;
  const shape = await shapeAfter({ source, deadLetterTopic: name }, options);
  const refusal = await askToCreate(shape, options, { validateOnly: true });
  const check: Check = { section: "Rights", name: `CREATE topic ${name}` };
  if (refusal === null) return [verdicts.ok(check, "allowed, for redrives")];
  if (refusal.errorCode === null || !isAuthorizationCode(refusal.errorCode)) {
    return [verdicts.skipped(check, `It would not be created: ${refusal.reason}`)];
  }
  return [verdicts.found(check, "redrive_right_missing", {
    detail: `It does not exist, and the user may not create it: ${refusal.reason}`,
    facts: { operation: CREATE_AND_WRITE, resource: "topic", name },
  })];
}

/** As kafka-acls.sh wants it. */
const CREATE_AND_WRITE = "Create --operation Write";
