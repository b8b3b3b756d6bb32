/** Topic-partitions as keys of maps and sets, which compare objects by identity. */
import type { TopicPartition } from "./message.ts";

/** `topic/3`, as logs show it, too: a topic's name has no slash. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
