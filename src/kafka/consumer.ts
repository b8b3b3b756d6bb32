/**
 * Joins what the group says to what the core does: partitions are taken on from where the group left off, drained to
 * the frontier and committed before they are given up, and kept in suspense when they were lost without being asked.
 * Everything here is in the name of a generation and stops when that no longer holds.
 */
import type { Assignment, CommitPoint } from "../processing/assignment.ts";
import type { Clock } from "../processing/clock.ts";
import { sleep } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import type { Partition } from "../processing/partition.ts";
import type { OffsetRange } from "../processing/offset_ranges.ts";
import { partitionKey } from "../processing/partition_key.ts";
import { requestDelayMs } from "../processing/retry.ts";
import { DONE_RANGES_MAX, encodeCommitMetadata, NO_COMMIT_METADATA } from "./commit_metadata.ts";
import { errorCodeText, isAuthorizationCode } from "./error_codes.ts";
import type { CommitPlace, Committer } from "./committer.ts";
import type { Fetcher } from "./fetcher.ts";
import { COOPERATIVE, type Generation, type GroupListener, type Refusal } from "./generation.ts";
import type { Metadata } from "./metadata.ts";
import type { Offsets } from "./offsets.ts";
import type { Positions } from "./positions.ts";
import type { CommittedOffset } from "./offset_requests.ts";

/** What an operator should know of this consumer, told once per fact. */
export interface ConsumerTelemetry {
  /** The brokers are too old for topic ids (Metadata 10): a topic created anew cannot be told from the old one. */
  topicIdsMissing(): void;
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
}

export interface ConsumerOptions {
  readonly clock: Clock;
  readonly assignment: Assignment;
  readonly fetcher: Fetcher;
  readonly committer: Committer;
  readonly offsets: Offsets;
  readonly positions: Positions;
  readonly metadata: Metadata;
  readonly telemetry: ConsumerTelemetry;
  readonly autoOffsetReset: "earliest" | "latest" | "none";
  readonly enableAutoCommit: boolean;
  /** Within the rebalance timeout, so that the coordinator does not give up on us. */
  readonly revokeDrainMs: number;
  /** What is left undone on purpose below the prefix: what to commit then. By default nothing is. */
  readonly leave?: ((partition: Partition, progress: DoneSet) => DoneSet) | undefined;
  readonly onRefused: (refusal: Refusal) => void;
  /** The coordinator takes us for a member. */
  readonly onAccepted: () => void;
  /** The first generation that this process is a member of. */
  readonly onFirstJoin: () => void;
}

/** All below the offset is done, and so are these ranges above it. */
export interface DoneSet {
  readonly offset: number;
  readonly done: readonly OffsetRange[];
}

/** What is known of an owned partition beside what the core holds. */
interface Origin {
  topicId: string | null;
  firstPartitions: number | null;
}

const COMMIT_BEFORE_REVOKE_MS = 3_000;
const COMMIT_BACKOFF = { backoffMs: 50, backoffMaxMs: 400 } as const;
/** Each time anew: replicas follow within moments, and the fetch in between is a request of its own. */
const LAGGING_REPLICA = { backoffMs: 300, backoffMaxMs: 300 } as const;

