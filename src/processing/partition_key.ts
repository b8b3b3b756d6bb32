/** Topic-partitions as keys of maps and sets, which compare objects by identity, and their order. */
import type { TopicPartition } from "./message.ts";

/** `topic/3`, as logs show it, too: a topic's name has no slash. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** For sorting: by topic, then by partition. */
export function byPlace(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
