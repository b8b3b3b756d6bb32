/**
 * A small Kafka in this process: some nodes on loopback ports with everything in memory. For `demo` and for tests, never
 * for production: nothing is kept, nothing is replicated, nobody is authenticated. What a test needs beside a client, to
 * look into the cluster and to move it about, are the methods here; what is to go wrong comes in by `intercept`.
 */
import { type BrokerClock, machineClock } from "./clock.ts";
import { Cluster } from "./cluster.ts";
import type { CommittedOffset } from "./group/committed_offsets.ts";
import type { CommitRecord } from "./group/coordinator.ts";
import type { GroupDescription } from "./group/generations.ts";
import { type Interceptor, Interceptors } from "./interceptor.ts";
import { BrokerNode } from "./node/node.ts";
import { type BrokerSettings, settingsOf } from "./settings.ts";
import type { Partition } from "./topics/topic.ts";
import type { ConfigValues } from "./topics/topic_configs.ts";

/** A topic to create. */
export interface TopicSpec {
  /** By default the broker's `numPartitions`, which is 1. */
  readonly partitions?: number;
  /** By default as many as there are nodes, at most three. */
  readonly replicationFactor?: number;
  /** Kafka's own names: `{ "max.message.bytes": "2000000" }`. */
  readonly configs?: ConfigValues;
}

export interface EmbeddedKafkaOptions extends Partial<BrokerSettings> {
  /** Topics to start with, by name; a number is the number of partitions. */
  readonly topics?: Readonly<Record<string, number | TopicSpec>>;
  /** The machine's clock by default. */
  readonly clock?: BrokerClock;
  /** Told of each request that could not be read or served, which ends its connection. */
  readonly onError?: (error: unknown) => void;
}

/** A partition of a topic. */
export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

/** One partition as it is now. */
export interface PartitionState {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly startOffset: number;
  readonly endOffset: number;
}

