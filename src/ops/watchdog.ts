/**
 * Looks once a second whether each partition moves: its prefix, and what is committed of it. Where there is something to
 * do and nothing moves for STALL_SOFT_MS, the service is not ready and says why; after STALL_HARD_MS it
 * ends, but only where a restart can help. Time in which the process itself stood still does not count: its own lateness
 * shows that. A loop that is blocked for good runs no timer, so it is for a liveness probe to end such a process
 * (docs/decisions/0013-watchdog.md).
 */
import type { Clock } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";
import { partitionRanges } from "./partition_ranges.ts";
import type { StallSnapshot } from "./snapshot.ts";
import {
  type GroupView,
  helpsRestart,
  nameCommitStall,
  nameStall,
  type PartitionView,
  type Stall,
  type StallCause,
} from "./stall_cause.ts";

/** What a look shows. */
export interface WatchdogView {
  readonly group: GroupView;
  readonly partitions: readonly PartitionView[];
}

/** Partitions that stand still for the same reason. */
export interface StalledPartitions extends Stall {
  readonly partitions: readonly TopicPartition[];
  /** Since the first of them moved. */
  readonly forMs: number;
  /** Past STALL_HARD_MS, where the process does not end. */
  readonly isLong: boolean;
}

export interface WatchdogTelemetry {
  /** Once for each change of the cause, and once more when it has lasted long, whatever the cause was. */
  partitionsStalled(facts: StalledPartitions): void;
  partitionsMove(facts: { readonly partitions: readonly TopicPartition[] }): void;
  /** Nothing ran for so long: the loop was kept busy, or the process got no time from the machine. */
  loopWasBlocked(facts: { readonly forMs: number }): void;
  processWasFrozen(facts: { readonly forMs: number }): void;
}

export interface WatchdogOptions {
  readonly clock: Clock;
  readonly softMs: number;
  readonly hardMs: number;
  /** CPU time of this process, in milliseconds: tells a loop that computes from a process that is frozen. */
  readonly cpuTimeMs: () => number;
  readonly look: () => WatchdogView;
  readonly telemetry: WatchdogTelemetry;
  /** The process should end, with this text; called once. */
  readonly onStalled: (text: string) => void;
}

/** Since when one thing about a partition has not moved. */
interface Track {
  at: number;
  movedAt: number;
  stall: Stall | null;
  /** Since when a restart helps, or does not, whatever the cause: one that comes and goes must not hide the other. */
  kindAt: number;
  /** The cause that was told last; null since it moved. */
  told: StallCause | null;
  /** Told, too, that it lasts and a restart would not help. */
  isToldLong: boolean;
}

interface Watched {
  readonly partition: TopicPartition;
  readonly prefix: Track;
  readonly commit: Track;
}

