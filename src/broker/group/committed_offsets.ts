/** The offsets that one group has committed, as they were given: with leader epoch and metadata. */

/** One committed offset. */
export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** -1 when the commit had none. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export class CommittedOffsets {
  readonly #byTopic = new Map<string, Map<number, CommittedOffset>>();

  set(committed: CommittedOffset): void {
    const partitions = this.#byTopic.get(committed.topic) ?? new Map<number, CommittedOffset>();
    partitions.set(committed.partition, committed);
    this.#byTopic.set(committed.topic, partitions);
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#byTopic.get(topic)?.get(partition);
  }

  all(): readonly CommittedOffset[] {
    return [...this.#byTopic.values()].flatMap((partitions) => [...partitions.values()]);
  }

  delete(topic: string, partition: number): void {
    this.#byTopic.get(topic)?.delete(partition);
  }

  /** A deleted topic takes what was committed for it along. */
  deleteTopic(topic: string): void {
    this.#byTopic.delete(topic);
  }
}
