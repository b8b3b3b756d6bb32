/**
 * How far behind each partition is: in messages, in seconds, and until it has caught up. Looks when it is told to, once
 * a second, so that what is shown does not depend on who asks and how often. Forgets partitions that are not ours.
 */
import type { TopicPartition } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";
import type { LagSnapshot } from "./snapshot.ts";

/** What a look sees of one partition. */
export interface LagView extends TopicPartition {
  /** First offset that is not done. */
  readonly prefix: number;
  readonly logEnd: number | null;
  /** Monotonic time at which the log's end was seen. */
  readonly logSeenAt: number;
  /** Kafka's timestamp of the first message that is held and not done, milliseconds since 1970; null when there is none. */
  readonly firstTimestamp: number | null;
}

export interface PartitionLag extends LagSnapshot {
  readonly processedPerSecond: number | null;
  /** Monotonic time at which the prefix last moved, or nothing was left to do. */
  readonly progressAt: number;
}

interface Sample {
  readonly at: number;
  readonly prefix: number;
  readonly lag: number;
}

interface Track {
  /** When the log was first seen to end there, ascending; the first ends behind the prefix. */
  ends: { readonly at: number; readonly end: number }[];
  /** Of the last minute, ascending. */
  samples: Sample[];
  prefix: number;
  progressAt: number;
  lag: PartitionLag;
}

const SAMPLE_EVERY_MS = 5_000;
const PACE_MS = 60_000;
/** A partition that stands still for long: beyond so many ends, every second one is forgotten. */
const ENDS_MAX = 256;

export class LagMonitor {
  #tracks = new Map<string, Track>();

  /** `now` is monotonic, `wallTime` in milliseconds since 1970. */
  look(
    views: readonly LagView[],
    { now, wallTime }: { readonly now: number; readonly wallTime: number },
  ): void {
    const tracks = new Map<string, Track>();
    for (const view of views) {
      const key = partitionKey(view);
      const track = this.#tracks.get(key) ?? newTrack(view, now);
      update(track, { view, now, wallTime });
      tracks.set(key, track);
    }
    this.#tracks = tracks;
  }

  /** As of the last look; null for a partition that it has not seen. */
  of(partition: TopicPartition): PartitionLag | null {
    return this.#tracks.get(partitionKey(partition))?.lag ?? null;
  }
}

function newTrack({ prefix }: LagView, now: number): Track {
  const lag = {
    lag: null,
    lagSeconds: null,
    timeToDrainSeconds: null,
    processedPerSecond: null,
    progressAt: now,
  };
  return { ends: [], samples: [], prefix, progressAt: now, lag };
}

function update(
  track: Track,
  { view, now, wallTime }: { view: LagView; now: number; wallTime: number },
): void {
  const { prefix, logEnd } = view;
  const lag = logEnd === null ? null : Math.max(0, logEnd - prefix);
  if (prefix < track.prefix) track.samples = []; // the log was truncated, or is another one
  if (prefix !== track.prefix || lag === 0) track.progressAt = now;
  track.prefix = prefix;
  if (lag !== null && logEnd !== null) {
    noteEnd(track, { prefix, end: logEnd, at: view.logSeenAt });
    noteSample(track, { at: now, prefix, lag });
  }
  track.lag = {
    lag,
    lagSeconds: lagSeconds(track, { lag, view, now, wallTime }),
    ...pace(track, { prefix, lag, now }),
    progressAt: track.progressAt,
  };
}

function noteEnd(
  track: Track,
  { prefix, end, at }: { prefix: number; end: number; at: number },
): void {
  const last = track.ends.at(-1);
  if (last !== undefined && end < last.end) track.ends = [];
  if (last === undefined || end !== last.end) track.ends.push({ at, end });
  const firstBehind = track.ends.findIndex((each) => each.end > prefix);
  track.ends.splice(0, firstBehind < 0 ? track.ends.length : firstBehind);
  if (track.ends.length > ENDS_MAX) track.ends = track.ends.filter((_, i) => i % 2 === 0);
}

function noteSample(track: Track, sample: Sample): void {
  const last = track.samples.at(-1);
  if (last !== undefined && sample.at - last.at < SAMPLE_EVERY_MS) return;
  track.samples.push(sample);
  while ((track.samples[0]?.at ?? sample.at) < sample.at - PACE_MS) track.samples.shift();
}

/** By the message's own time where it is held, else since its offset was first seen to exist. */
function lagSeconds(
  track: Track,
  { lag, view, now, wallTime }: {
    lag: number | null;
    view: LagView;
    now: number;
    wallTime: number;
  },
): number | null {
  if (lag === null || lag === 0) return lag;
  const { firstTimestamp } = view;
  if (firstTimestamp !== null && firstTimestamp >= 0) {
    return Math.max(0, wallTime - firstTimestamp) / 1000;
  }
  const first = track.ends[0];
  return first === undefined ? null : Math.max(0, now - first.at) / 1000;
}

function pace(
  { samples }: Track,
  { prefix, lag, now }: { prefix: number; lag: number | null; now: number },
): Pick<PartitionLag, "timeToDrainSeconds" | "processedPerSecond"> {
  const first = samples[0];
  const overMs = first === undefined ? 0 : now - first.at;
  if (first === undefined || lag === null || overMs < SAMPLE_EVERY_MS) {
    return { timeToDrainSeconds: lag === 0 ? 0 : null, processedPerSecond: null };
  }
  const processedPerSecond = (prefix - first.prefix) / (overMs / 1000);
  const shrinkPerSecond = (first.lag - lag) / (overMs / 1000);
  const never = shrinkPerSecond <= 0 ? "never" : lag / shrinkPerSecond;
  return { timeToDrainSeconds: lag === 0 ? 0 : never, processedPerSecond };
}
