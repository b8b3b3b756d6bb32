/** Batches that cannot be read: from the fetcher's notice to the dead-letter topic. */
import { Quarantine } from "../kafka/quarantine.ts";
import { QuarantineWriter } from "../kafka/quarantine_writer.ts";
import type { SingleFetch } from "../kafka/single_fetch.ts";
import type { Assignment } from "../processing/assignment.ts";
import type { DeadLetterSink } from "../processing/dead_letter.ts";
import type { Partition } from "../processing/partition.ts";
import type { Cluster } from "./cluster.ts";
import type { ServiceOptions } from "./service_options.ts";

export function wireQuarantine(
  { config, telemetry, version }: ServiceOptions,
  { cluster, fetches, assignment, deadLetters, holdsLease, settled }: {
    readonly cluster: Cluster;
    readonly fetches: SingleFetch;
    readonly assignment: Assignment;
    readonly deadLetters: DeadLetterSink | null;
    readonly holdsLease: () => boolean;
    readonly settled: (partition: Partition) => void;
  },
): Quarantine {
  const { clock } = cluster;
  return new Quarantine({
    clock,
    telemetry: telemetry.unreadable,
    settled,
    fetches,
    writer: new QuarantineWriter({
      clock,
      telemetry,
      deadLetters,
      groupId: config.kafkaGroupId,
      serviceVersion: version,
      mayStart: holdsLease,
      backoffMs: config.processingBackoffMs,
      backoffMaxMs: config.processingBackoffMaxMs,
    }),
    maxPartitionBytes: config.maxPartitionFetchBytes,
    maxDecompressedBytes: config.maxDecompressedBytes,
    skipTo: (partition, start) => assignment.skipTo(partition, start),
  });
}