export class EmbeddedKafka implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #nodes: readonly BrokerNode[];
  readonly #interceptors = new Interceptors();
  #connections = 0;

  private constructor(options: EmbeddedKafkaOptions) {
    const { topics: _topics, clock = machineClock, onError = () => {}, ...settings } = options;
    this.#cluster = new Cluster(settingsOf(settings), clock);
    this.#nodes = this.#cluster.nodes().map(({ id }) =>
      new BrokerNode({
        id,
        cluster: this.#cluster,
        interceptors: this.#interceptors,
        nextConnectionId: () => this.#connections++,
        onError,
      })
    );
  }

  /**
   * Starts all nodes and creates the topics.
   *
   * @throws TopicError when a topic cannot be as it was asked for
   */
  static async start(options: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
    const kafka = new EmbeddedKafka(options);
    try {
      for (const node of kafka.#nodes) await node.start();
      for (const [name, spec] of Object.entries(options.topics ?? {})) {
        kafka.createTopic(name, typeof spec === "number" ? { partitions: spec } : spec);
      }
      return kafka;
    } catch (error) {
      await kafka.close();
      throw error;
    }
  }

  /** Where all nodes listen, whether they run or not: `127.0.0.1:1234,127.0.0.1:1235`. */
  get bootstrap(): string {
    return this.#cluster.nodes().map(({ host, port }) => `${host}:${port}`).join(",");
  }

  /** Stops every node. No timer and no socket is left. */
  async close(): Promise<void> {
    for (const node of this.#nodes) await node.stop();
    this.#cluster.groups.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Puts an interceptor before all requests; the answer takes it away again. */
  intercept(interceptor: Interceptor): () => void {
    return this.#interceptors.add(interceptor);
  }

  // --- topics

  /** @throws TopicError */
  createTopic(name: string, spec: TopicSpec = {}): void {
    const { partitions = null, replicationFactor = null, configs = {} } = spec;
    this.#cluster.topics.create({ name, partitions, replicationFactor, configs });
  }

  /** Deletes a topic, its log and what groups have committed for it; false when there is none. */
  deleteTopic(name: string): boolean {
    return this.#cluster.deleteTopic(name);
  }

  /** Deletes a topic and creates it again, with another id, another size if `spec` says so, and nothing in it. */
  recreateTopic(name: string, spec: TopicSpec = {}): void {
    const topic = this.#cluster.topics.find(name);
    if (topic === undefined) throw new RangeError(`Recreate a topic that exists: ${name}`);
    const changed = topic.configs.entries().filter(({ isDefault }) => !isDefault);
    this.deleteTopic(name);
    this.createTopic(name, {
      partitions: topic.partitions.length,
      replicationFactor: topic.replicationFactor,
      configs: Object.fromEntries(changed.map(({ name, value }) => [name, value])),
      ...spec,
    });
  }

  /** @throws TopicError unless `total` is more than there are */
  addPartitions(topic: string, total: number): void {
    this.#cluster.topics.grow(topic, { total });
  }

  /** 32 hex digits. */
  topicId(topic: string): string {
    const found = this.#cluster.topics.find(topic);
    if (found === undefined) throw new RangeError(`Ask for a topic that exists: ${topic}`);
    return found.id;
  }

  // --- partitions

  /** Leader, epoch, and where the log starts and ends. */
  partition(name: PartitionName): PartitionState {
    const { leader, leaderEpoch, replicas, log } = this.#partition(name);
    const { startOffset, endOffset } = log;
    return { leader, leaderEpoch, replicas, startOffset, endOffset };
  }

  /** All partitions of a topic. */
  partitions(topic: string): readonly PartitionState[] {
    const count = this.#cluster.topics.find(topic)?.partitions.length ?? 0;
    return Array.from({ length: count }, (_, partition) => this.partition({ topic, partition }));
  }

  /**
   * Appends a record batch as it is, however broken its content; base offset and leader epoch are written over. Answers
   * the base offset.
   *
   * @throws RangeError when the bytes are not one whole batch
   */
  append(name: PartitionName, batch: Uint8Array): number {
    return this.#partition(name).append(batch);
  }

  /** The record batches that are kept, oldest first. Not to be changed. */
  batches(name: PartitionName): readonly Uint8Array[] {
    const { log } = this.#partition(name);
    const everything = { from: log.startOffset, upTo: log.endOffset, maxBytes: Infinity };
    return log.read({ ...everything, minOneBatch: true });
  }

  /** Moves the log start, as DeleteRecords does. */
  deleteRecords(name: PartitionName, beforeOffset: number): void {
    const partition = this.#partition(name);
    if (beforeOffset > partition.log.endOffset) {
      throw new RangeError(`Delete at most up to ${partition.log.endOffset}: ${beforeOffset}`);
    }
    partition.log.deleteBefore(beforeOffset);
    partition.wakeWatchers();
  }

  /** Makes `node` the leader, in the next epoch. A node without a replica takes over the leader's. */
  moveLeader(name: PartitionName, node: number): void {
    this.#checkNode(node);
    this.#partition(name).lead(node);
  }

  /**
   * Takes back what was appended from `offset` on and gives the leadership to `node`: an unclean election. The batch
   * that holds the offset goes as a whole.
   */
  truncate(name: PartitionName, { offset, node }: { offset: number; node: number }): void {
    this.#checkNode(node);
    const partition = this.#partition(name);
    partition.log.truncateTo(offset);
    partition.lead(node);
  }

  // --- nodes

  /** Cuts a node's connections and stops it. Its partitions and groups go to others, where there are any. */
  async stopNode(node: number): Promise<void> {
    await this.#node(node).stop();
  }

  /** Starts a stopped node again, on its old port. */
  async startNode(node: number): Promise<void> {
    await this.#node(node).start();
  }

  /** Cuts all connections of a node; clients may come back at once. */
  cutConnections(node: number): void {
    this.#node(node).cutConnections();
  }

  /** Open connections of all nodes. */
  get connectionCount(): number {
    return this.#nodes.reduce((sum, node) => sum + node.connectionCount, 0);
  }

  // --- groups

  /** The node that coordinates the group; -1 while there is none. */
  coordinatorOf(groupId: string): number {
    return this.#cluster.groups.nodeOf(groupId);
  }

  /** Makes `node` the coordinator of the group; others may come along. Members find it by asking. */
  moveCoordinator(groupId: string, node: number): void {
    this.#checkNode(node);
    this.#cluster.groups.move(groupId, node);
  }

  /** Ends a member's session as if it had been silent for as long; false when there is no such member. */
  expireSession(groupId: string, memberId: string): boolean {
    return this.#cluster.groups.find(groupId)?.members.expire(memberId) ?? false;
  }

  /** Null when there is no such group. */
  describeGroup(groupId: string): GroupDescription | null {
    return this.#cluster.groups.find(groupId)?.members.describe() ?? null;
  }

  /** What the group has committed, for all partitions for which it has. */
  committed(groupId: string): readonly CommittedOffset[] {
    return this.#cluster.groups.find(groupId)?.offsets.all() ?? [];
  }

  /** The newest commits of all groups, refused ones included, oldest first; at most `maxCommitRecords`. */
  commits(): readonly CommitRecord[] {
    return this.#cluster.groups.commits();
  }

  #partition({ topic, partition: index }: PartitionName): Partition {
    const partition = this.#cluster.topics.partition(topic, index);
    if (partition === undefined) {
      throw new RangeError(`Name a partition that exists: ${topic}/${index}`);
    }
    return partition;
  }

  #node(id: number): BrokerNode {
    this.#checkNode(id);
    const node = this.#nodes[id];
    if (node === undefined) throw new RangeError(`Name a node that exists: ${id}`);
    return node;
  }

  #checkNode(id: number): void {
    if (this.#nodes[id] === undefined) throw new RangeError(`Name a node that exists: ${id}`);
  }
}