const LOOK_EVERY_MS = 1_000;
/** Lateness that is worth a line. */
const LATE_MS = 5_000;
/** Share of the time for which a loop that is blocked computes, at least, also on a busy machine; a frozen process does nothing. */
const BUSY_SHARE = 0.02;

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #everyMs: number;
  readonly #watched = new Map<string, Watched>();
  #cancel = () => {};
  #lookedAt = 0;
  #cpuMs = 0;
  #isOver = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#everyMs = Math.min(LOOK_EVERY_MS, options.softMs / 4);
  }

  start(): void {
    this.#lookedAt = this.#options.clock.now();
    this.#cpuMs = this.#options.cpuTimeMs();
    this.#schedule();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel();
  }

  /** What has stood still for STALL_SOFT_MS, and why. */
  get stalls(): readonly StallSnapshot[] {
    const stalls: StallSnapshot[] = [];
    for (const { partition, prefix, commit } of this.#watched.values()) {
      const track = [prefix, commit].find(isTold);
      if (track === undefined || track.stall === null) continue;
      const forMs = Math.round(this.#lookedAt - track.movedAt);
      stalls.push({ ...partition, ...track.stall, forMs });
    }
    return stalls;
  }

  /** What readiness is told; null when everything moves that should. Whether a pause counts, READY_WHEN_PAUSED decides. */
  get problem(): string | null {
    const unwanted = this.stalls.filter(({ cause }) => cause !== "paused");
    const byCause = Map.groupBy(unwanted, ({ cause }) => cause);
    if (byCause.size === 0) return null;
    const texts = [...byCause].map(([cause, stalls]) =>
      `${partitionRanges(stalls)} ${cause}: ${stalls[0]?.reason}`
    );
    return texts.join("; ");
  }

  #schedule(): void {
    this.#cancel = this.#options.clock.schedule(this.#everyMs, () => {
      this.#look();
      if (!this.#isOver) this.#schedule();
    });
  }

  #look(): void {
    const { clock, look, telemetry } = this.#options;
    const now = clock.now();
    this.#forgiveLateness(now);
    if (this.#isOver) return;
    const { group, partitions } = look();
    const stalled: StalledPartitions[] = [];
    const moving: TopicPartition[] = [];
    const seen = new Set<string>();
    for (const view of partitions) {
      seen.add(partitionKey(view));
      const { prefix, commit } = this.#watch(view, now);
      const wasTold = isTold(prefix) || isTold(commit);
      note(prefix, { now, at: view.prefix ?? -1, idleAt: view.caughtUpAt });
      const isCommitted = view.committed === null || view.committed === view.prefix;
      note(commit, { now, at: view.committed ?? -1, idleAt: isCommitted ? now : -Infinity });
      if (prefix.movedAt < now) {
        this.#judge(prefix, { view, stall: nameStall(group, view), stalled, besides: commit });
      }
      if (commit.movedAt < now) {
        const stall = nameCommitStall(group, view);
        this.#judge(commit, { view, stall, stalled, besides: prefix });
      }
      if (wasTold && !isTold(prefix) && !isTold(commit)) moving.push(view);
    }
    for (const key of [...this.#watched.keys()]) if (!seen.has(key)) this.#watched.delete(key);
    for (const facts of grouped(stalled)) telemetry.partitionsStalled(facts);
    if (moving.length > 0) telemetry.partitionsMove({ partitions: moving });
  }

  /** The time by which this look is late is nobody's fault that is watched. */
  #forgiveLateness(now: number): void {
    const { cpuTimeMs, hardMs, softMs, telemetry } = this.#options;
    const cpuMs = cpuTimeMs();
    const lateMs = now - this.#lookedAt - this.#everyMs;
    const isBusy = cpuMs - this.#cpuMs >= lateMs * BUSY_SHARE;
    this.#lookedAt = now;
    this.#cpuMs = cpuMs;
    if (lateMs < this.#everyMs) return;
    for (const { prefix, commit } of this.#watched.values()) {
      for (const track of [prefix, commit]) {
        track.movedAt += lateMs;
        track.kindAt += lateMs;
      }
    }
    if (lateMs < Math.min(LATE_MS, softMs)) return;
    const forMs = Math.round(lateMs);
    if (isBusy) telemetry.loopWasBlocked({ forMs });
    else telemetry.processWasFrozen({ forMs });
    if (isBusy && lateMs >= hardMs) {
      this.#end(`Let handlers give way, one kept the event loop blocked for ${seconds(lateMs)}`);
    }
  }

  #watch({ topic, partition }: TopicPartition, now: number): Watched {
    const key = partitionKey({ topic, partition });
    const known = this.#watched.get(key);
    if (known !== undefined) return known;
    const fresh = { partition: { topic, partition }, prefix: newTrack(now), commit: newTrack(now) };
    this.#watched.set(key, fresh);
    return fresh;
  }

  #judge(
    track: Track,
    { view, stall, stalled, besides }: {
      /** What it is told for need not be told again. */
      readonly besides: Track;
      readonly view: PartitionView;
      readonly stall: Stall;
      readonly stalled: StalledPartitions[];
    },
  ): void {
    const { softMs, hardMs } = this.#options;
    const now = this.#lookedAt;
    const before = track.stall;
    if (before === null) {
      track.kindAt = track.movedAt;
    } else if (helpsRestart(before.cause) !== helpsRestart(stall.cause)) {
      track.kindAt = now;
      track.isToldLong = false;
    }
    track.stall = stall;
    const forMs = now - track.movedAt;
    const isLong = now - track.kindAt >= hardMs;
    if (forMs < softMs) return;
    const { topic, partition } = view;
    if (isLong && helpsRestart(stall.cause)) {
      const what = `${topic}/${partition} stands still for ${seconds(forMs)}`;
      return this.#end(`${what}, ${stall.cause}: ${stall.reason}`);
    }
    const facts = { ...stall, partitions: [{ topic, partition }], forMs: Math.round(forMs) };
    const isTold = track.told === stall.cause || besides.told === stall.cause;
    if (!isTold) stalled.push({ ...facts, isLong: false });
    if (isLong && !track.isToldLong && !besides.isToldLong) stalled.push({ ...facts, isLong });
    track.told = stall.cause;
    track.isToldLong ||= isLong;
  }

  #end(text: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onStalled(text);
  }
}

function newTrack(now: number): Track {
  return { at: NaN, movedAt: now, stall: null, kindAt: now, told: null, isToldLong: false };
}

/** Moved since the last look, or nothing was left to do at some time since then. */
function note(
  track: Track,
  { now, at, idleAt }: { readonly now: number; readonly at: number; readonly idleAt: number },
): void {
  const hasMoved = at !== track.at;
  if (!hasMoved && idleAt <= track.movedAt) return;
  track.at = at;
  track.movedAt = hasMoved ? now : idleAt;
  track.stall = null;
  track.told = null;
  track.isToldLong = false;
}

function isTold({ told }: Track): boolean {
  return told !== null;
}

/** One line for all partitions of the same cause and reason. */
function grouped(stalled: readonly StalledPartitions[]): StalledPartitions[] {
  const groups = Map.groupBy(
    stalled,
    ({ cause, reason, isLong }) => JSON.stringify([cause, reason, isLong]),
  );
  return [...groups.values()].map((group) => ({
    ...(group[0] as StalledPartitions),
    partitions: group.flatMap(({ partitions }) => partitions),
    forMs: Math.max(...group.map(({ forMs }) => forMs)),
  }));
}

function seconds(durationMs: number): string {
  return `${Math.round(durationMs / 1000)} s`;
}
