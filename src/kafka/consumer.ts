/**
 * Joins what the group says to what the core does: partitions are taken on from where the group left off, drained to
 * the frontier and committed before they are given up, and kept in suspense when they were lost without being asked.
 * Everything here is in the name of a generation and stops when that no longer holds.
 */
import type { Assignment } from "../processing/assignment.ts";
import type { Clock } from "../processing/clock.ts";
import { sleep } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import type { Partition } from "../processing/partition.ts";
import { encodeCommitMetadata, parseCommitMetadata } from "./commit_metadata.ts";
import { errorCodeText, isAuthorizationCode } from "./error_codes.ts";
import type { Committer } from "./committer.ts";
import type { Fetcher } from "./fetcher.ts";
import type { Generation, GroupListener, Refusal } from "./membership.ts";
import type { Metadata } from "./metadata.ts";
import type { LogRange, Offsets } from "./offsets.ts";
import type { CommittedOffset } from "./protocol.ts";

/** What an operator should know of this consumer, told once per fact. */
export interface ConsumerTelemetry {
  partitionsAssigned(facts: { readonly partitions: readonly TopicPartition[] }): void;
  partitionsRevoked(
    facts: { readonly partitions: readonly TopicPartition[]; readonly abandoned: number },
  ): void;
  partitionsLost(
    facts: { readonly partitions: readonly TopicPartition[]; readonly reason: string },
  ): void;
  rebalanced(
    facts: {
      readonly generation: number;
      readonly protocol: string;
      readonly members: number | null;
      readonly durationMs: number;
    },
  ): void;
  /** Messages in [from, to) are gone from the log and were not processed. */
  lostRange(
    facts: TopicPartition & {
      readonly from: number;
      readonly to: number;
      readonly cause: "retention" | "topic_recreated";
    },
  ): void;
  /** The position was set without a committed offset to go on from. */
  positionReset(
    facts: TopicPartition & { readonly position: number; readonly reason: string },
  ): void;
}

export interface ConsumerOptions {
  readonly clock: Clock;
  readonly assignment: Assignment;
  readonly fetcher: Fetcher;
  readonly committer: Committer;
  readonly offsets: Offsets;
  readonly metadata: Metadata;
  readonly telemetry: ConsumerTelemetry;
  readonly autoOffsetReset: "earliest" | "latest" | "none";
  readonly readFromBeginning: boolean;
  readonly enableAutoCommit: boolean;
  /** Within the rebalance timeout, so that the coordinator does not give up on us. */
  readonly revokeDrainMs: number;
  readonly onRefused: (refusal: Refusal) => void;
  /** The coordinator takes us for a member. */
  readonly onAccepted: () => void;
  /** AUTO_OFFSET_RESET=none refuses to choose a position. */
  readonly onNoOffset: (reason: string) => void;
  /** The first generation that this process is a member of. */
  readonly onFirstJoin: () => void;
}

/** What is known of an owned partition beside what the core holds. */
interface Origin {
  topicId: string | null;
  firstPartitions: number | null;
}

const COMMIT_BEFORE_REVOKE_MS = 3_000;
const COMMIT_RETRY_MS = 50;
const LAGGING_REPLICA_MS = 200;

