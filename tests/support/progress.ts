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

/** The longest stall of each partition within `from` and `to`, the longest first. Parts outside are cut off. */
export function longestStalls(
  history: ProgressHistory,
  { from = -Infinity, to = Infinity }: { readonly from?: number; readonly to?: number } = {},
): readonly Stall[] {
  const longest: Stall[] = [];
  for (const steps of Map.groupBy(stepsOf(history), partitionOf).values()) {
    let found: Stall | null = null;
    for (const stall of stallsOf(steps, history.endedAt)) {
      const cut = { ...stall, from: Math.max(from, stall.from), to: Math.min(to, stall.to) };
      if (found === null || lengthOf(cut) > lengthOf(found)) found = cut;
    }
    if (found !== null && lengthOf(found) > 0) longest.push(found);
  }
  return longest.sort((a, b) => lengthOf(b) - lengthOf(a));
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

function partitionOf({ topic, partition }: Step): string {
  return `${topic}-${partition}`;
}