export class Consumer implements GroupListener {
  readonly #options: ConsumerOptions;
  readonly #origins = new WeakMap<Partition, Origin>();
  readonly #settling = new WeakSet<Partition>();
  #generation: Generation | null = null;
  #toldOfMissingIds = false;
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
      mayCommit: () => generation.holds,
      deadlineMs: this.#options.revokeDrainMs,
    });
  }

  async onRevoked(partitions: readonly TopicPartition[], generation: Generation): Promise<void> {
    const { assignment, revokeDrainMs } = this.#options;
    const going = partitions.map((each) => assignment.get(each)).filter((each) =>
      each !== undefined
    );
    // Without cooperation what goes may be another member's by now.
    if (generation.protocol === COOPERATIVE) {
      const mayCommit = () => generation.holds;
      await this.#drainAndCommit(going, { mayCommit, deadlineMs: revokeDrainMs });
    }
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
    // In a rebalance it takes the next generation until commits are accepted again.
    const mayCommit = () => this.#generation?.holds ?? false;
    await this.#drainAndCommit(assignment.all(), { mayCommit, deadlineMs });
    return assignment.revoke(assignment.all());
  }

  /** Topics, partitions or leaders changed. */
  onMetadataChange(): void {
    const { assignment, metadata, fetcher, telemetry } = this.#options;
    for (const partition of assignment.all()) {
      const topic = metadata.topic(partition.topic);
      const origin = this.#origins.get(partition);
      if (origin === undefined || topic === undefined || topic.errorCode !== 0) continue;
      origin.topicId ??= topic.id;
      if (topic.id === null && !this.#toldOfMissingIds) telemetry.topicIdsMissing();
      if (topic.id === null) this.#toldOfMissingIds = true;
      if (topic.id !== null && origin.topicId !== topic.id) void this.#settle(partition);
    }
    fetcher.wake();
  }

  /** A partition has a leader of a later epoch than the one that wrote what we read: is that still there? */
  onNewLeader(partition: Partition): void {
    void this.#settle(partition, "validate");
  }

  /** The fetcher found the position outside the log: of the topic that we know, or of one created anew, which its id tells. */
  onOutOfRange(partition: Partition): void {
    const { metadata } = this.#options;
    void metadata.refresh().catch(() => {}).then(() => this.#settle(partition));
  }

  /** The leader refuses to serve a partition. */
  onFetchRefused(partition: Partition, code: number): void {
    const where = `${partition.topic}/${partition.partition}`;
    const text = isAuthorizationCode(code)
      ? `Allow this user to READ topic ${partition.topic}: ${errorCodeText(code)}`
      : `Fetch from ${where} was refused: ${errorCodeText(code)}`;
    this.#options.onRefused({ of: "fetch", code, text, final: false });
  }

  /** What to commit of a partition. */
  commitEntry({ partition, offset: prefix, leaderEpoch }: CommitPoint): CommitPlace {
    const { firstPartitions, topicId } = this.#origins.get(partition) ?? NO_COMMIT_METADATA;
    const progress = { offset: prefix, done: partition.doneAbove(DONE_RANGES_MAX) };
    const { offset, done } = this.#options.leave?.(partition, progress) ?? progress;
    const metadata = encodeCommitMetadata({ firstPartitions, topicId, done }, offset);
    return { offset, leaderEpoch: offset === prefix ? leaderEpoch : -1, metadata };
  }

  #giveUp(partitions: readonly Partition[]): void {
    if (partitions.length === 0) return;
    const abandoned = this.#options.assignment.revoke(partitions);
    this.#options.telemetry.partitionsRevoked({ partitions, abandoned });
  }

  async #drainAndCommit(
    partitions: readonly Partition[],
    { mayCommit, deadlineMs }: { mayCommit: () => boolean; deadlineMs: number },
  ): Promise<void> {
    const { assignment, clock, committer, enableAutoCommit } = this.#options;
    await assignment.drain(partitions, deadlineMs);
    if (!enableAutoCommit) return;
    const giveUpAt = clock.now() + COMMIT_BEFORE_REVOKE_MS;
    const isOpen = (each: Partition) =>
      (each.state === "active" || each.state === "draining") && each.committed !== each.prefix;
    const mayTry = () => mayCommit() && clock.now() < giveUpAt && partitions.some(isOpen);
    for (let tries = 1; mayTry(); tries += 1) {
      const isOver = new AbortController();
      const over = sleep(clock, Math.max(0, giveUpAt - clock.now()), isOver.signal);
      await Promise.race([committer.commit(), over]);
      isOver.abort();
      if (!mayTry()) return;
      await sleep(clock, requestDelayMs(tries, COMMIT_BACKOFF, clock.random()));
    }
  }

  /** Gives the new partitions of a generation their positions, each as soon as it is known. */
  async #takeOn(wanted: readonly TopicPartition[], generation: Generation): Promise<void> {
    const { offsets, positions, autoOffsetReset, metadata } = this.#options;
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
      const firstPartitions = positions.firstPartitions(each.topic, committed);
      if (own !== undefined) await this.#start(own, { generation, firstPartitions });
    }));
  }

  async #start(
    own: CommittedOffset,
    { generation, firstPartitions }: { generation: Generation; firstPartitions: number | null },
  ): Promise<void> {
    const { assignment, fetcher, committer, positions } = this.#options;
    const held = assignment.get(own);
    // What another member has done in between stands beside the offset, which what is held knows nothing of: where that
    // is all that says what is done, the commit is read anew.
    const mayReadopt = this.#options.leave === undefined && own.offset >= 0;
    if (mayReadopt && held?.state === "suspended" && assignment.readopt(held, own.offset)) {
      fetcher.wake();
      return;
    }
    const isWanted = () => generation.isStable && !this.#stopping;
    const start = await positions.start(own, { isWanted, firstPartitions });
    if (start === null || !isWanted()) return;
    const partition = assignment.assign(own, start);
    partition.committed = start.committed;
    const topicId = this.#options.metadata.topic(own.topic)?.id ?? null;
    this.#origins.set(partition, { topicId, firstPartitions });
    this.#options.telemetry.partitionsAssigned({ partitions: [partition] });
    fetcher.wake();
    if (start.committed === null) void committer.commit(); // a chosen position must not be chosen again
  }

  /** A position outside the log, or a topic that was created anew: goes on where it can. */
  async #settle(partition: Partition, how: "outside" | "validate" = "outside"): Promise<void> {
    if (this.#settling.has(partition)) return;
    this.#settling.add(partition);
    const { clock, positions, fetcher, assignment, metadata } = this.#options;
    const isWanted = () => partition.state !== "dropped" && !this.#stopping;
    const origin = this.#origins.get(partition) ?? { topicId: null, firstPartitions: null };
    const way = how === "validate"
      ? await positions.validate(partition, isWanted)
      : await positions.outside(partition, { topicId: origin.topicId, isWanted });
    this.#settling.delete(partition);
    if (!isWanted()) return; // it went meanwhile: starting it anew would take back what is another member's
    if (way.go === "restart" && partition.state !== "active") {
      // On its way out, or lost: whoever gets it next looks at the log anew.
      this.#giveUp([partition]);
    } else if (way.go === "restart") {
      const topicId = metadata.topic(partition.topic)?.id ?? null;
      this.#restart(partition, { position: way.position, origin: { ...origin, topicId } });
    } else if (way.go === "skip") {
      assignment.skipTo(partition, { position: way.position, leaderEpoch: -1 });
      fetcher.settled(partition);
    } else if (way.go === "on") {
      fetcher.settled(partition);
    } else if (way.go === "ask_again") {
      await sleep(clock, requestDelayMs(1, LAGGING_REPLICA, clock.random())); // inside after all: the leader was behind
      fetcher.settled(partition);
    }
  }

  #restart(old: Partition, { position, origin }: { position: number; origin: Origin }): void {
    const { assignment, fetcher } = this.#options;
    const partition = assignment.assign(old, { position, leaderEpoch: -1 });
    this.#origins.set(partition, origin);
    fetcher.wake();
  }
}