export class Consumer implements GroupListener {
  readonly #options: ConsumerOptions;
  readonly #origins = new WeakMap<Partition, Origin>();
  /** Partitions that --read-from-beginning has moved already. */
  readonly #rewound = new Set<string>();
  #generation: Generation | null = null;
  #stopping = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  owned(): readonly TopicPartition[] {
    return this.#options.assignment.all();
  }

  onJoined(generation: Generation, facts: { durationMs: number; members: number | null }): void {
    const isFirst = this.#generation === null;
    this.#generation = generation;
    const { id, protocol } = generation;
    this.#options.telemetry.rebalanced({ generation: id, protocol, ...facts });
    if (isFirst) this.#options.onFirstJoin();
  }

  onRefused(refusal: Refusal): void {
    this.#options.onRefused(refusal);
  }

  onLease(): void {
    this.#options.onAccepted();
    this.#options.assignment.wake();
  }

  onLost(reason: string): void {
    const { assignment, telemetry } = this.#options;
    const partitions = assignment.all();
    assignment.suspend();
    if (partitions.length > 0) telemetry.partitionsLost({ partitions, reason });
  }

  async onRebalance(generation: Generation): Promise<void> {
    await this.#drainAndCommit(this.#options.assignment.all(), {
      generation,
      deadlineMs: this.#options.revokeDrainMs,
    });
  }

  async onRevoked(partitions: readonly TopicPartition[], generation: Generation): Promise<void> {
    const { assignment, revokeDrainMs } = this.#options;
    const going = partitions.map((each) => assignment.get(each)).filter((each) =>
      each !== undefined
    );
    await this.#drainAndCommit(going, { generation, deadlineMs: revokeDrainMs });
    this.#giveUp(going);
  }

  onAssigned(generation: Generation): void {
    const { assignment } = this.#options;
    const given = new Map(generation.assignment.map((each) => [partitionKey(each), each]));
    this.#giveUp(assignment.all().filter((each) => !given.has(partitionKey(each))));
    const kept = assignment.all().filter((each) => each.state !== "suspended");
    if (!this.#stopping) assignment.resume(kept);
    const keptKeys = new Set(kept.map(partitionKey));
    const wanted = generation.assignment.filter((each) => !keptKeys.has(partitionKey(each)));
    this.#options.fetcher.wake();
    void this.#takeOn(wanted, generation);
  }

  /**
   * Nothing new starts; what is queued below the frontier ends, and its offsets are committed.
   *
   * @returns how many messages in flight had to be abandoned
   */
  async stop(deadlineMs: number): Promise<number> {
    this.#stopping = true;
    const { assignment } = this.#options;
    const generation = this.#generation;
    if (generation !== null) {
      await this.#drainAndCommit(assignment.all(), { generation, deadlineMs });
    }
    return assignment.revoke(assignment.all());
  }

  /** Topics, partitions or leaders changed. */
  onMetadataChange(): void {
    const { assignment, metadata, fetcher } = this.#options;
    for (const partition of assignment.all()) {
      const topic = metadata.topic(partition.topic);
      const origin = this.#origins.get(partition);
      if (origin === undefined || topic === undefined || topic.errorCode !== 0) continue;
      origin.topicId ??= topic.id;
      if (topic.id !== null && origin.topicId !== topic.id) void this.#settle(partition);
    }
    fetcher.wake();
  }

  /** The fetcher found the position outside the log. */
  onOutOfRange(partition: Partition): void {
    void this.#settle(partition);
  }

  /** The leader refuses to serve a partition. */
  onFetchRefused(partition: Partition, code: number): void {
    const where = `${partition.topic}/${partition.partition}`;
    const text = isAuthorizationCode(code)
      ? `Allow this user to READ topic ${partition.topic}: ${errorCodeText(code)}`
      : `Fetch from ${where} was refused: ${errorCodeText(code)}`;
    this.#options.onRefused({ of: "fetch", code, text, final: false });
  }

  /** What goes beside the committed offset of a partition. */
  commitMetadata(partition: Partition): string {
    return encodeCommitMetadata({
      firstPartitions: this.#origins.get(partition)?.firstPartitions ?? null,
    });
  }

  #giveUp(partitions: readonly Partition[]): void {
    if (partitions.length === 0) return;
    const abandoned = this.#options.assignment.revoke(partitions);
    this.#options.telemetry.partitionsRevoked({ partitions, abandoned });
  }

  async #drainAndCommit(
    partitions: readonly Partition[],
    { generation, deadlineMs }: { generation: Generation; deadlineMs: number },
  ): Promise<void> {
    const { assignment, clock, committer, enableAutoCommit } = this.#options;
    await assignment.drain(partitions, deadlineMs);
    if (!enableAutoCommit) return;
    const giveUpAt = clock.now() + COMMIT_BEFORE_REVOKE_MS;
    const isOpen = (each: Partition) =>
      (each.state === "active" || each.state === "draining") && each.committed !== each.prefix;
    while (generation.holds && clock.now() < giveUpAt && partitions.some(isOpen)) {
      const committing = committer.commit();
      await Promise.race([committing, sleep(clock, Math.max(0, giveUpAt - clock.now()))]);
      if (partitions.some(isOpen)) await sleep(clock, COMMIT_RETRY_MS);
    }
  }

  /** Gives the new partitions of a generation their positions, each as soon as it is known. */
  async #takeOn(wanted: readonly TopicPartition[], generation: Generation): Promise<void> {
    const { offsets, autoOffsetReset, metadata } = this.#options;
    if (wanted.length === 0) return;
    // For `latest`, the neighbours' commits tell whether the group has seen the topic before.
    const topics = [...new Set(wanted.map(({ topic }) => topic))];
    const asked = autoOffsetReset === "latest"
      ? topics.flatMap((topic) =>
        metadata.partitionsOf(topic).map((partition) => ({ topic, partition }))
      )
      : wanted;
    const isWanted = () => generation.isStable && !this.#stopping;
    const committed = await offsets.committed(asked, isWanted);
    if (committed === null) return;
    const byKey = new Map(committed.map((each) => [partitionKey(each), each]));
    await Promise.all(wanted.map(async (each) => {
      const own = byKey.get(partitionKey(each));
      const firstPartitions = this.#firstPartitions(each.topic, committed);
      if (own !== undefined) await this.#start(own, { generation, firstPartitions });
    }));
  }

  async #start(
    own: CommittedOffset,
    { generation, firstPartitions }: { generation: Generation; firstPartitions: number | null },
  ): Promise<void> {
    const { assignment, fetcher, committer } = this.#options;
    const held = assignment.get(own);
    if (held?.state === "suspended" && own.offset >= 0 && assignment.readopt(held, own.offset)) {
      fetcher.wake();
      return;
    }
    const isWanted = () => generation.isStable && !this.#stopping;
    const start = await this.#startPosition(own, { isWanted, firstPartitions });
    if (start === null || !isWanted()) return;
    const partition = assignment.assign(own, start);
    partition.committed = start.committed;
    const topicId = this.#options.metadata.topic(own.topic)?.id ?? null;
    this.#origins.set(partition, { topicId, firstPartitions });
    this.#options.telemetry.partitionsAssigned({ partitions: [partition] });
    fetcher.wake();
    if (start.committed === null) void committer.commit(); // a chosen position must not be chosen again
  }

  async #startPosition(
    own: CommittedOffset,
    { isWanted, firstPartitions }: { isWanted: () => boolean; firstPartitions: number | null },
  ): Promise<{ position: number; leaderEpoch: number; committed: number | null } | null> {
    const { offsets, readFromBeginning, telemetry } = this.#options;
    const key = partitionKey(own);
    const rewind = readFromBeginning && !this.#rewound.has(key);
    if (own.offset >= 0 && !rewind) {
      return { position: own.offset, leaderEpoch: own.leaderEpoch, committed: own.offset };
    }
    const range = await offsets.logRange(own, isWanted);
    if (range === null) return null;
    const chosen = rewind
      ? { position: range.start, reason: "--read-from-beginning" }
      : this.#chooseStart(own, { range, firstPartitions });
    if (chosen === null) return null;
    this.#rewound.add(key);
    const { topic, partition } = own;
    telemetry.positionReset({ topic, partition, ...chosen });
    return { position: chosen.position, leaderEpoch: -1, committed: null };
  }

  /** Nothing is committed: AUTO_OFFSET_RESET decides. */
  #chooseStart(
    own: TopicPartition,
    { range, firstPartitions }: { range: LogRange; firstPartitions: number | null },
  ): { position: number; reason: string } | null {
    const { autoOffsetReset, onNoOffset } = this.#options;
    if (autoOffsetReset === "none") {
      onNoOffset(`nothing is committed for ${own.topic}/${own.partition}`);
      return null;
    }
    const isOld = firstPartitions !== null && own.partition < firstPartitions;
    if (autoOffsetReset === "latest" && isOld) {
      return { position: range.end, reason: "AUTO_OFFSET_RESET=latest" };
    }
    const reason = autoOffsetReset === "latest"
      ? "a partition added later starts at its beginning"
      : "AUTO_OFFSET_RESET=earliest";
    return { position: range.start, reason };
  }

  /** How many partitions a topic had when the group first saw it: by the commits that say so, else if there is none, now. */
  #firstPartitions(topic: string, committed: readonly CommittedOffset[]): number | null {
    const ofTopic = committed.filter((each) => each.topic === topic && each.offset >= 0);
    if (ofTopic.length === 0) return this.#options.metadata.partitionsOf(topic).length;
    const counts = ofTopic
      .map((each) => parseCommitMetadata(each.metadata).firstPartitions)
      .filter((count) => count !== null);
    return counts.length === 0 ? null : Math.min(...counts);
  }

  /** A position outside the log, or a topic that was created anew: find out what is lost, and go on as configured. */
  async #settle(partition: Partition): Promise<void> {
    const { clock, metadata, offsets, fetcher, assignment, telemetry } = this.#options;
    const { topic, partition: number } = partition;
    const isWanted = () => partition.state !== "dropped" && !this.#stopping;
    const range = await offsets.logRange(partition, isWanted);
    if (range === null) return;
    const origin = this.#origins.get(partition) ?? { topicId: null, firstPartitions: null };
    const topicId = metadata.topic(topic)?.id ?? null;
    const { position } = partition;
    if (topicId !== null && origin.topicId !== null && topicId !== origin.topicId) {
      if (this.#refuses(partition, "the topic was deleted and created again")) return;
      telemetry.lostRange({
        topic,
        partition: number,
        from: partition.prefix,
        to: position,
        cause: "topic_recreated",
      });
      this.#restart(partition, { position: range.start, origin: { ...origin, topicId } });
    } else if (position < range.start) {
      if (this.#refuses(partition, `offsets ${position} to ${range.start} were deleted`)) return;
      telemetry.lostRange({
        topic,
        partition: number,
        from: position,
        to: range.start,
        cause: "retention",
      });
      assignment.skipTo(partition, { position: range.start, leaderEpoch: -1 });
      fetcher.settled(partition);
    } else if (position > range.end) {
      if (this.#refuses(partition, `the log ends at ${range.end}, before ${position}`)) return;
      const atEnd = this.#options.autoOffsetReset === "latest";
      const next = atEnd ? range.end : range.start;
      telemetry.positionReset({
        topic,
        partition: number,
        position: next,
        reason: `the log ends at ${range.end}, before ${position}`,
      });
      this.#restart(partition, { position: next, origin });
    } else {
      await sleep(clock, LAGGING_REPLICA_MS); // inside after all: the leader was behind
      fetcher.settled(partition);
    }
  }

  #refuses(partition: Partition, reason: string): boolean {
    const { autoOffsetReset, onNoOffset } = this.#options;
    if (autoOffsetReset !== "none") return false;
    onNoOffset(`${partition.topic}/${partition.partition}: ${reason}`);
    return true;
  }

  #restart(old: Partition, { position, origin }: { position: number; origin: Origin }): void {
    const { assignment, fetcher } = this.#options;
    const partition = assignment.assign(old, { position, leaderEpoch: -1 });
    this.#origins.set(partition, origin);
    fetcher.wake();
  }
}

function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
