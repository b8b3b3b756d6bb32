/** What closes the breaker of a partition beside its own probes: good messages at the end of its log. */
import { NewestMessages } from "../kafka/newest_messages.ts";
import type { SingleFetch } from "../kafka/single_fetch.ts";
import type { Assignment } from "../processing/assignment.ts";
import type { Partition } from "../processing/partition.ts";
import type { ServiceOptions } from "./service_options.ts";

/** Answers what to do when a probe is due. */
export function wireProbes(
  { config }: ServiceOptions,
  { fetches, assignment }: {
    readonly fetches: SingleFetch;
    readonly assignment: () => Assignment;
  },
): (partition: Partition) => void {
  const newest = new NewestMessages({
    fetches,
    maxPartitionBytes: config.maxPartitionFetchBytes,
    maxDecompressedBytes: config.maxDecompressedBytes,
  });
  return (partition) => {
    const stage = partition.breaker.reason?.failure.stage;
    if (stage !== "decode" && stage !== "validate") return; // what a handler refuses cannot be told by looking
    void newest.goodUpTo(partition).then((end) => {
      if (end !== null) assignment().goodAhead(partition, end);
    });
  };
}

/** The first partition that stands still because of dead letters, and why; null when none does. */
export function breakerProblem(partitions: readonly Partition[]): string | null {
  for (const partition of partitions) {
    const text = breakerText(partition);
    if (text !== null) return `${partition.topic}/${partition.partition}: ${text}`;
  }
  return null;
}

/** Why a partition stands still because of dead letters; null when it does not. */
export function breakerText({ breaker: { reason } }: Partition): string | null {
  if (reason === null) return null;
  const { deadLetters, of, failure } = reason;
  return `paused by DLQ_BREAKER, ${deadLetters} of the last ${of} messages were dead letters, ` +
    `most of them ${failure.code}: ${failure.message}`;
}
