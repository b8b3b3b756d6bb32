/**
 * The one table of what the doctor can find, with what to do about it. docs/troubleshooting.md follows from it. Kinds of
 * diagnosis.ts stand here, too: what to do about them is said there, for the service's own start as well.
 */
import type { Finding } from "./finding.ts";
import { BROKER_FINDINGS } from "./findings/brokers.ts";
import { GROUP_FINDINGS } from "./findings/group.ts";
import { MACHINE_FINDINGS } from "./findings/machine.ts";
import { TOPIC_FINDINGS } from "./findings/topics.ts";

export const FINDINGS = {
  ...MACHINE_FINDINGS,
  ...BROKER_FINDINGS,
  ...TOPIC_FINDINGS,
  ...GROUP_FINDINGS,
} as const;

export type FindingId = keyof typeof FINDINGS;

export const FINDING_IDS = Object.keys(FINDINGS) as readonly FindingId[];

/** A row of the table, whatever its kind. */
export function findingOf(id: FindingId): Finding {
  return FINDINGS[id];
}

/** True for the kinds that diagnosis.ts tells apart and that have a row here. */
export function isFindingId(id: string): id is FindingId {
  return Object.hasOwn(FINDINGS, id);
}
