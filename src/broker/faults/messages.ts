/**
 * What faults do to decoded requests and answers. Every API that is about partitions has them as topics with partitions
 * in them, under one of two names each; what is not like that is left as it is.
 */
import type { PartitionName, PartitionState } from "../embedded_kafka.ts";

interface PartitionPart {
  readonly partition: number;
}

interface TopicPart {
  readonly topic?: string;
  readonly name?: string;
  readonly partitions: readonly (PartitionPart | number)[];
}

interface WithTopics {
  readonly topics: readonly TopicPart[];
}

/** Bytes of a record batch before what its CRC covers. */
const UNCOVERED_BYTES = 21;
const BITS = 8;

/** Whether a request names a partition. */
export function names(body: unknown, { topic, partition }: PartitionName): boolean {
  return topicsOf(body).some((each) =>
    nameOf(each) === topic && each.partitions.some((part) => numberOf(part) === partition)
  );
}

/** The request without a partition; null when nothing else is in it. */
export function withoutPartition(body: unknown, { topic, partition }: PartitionName): unknown {
  const topics = topicsOf(body)
    .map((each) =>
      nameOf(each) !== topic
        ? each
        : { ...each, partitions: each.partitions.filter((part) => numberOf(part) !== partition) }
    )
    .filter(({ partitions }) => partitions.length > 0);
  return topics.length === 0 ? null : { ...(body as WithTopics), topics };
}

/** An answer to the rest of a request with the refusal of one partition put in. */
export function refusedIn(answer: unknown, refusal: unknown, at: PartitionName): unknown {
  const refused = topicsOf(refusal).filter((each) => nameOf(each) === at.topic).map((each) => ({
    ...each,
    partitions: each.partitions.filter((part) => numberOf(part) === at.partition),
  }));
  const served = topicsOf(withoutPartition(answer, at) ?? { topics: [] });
  return { ...(answer as WithTopics), topics: [...served, ...refused] };
}

export function throttled(answer: unknown, throttleTimeMs: number): unknown {
  return { ...(answer as object), throttleTimeMs };
}

/**
 * A Fetch answer with one bit of a partition's first batch flipped, out of those that the batch's CRC covers.
 *
 * @param flip picks a bit below the number that it is given
 */
export function corrupted(
  answer: unknown,
  at: PartitionName,
  flip: (bits: number) => number,
): unknown {
  return withEachPart(answer, (topic, part) => {
    if (topic !== at.topic || numberOf(part) !== at.partition) return part;
    const { records = [] } = part as { readonly records?: readonly Uint8Array[] };
    const [first, ...others] = records;
    if (first === undefined || first.length <= UNCOVERED_BYTES) return part;
    return { ...(part as object), records: [withFlippedBit(first, flip), ...others] };
  });
}

/** A Metadata answer with the leaders and epochs of an earlier time. */
export function staleLeaders(
  answer: unknown,
  before: ReadonlyMap<string, readonly PartitionState[]>,
): unknown {
  return withEachPart(answer, (topic, part) => {
    const old = before.get(topic)?.[numberOf(part)];
    if (old === undefined) return part;
    return { ...(part as object), leader: old.leader, leaderEpoch: old.leaderEpoch };
  });
}

/** An answer with another one in the place of each partition. */
function withEachPart(
  answer: unknown,
  replace: (topic: string, part: PartitionPart | number) => unknown,
): unknown {
  return {
    ...(answer as WithTopics),
    topics: topicsOf(answer).map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((part) => replace(nameOf(topic), part)),
    })),
  };
}

function withFlippedBit(batch: Uint8Array, flip: (bits: number) => number): Uint8Array {
  const copy = new Uint8Array(batch);
  const bit = flip((copy.length - UNCOVERED_BYTES) * BITS);
  const at = UNCOVERED_BYTES + Math.floor(bit / BITS);
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % BITS));
  return copy;
}

function topicsOf(body: unknown): readonly TopicPart[] {
  const { topics } = body as Partial<WithTopics>;
  return Array.isArray(topics) ? topics.filter(({ partitions }) => Array.isArray(partitions)) : [];
}

function nameOf({ topic, name }: TopicPart): string {
  return topic ?? name ?? "";
}

function numberOf(part: PartitionPart | number): number {
  return typeof part === "number" ? part : part.partition;
}
