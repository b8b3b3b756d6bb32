/**
 * What we store beside each committed offset, as Kafka's free text `metadata`: a version mark, then `name=value` words.
 * Readers skip words that they do not know; text by another client, or damaged, reads as nothing known.
 */
export interface CommitMetadata {
  /**
   * How many partitions the topic had when the group first saw it. With AUTO_OFFSET_RESET=latest a partition with a
   * lower number that has no commit was there all along and starts at its end; a higher one was added later and starts
   * at its beginning.
   */
  readonly firstPartitions: number | null;
}

const MARK = "processing-service/1";

export function encodeCommitMetadata({ firstPartitions }: CommitMetadata): string {
  return firstPartitions === null ? MARK : `${MARK} partitions=${firstPartitions}`;
}

export function parseCommitMetadata(text: string | null): CommitMetadata {
  const [mark, ...words] = (text ?? "").split(" ");
  if (mark !== MARK) return { firstPartitions: null };
  const value = words.find((word) => word.startsWith("partitions="))?.slice("partitions=".length);
  const count = /^\d{1,7}$/.test(value ?? "") ? Number(value) : null;
  return { firstPartitions: count };
}
