/**
 * Judges whether a run kept going: how long a partition stood still although messages waited in it. A stall begins when
 * something waits and nothing gets its first outcome, and ends with the next first outcome in that partition.
 */
import type { History, Place } from "./oracle.ts";

/** An acknowledged send and when it was. */
export interface SentAt extends Place {
  readonly at: number;
}

/** All that is needed of a run to judge its progress. */
export interface ProgressHistory extends Pick<History, "handled" | "deadLettered"> {
  readonly sent: readonly SentAt[];
  /** The end of the run: what has not moved by then stands still to this time. */
  readonly endedAt: number;
}

/** A time in which a partition stood still. */
export interface Stall {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** All stalls of all partitions. Of a long run: look them up once, and ask `longestOf` as often as need be. */
export function allStalls(history: ProgressHistory): readonly Stall[] {
  const byPartition = Map.groupBy(stepsOf(history), partitionOf).values();
  return [...byPartition].flatMap((steps) => stallsOf(steps, history.endedAt));
}

/** The longest stall of each partition within `from` and `to`, the longest first. Parts outside are cut off. */
export function longestOf(
  stalls: readonly Stall[],
  { from = -Infinity, to = Infinity }: { readonly from?: number; readonly to?: number } = {},
): readonly Stall[] {
  const longest = new Map<string, Stall>();
  for (const stall of stalls) {
    const cut = { ...stall, from: Math.max(from, stall.from), to: Math.min(to, stall.to) };
    const length = lengthOf(cut);
    const partition = partitionOf(stall);
    const found = longest.get(partition);
    if (length > (found === undefined ? 0 : lengthOf(found))) longest.set(partition, cut);
  }
  return [...longest.values()].sort((a, b) => lengthOf(b) - lengthOf(a));
}

/** `longestOf` for a history that is asked once. */
export function longestStalls(
  history: ProgressHistory,
  window: { readonly from?: number; readonly to?: number } = {},
): readonly Stall[] {
  return longestOf(allStalls(history), window);
}

/** Partitions that stood still for longer than `limitMs`, as texts. */
export function judgeProgress(
  history: ProgressHistory,
  { limitMs, ...window }: {
    readonly limitMs: number;
    readonly from?: number;
    readonly to?: number;
  },
): readonly string[] {
  return longestStalls(history, window).filter((stall) => lengthOf(stall) > limitMs)
    .map((stall) =>
      `${stall.topic}-${stall.partition} stood still for ${lengthOf(stall)} ms from ${stall.from}`
    );
}

/** Milliseconds. */
export function lengthOf({ from, to }: Pick<Stall, "from" | "to">): number {
  return to - from;
}

/** One message more waits in a partition, or one less. */
interface Step {
  readonly topic: string;
  readonly partition: number;
  readonly at: number;
  readonly kind: "sent" | "settled";
}

/** In the order of time. */
function stepsOf({ sent, handled, deadLettered }: ProgressHistory): readonly Step[] {
  const steps: Step[] = sent.map(({ topic, partition, at }) => ({
    topic,
    partition,
    at,
    kind: "sent",
  }));
  const settled = new Set<string>();
  const outcomes = [...handled.filter(({ kind }) => kind === "done"), ...deadLettered];
  for (const { topic, partition, offset, at } of outcomes.sort((a, b) => a.at - b.at)) {
    const id = `${topic}-${partition}@${offset}`;
    if (settled.has(id)) continue;
    settled.add(id);
    steps.push({ topic, partition, at, kind: "settled" });
  }
  return steps.sort((a, b) => a.at - b.at);
}

function stallsOf(steps: readonly Step[], endedAt: number): readonly Stall[] {
  const stalls: Stall[] = [];
  let waiting = 0;
  let since = 0;
  for (const { topic, partition, at, kind } of steps) {
    if (kind === "sent") {
      // Less than nothing may wait: a handler can be done before its producer hears of the acknowledgement.
      if (waiting === 0) since = at;
      waiting += 1;
      continue;
    }
    if (waiting > 0) stalls.push({ topic, partition, from: since, to: at });
    waiting -= 1;
    since = at;
  }
  const [first] = steps;
  if (first !== undefined && waiting > 0) {
    const { topic, partition } = first;
    stalls.push({ topic, partition, from: since, to: endedAt });
  }
  return stalls;
}

function partitionOf({ topic, partition }: Pick<Place, "topic" | "partition">): string {
  return `${topic}-${partition}`;
}
