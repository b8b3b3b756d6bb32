/** What probes are told of partitions that are held still. */
import { partitionRanges } from "../ops/partition_ranges.ts";
import type { Assignment } from "../processing/assignment.ts";

/** Which partitions an operator holds still, who and why; null when none is. */
export function pauseText(assignment: Assignment): string | null {
  const paused = assignment.all().filter(({ pause }) => pause !== null);
  const pause = paused[0]?.pause ?? assignment.pauseOfAll;
  if (pause === null) return null;
  const which = assignment.pauseOfAll === null ? partitionRanges(paused) : "all";
  return `${which} paused by ${pause.by}: ${pause.reason}`;
}
