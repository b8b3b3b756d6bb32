/**
 * Commits what the core has finished: by time and by count, one commit in flight, always a fresh snapshot, always in
 * the name of the generation that the snapshot was taken under. After an unknown outcome everything is committed again,
 * and again for a while, because the lost commit may land at the broker after newer ones. Never decides on membership.
 */
import type { Clock } from "../processing/clock.ts";
import type { CommitPoint } from "../processing/assignment.ts";
import { partitionKey } from "../processing/partition_key.ts";
import type { Caller } from "./connections.ts";
import type { Coordinator } from "./coordinator.ts";
import { ERROR_CODE, errorCodeText } from "./error_codes.ts";
import { COORDINATOR_DEADLINE_MS, type Generation } from "./generation.ts";
import { UnsupportedBrokerError } from "./handshake.ts";
import { offsetCommit } from "./offset_requests.ts";
import type { MemberIdentity } from "./protocol.ts";

export interface CommitterOptions {
  readonly caller: Caller;
  readonly coordinator: Coordinator;
  readonly clock: Clock;
  /** False: nothing is ever committed, and nothing waits for it. */
  readonly enabled: boolean;
  readonly intervalMs: number;
  /** So many finished messages bring a commit forward. */
  readonly maxMessages: number;
  readonly generation: () => Generation | null;
  readonly identity: (generation: Generation) => MemberIdentity;
  /** What moved since the last acknowledged commit, or all there is. */
  readonly snapshot: (which: "moved" | "all") => readonly CommitPoint[];
  /** What to commit for it. */
  readonly entryFor: (point: CommitPoint) => CommitPlace;
  /** What goes beside the offset must not be lost: a broker that takes less of it gets no commits. */
  readonly needsMetadata?: boolean;
  /**
   * Milliseconds that brokers are to keep what is committed, instead of their offsets.retention.minutes; by default they
   * are not told. Not for static members: that request has no place for their id.
   */
  readonly keepMs?: number | null;
  readonly onCommitted: (
    facts: { partitions: number; messages: number; durationMs: number },
  ) => void;
  readonly onFailed: (
    facts: { reason: string; code: number | null; durationMs: number },
  ) => void;
}

/** An offset that is committed, and what goes beside it. */
export interface CommitPlace {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/**
 * Brokers forget offsets that were not committed for long: Apache Kafka after seven days (offsets.retention.minutes),
 * others sooner, some while the group lives. What stands still is committed again this often.
 */
export const REFRESH_MS = 3_600_000;

/**
 * How much later a commit that got no answer may land and take the offsets back: a system goes on delivering for about
 * that long what was written to a connection that is closed by now.
 */
export const LATE_COMMIT_MS = 120_000;

export class Committer {
  readonly #options: CommitterOptions;
  #inFlight: Promise<void> | null = null;
  #cancelTimer = () => {};
  #doneSinceCommit = 0;
  /** It was time for a commit while one was in flight. */
  #isDue = false;
  /** From then on everything is committed once, moved or not. */
  #refreshAt: number;
  /** Until then a commit that was given up may land: each commit takes everything, moved or not. */
  #lateUntil = -Infinity;
  /** As in the options, until a broker does not know of it. */
  #keepMs: number | null;
  /** The broker takes no metadata as long as ours: from then on offsets go alone. */
  #withoutMetadata = false;
  #lastFailure: { readonly reason: string; readonly code: number | null } | null = null;
  #stopped = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#keepMs = options.keepMs ?? null;
    this.#refreshAt = options.clock.now() + REFRESH_MS;
  }

  start(): void {
    this.#schedule();
  }

  /** Why offsets could not be committed, the last time; null since they could. `code` is null without an answer. */
  get lastFailure(): { readonly reason: string; readonly code: number | null } | null {
    return this.#lastFailure;
  }

  /** So many more messages have their outcome. */
  onProgress(messages: number): void {
    this.#doneSinceCommit += messages;
    this.#commitIfMany();
  }

