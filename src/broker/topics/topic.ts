/**
 * A topic and its partitions: who leads them, in which epoch, and where their replicas are. All replicas are one log
 * in memory, so every replica on a node that runs is in sync.
 */
import { randomUUID } from "node:crypto";
import { PartitionLog } from "../log/partition_log.ts";
import type { TopicConfigs } from "./topic_configs.ts";

/** No node leads: the partition is offline. */
export const NO_LEADER = -1;

export class Partition {
  readonly index: number;
  readonly log: PartitionLog;
  #replicas: readonly number[];
  #leader: number;
  #leaderEpoch = 0;
  readonly #watchers = new Set<() => void>();

  constructor(
    index: number,
    options: { readonly replicas: readonly number[]; readonly configs: TopicConfigs },
  ) {
    this.index = index;
    this.#replicas = options.replicas;
    this.#leader = options.replicas[0] ?? NO_LEADER;
    this.log = new PartitionLog({ retentionBytes: () => options.configs.retentionBytes });
  }

  get leader(): number {
    return this.#leader;
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  get replicas(): readonly number[] {
    return this.#replicas;
  }

  /** Appends a batch as the leader and wakes whoever waits for it. Answers the base offset. */
  append(batch: Uint8Array): number {
    const baseOffset = this.log.append(batch, this.#leaderEpoch);
    this.wakeWatchers();
    return baseOffset;
  }

  /** Makes `node` the leader in a new epoch. A node without a replica takes the place of the leader's. */
  lead(node: number): void {
    if (node === this.#leader) return;
    if (node !== NO_LEADER && !this.#replicas.includes(node)) {
      const replaced = this.#leader === NO_LEADER ? this.#replicas[0] : this.#leader;
      this.#replicas = [node, ...this.#replicas.filter((replica) => replica !== replaced)];
    }
    this.#leader = node;
    this.#leaderEpoch += 1;
    if (node !== NO_LEADER) this.log.startEpoch(this.#leaderEpoch);
    this.wakeWatchers();
  }

  /** Calls `wake` at each append and change of leader, until the answer is called. */
  watch(wake: () => void): () => void {
    this.#watchers.add(wake);
    return () => this.#watchers.delete(wake);
  }

  wakeWatchers(): void {
    for (const wake of [...this.#watchers]) wake();
  }
}

export class Topic {
  readonly name: string;
  /** 32 hex digits; another one when the topic is created again. */
  readonly id = randomUUID().replaceAll("-", "");
  readonly replicationFactor: number;
  readonly configs: TopicConfigs;
  readonly #partitions: Partition[] = [];

  constructor(
    name: string,
    options: { readonly replicationFactor: number; readonly configs: TopicConfigs },
  ) {
    this.name = name;
    this.replicationFactor = options.replicationFactor;
    this.configs = options.configs;
  }

  get partitions(): readonly Partition[] {
    return this.#partitions;
  }

  addPartition(replicas: readonly number[]): Partition {
    const partition = new Partition(this.#partitions.length, { replicas, configs: this.configs });
    this.#partitions.push(partition);
    return partition;
  }
}
