/**
 * All topics of the cluster, and where their partitions live. A node that stops gives its partitions to another
 * replica at once; a partition without one is offline until its node is back.
 */
import { ERROR } from "../error_codes.ts";
import { NO_LEADER, type Partition, Topic } from "./topic.ts";
import { type ConfigValues, TopicConfigError, TopicConfigs } from "./topic_configs.ts";

const MAX_TOPICS = 1000;
const MAX_PARTITIONS = 10_000;
const MAX_NAME_LENGTH = 249;
const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/;

/** What a new topic is to be. */
export interface NewTopic {
  readonly name: string;
  /** Null for the broker's default. */
  readonly partitions: number | null;
  /** Null for the broker's default. */
  readonly replicationFactor: number | null;
  readonly configs?: ConfigValues;
  /** Replicas by partition, the leader first; instead of the two numbers. */
  readonly assignments?: readonly (readonly number[])[];
}

/** A request about topics that the broker refuses. */
export class TopicError extends Error {
  override readonly name = "TopicError";
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface TopicsOptions {
  /** All nodes of the cluster, whether they run or not. */
  readonly nodeIds: readonly number[];
  readonly isUp: (nodeId: number) => boolean;
  readonly defaultPartitions: number;
  readonly defaultReplicationFactor: number;
  readonly configDefaults: ConfigValues;
}

export class Topics {
  readonly #options: TopicsOptions;
  readonly #byName = new Map<string, Topic>();
  /** The node that leads the next new partition. */
  #nextLeader = 0;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  all(): readonly Topic[] {
    return [...this.#byName.values()];
  }

  find(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  findById(id: string): Topic | undefined {
    return this.all().find((topic) => topic.id === id);
  }

  partition(name: string, index: number): Partition | undefined {
    return this.#byName.get(name)?.partitions[index];
  }

  /**
   * Creates a topic.
   *
   * @throws TopicError with the code that a broker answers when that cannot be
   */
  create(topic: NewTopic, options: { readonly validateOnly?: boolean } = {}): Topic {
    checkName(topic.name);
    if (this.#byName.has(topic.name)) {
      const message = `Topic '${topic.name}' already exists.`;
      throw new TopicError(ERROR.TOPIC_ALREADY_EXISTS, message);
    }
    const placement = this.#placementOf(topic);
    if (this.#byName.size >= MAX_TOPICS) throw tooMany(`${MAX_TOPICS} topics`);
    this.#checkRoom(placement.length);
    const replicationFactor = placement[0]?.length ?? 0;
    const created = new Topic(topic.name, { replicationFactor, configs: this.#configsOf(topic) });
    if (options.validateOnly) return created;
    for (const replicas of placement) this.#elect(created.addPartition(replicas));
    this.#nextLeader += placement.length;
    this.#byName.set(topic.name, created);
    return created;
  }

  /** Deletes a topic; false when there is none. */
  delete(name: string): boolean {
    const topic = this.#byName.get(name);
    this.#byName.delete(name);
    topic?.partitions.forEach((partition) => partition.wakeWatchers());
    return topic !== undefined;
  }

  /**
   * Gives a topic more partitions.
   *
   * @param total how many it has afterwards
   * @throws TopicError when it does not exist or has that many already
   */
  grow(name: string, { total, validateOnly }: { total: number; validateOnly?: boolean }): void {
    const topic = this.#byName.get(name);
    if (topic === undefined) {
      throw new TopicError(ERROR.UNKNOWN_TOPIC_OR_PARTITION, `Topic '${name}' does not exist.`);
    }
    const { length } = topic.partitions;
    if (total <= length) {
      const message = `Topic currently has ${length} partitions, which is not less than ${total}.`;
      throw new TopicError(ERROR.INVALID_PARTITIONS, message);
    }
    this.#checkRoom(total - length);
    if (validateOnly) return;
    for (let i = length; i < total; i++) {
      this.#elect(topic.addPartition(this.#spread(topic.replicationFactor, this.#nextLeader)));
      this.#nextLeader += 1;
    }
  }

  /** A node is gone: other replicas lead its partitions. */
  onNodeDown(nodeId: number): void {
    for (const partition of this.#partitions()) {
      if (partition.leader === nodeId) this.#elect(partition);
    }
  }

  /** A node is back: it leads what has no leader. */
  onNodeUp(): void {
    for (const partition of this.#partitions()) {
      if (partition.leader === NO_LEADER) this.#elect(partition);
    }
  }

  #elect(partition: Partition): void {
    if (partition.leader !== NO_LEADER && this.#options.isUp(partition.leader)) return;
    partition.lead(partition.replicas.find((replica) => this.#options.isUp(replica)) ?? NO_LEADER);
  }

  #partitions(): readonly Partition[] {
    return this.all().flatMap((topic) => topic.partitions);
  }

  #placementOf(topic: NewTopic): readonly (readonly number[])[] {
    const { nodeIds, defaultPartitions, defaultReplicationFactor } = this.#options;
    if (topic.assignments !== undefined) {
      const known = topic.assignments.every((replicas) =>
        replicas.length > 0 && replicas.every((replica) => nodeIds.includes(replica))
      );
      if (known) return topic.assignments;
      throw new TopicError(ERROR.INVALID_REPLICA_ASSIGNMENT, "Unknown broker in the assignment.");
    }
    const partitions = topic.partitions ?? defaultPartitions;
    const replicationFactor = topic.replicationFactor ?? defaultReplicationFactor;
    if (partitions < 1) {
      throw new TopicError(ERROR.INVALID_PARTITIONS, "Number of partitions must be larger than 0.");
    }
    if (replicationFactor < 1 || replicationFactor > nodeIds.length) {
      const message = `Replication factor: ${replicationFactor}, brokers: ${nodeIds.length}.`;
      throw new TopicError(ERROR.INVALID_REPLICATION_FACTOR, message);
    }
    this.#checkRoom(partitions);
    return Array.from(
      { length: partitions },
      (_, i) => this.#spread(replicationFactor, this.#nextLeader + i),
    );
  }

  /** As many nodes as there are replicas, round-robin from the leader on. */
  #spread(replicationFactor: number, leader: number): readonly number[] {
    const { nodeIds } = this.#options;
    return Array.from(
      { length: replicationFactor },
      (_, i) => nodeIds[(leader + i) % nodeIds.length] ?? NO_LEADER,
    );
  }

  #configsOf(topic: NewTopic): TopicConfigs {
    try {
      const { configDefaults: defaults } = this.#options;
      return new TopicConfigs({ defaults, values: topic.configs ?? {} });
    } catch (error) {
      if (!(error instanceof TopicConfigError)) throw error;
      throw new TopicError(ERROR.INVALID_CONFIG, error.message);
    }
  }

  #checkRoom(more: number): void {
    if (this.#partitions().length + more > MAX_PARTITIONS) {
      throw tooMany(`${MAX_PARTITIONS} partitions`);
    }
  }
}

function checkName(name: string): void {
  const isLegal = LEGAL_NAME.test(name) && name !== "." && name !== ".." &&
    name.length <= MAX_NAME_LENGTH;
  if (isLegal) return;
  throw new TopicError(ERROR.INVALID_TOPIC_EXCEPTION, `Topic name is illegal: '${name}'.`);
}

function tooMany(limit: string): TopicError {
  return new TopicError(ERROR.POLICY_VIOLATION, `The embedded broker holds at most ${limit}.`);
}