  /** Commits what moved; joins the commit that is in flight, which may have an older snapshot. Never rejects. */
  commit(): Promise<void> {
    if (!this.#options.enabled) return Promise.resolve();
    if (this.#inFlight !== null) return this.#inFlight;
    const generation = this.#options.generation();
    if (generation === null || !generation.holds) return Promise.resolve();
    const { clock, snapshot } = this.#options;
    const isRefresh = clock.now() >= this.#refreshAt;
    const isDoubtful = clock.now() < this.#lateUntil;
    const points = snapshot(isRefresh || isDoubtful ? "all" : "moved");
    if (points.length === 0) return Promise.resolve();
    if (isRefresh) this.#refreshAt = clock.now() + REFRESH_MS;
    this.#doneSinceCommit = 0;
    this.#isDue = false;
    this.#inFlight = this.#send(generation, points).finally(() => {
      this.#inFlight = null;
      if (this.#isDue && !this.#stopped) void this.commit();
      else this.#commitIfMany();
    });
    return this.#inFlight;
  }

  /** Stops the clock; a commit in flight goes on to its deadline. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  #commitIfMany(): void {
    if (this.#doneSinceCommit < this.#options.maxMessages || this.#inFlight !== null) return;
    this.#doneSinceCommit = 0;
    void this.commit();
  }

  #schedule(): void {
    if (this.#stopped || !this.#options.enabled) return;
    this.#cancelTimer = this.#options.clock.schedule(this.#options.intervalMs, () => {
      // Not left to the next tick: what is done is without a commit for one interval, and not for two.
      this.#isDue = this.#inFlight !== null;
      void this.commit();
      this.#schedule();
    });
  }

  async #send(generation: Generation, points: readonly CommitPoint[]): Promise<void> {
    const { caller, coordinator, clock, onCommitted } = this.#options;
    const startedAt = clock.now();
    const onFailed = (failure: { reason: string; code: number | null }) => {
      this.#lastFailure = failure;
      this.#options.onFailed({ ...failure, durationMs: clock.now() - startedAt });
    };
    const to = await coordinator.find().catch(() => null);
    if (to === null) return;
    // Looking for the coordinator can outlast the generation; what it held may be another member's by now.
    if (!generation.holds) return onFailed({ reason: "the generation ended", code: null });
    const entries = points.map((point) => {
      const { topic, partition } = point.partition;
      const entry = { topic, partition, ...this.#options.entryFor(point) };
      return this.#withoutMetadata ? { ...entry, metadata: null } : entry;
    });
    try {
      const request = offsetCommit(this.#options.identity(generation), entries, {
        keepMs: this.#keepMs,
      });
      const deadlineMs = COORDINATOR_DEADLINE_MS;
      const answer = await caller.call({ to, purpose: "commit", request, deadlineMs });
      const codes = new Map(
        answer.partitions.map((each) => [partitionKey(each), each.errorCode]),
      );
      const { committed, messages, code } = settle(points, codes);
      if (committed > 0) {
        onCommitted({ partitions: committed, messages, durationMs: clock.now() - startedAt });
      }
      this.#lastFailure = null;
      if (code === ERROR_CODE.NONE) return;
      const isTooLarge = code === ERROR_CODE.OFFSET_METADATA_TOO_LARGE;
      if (isTooLarge && !this.#options.needsMetadata) this.#withoutMetadata = true;
      coordinator.isCoordinatorTrouble(code, to);
      onFailed({ reason: errorCodeText(code), code });
    } catch (error) {
      if (error instanceof UnsupportedBrokerError) this.#keepMs = null;
      for (const { partition } of points) partition.committed = null; // unknown: commit again
      this.#lateUntil = clock.now() + LATE_COMMIT_MS;
      coordinator.doubt(to);
      onFailed({ reason: (error as Error).message, code: null });
    }
  }
}

/** Notes what the broker acknowledged; answers how much, and an error code if there was one. */
function settle(
  points: readonly CommitPoint[],
  codes: ReadonlyMap<string, number>,
): { committed: number; messages: number; code: number } {
  let committed = 0;
  let messages = 0;
  let code: number = ERROR_CODE.NONE;
  for (const { partition, offset, progress } of points) {
    const itsCode = codes.get(partitionKey(partition)) ??
      ERROR_CODE.UNKNOWN_SERVER_ERROR;
    if (itsCode === ERROR_CODE.NONE) {
      messages += Math.max(0, offset - partition.acknowledged);
      partition.committed = offset;
      partition.committedProgress = progress;
      committed += 1;
    } else {
      code = itsCode;
    }
  }
  return { committed, messages, code };
}
