/** Many partitions in a few characters, for log lines. */
import type { TopicPartition } from "../processing/message.ts";

/** `user-activity-events/0-3,7 other/0`; `none` of none. */
export function partitionRanges(partitions: readonly TopicPartition[]): string {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition]);
  }
  const topics = [...byTopic].map(([topic, numbers]) => `${topic}/${ranges(numbers)}`);
  return topics.length === 0 ? "none" : topics.join(" ");
}

function ranges(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`).join(",");
}
