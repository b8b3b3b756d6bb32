/**
 * Which dead letters somebody has dealt with: what the group of the redrives has committed, and what it says is done
 * above that. Of a dead-letter topic that was created anew nothing is.
 */
import { parseCommitMetadata } from "../kafka/commit_metadata.ts";
import type { CommittedOffset } from "../kafka/offset_requests.ts";
import type { Coordinates, TopicPartition } from "../processing/message.ts";
import { OffsetRanges } from "../processing/offset_ranges.ts";
import { partitionKey } from "../processing/partition_key.ts";

interface SettledPartition {
  /** Everything below. */
  readonly below: number;
  readonly above: OffsetRanges;
}

export class Settled {
  readonly #partitions = new Map<string, SettledPartition>();

  /** @param topicId of a topic now; null where brokers tell none */
  constructor(
    committed: readonly CommittedOffset[],
    { topicId }: { readonly topicId: (topic: string) => string | null },
  ) {
    for (const each of committed) {
      if (each.offset < 0) continue;
      const { topicId: idThen, done } = parseCommitMetadata(each.metadata, each.offset);
      const idNow = topicId(each.topic);
      if (idThen !== null && idNow !== null && idThen !== idNow) continue;
      const settled = { below: each.offset, above: new OffsetRanges(done) };
      this.#partitions.set(partitionKey(each), settled);
    }
  }

  /** All offsets below are settled. */
  below(partition: TopicPartition): number {
    return this.#partitions.get(partitionKey(partition))?.below ?? 0;
  }

  /** To be asked for ascending offsets of a partition. */
  has(place: Coordinates): boolean {
    const settled = this.#partitions.get(partitionKey(place));
    return settled !== undefined &&
      (place.offset < settled.below || settled.above.has(place.offset));
  }
}
