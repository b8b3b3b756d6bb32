/** One picture out of the workers' pictures: what each says of itself, put together. */
import { type Counts, noCounts } from "../ops/counts.ts";
import type { HealthFacts, Phase } from "../ops/health.ts";
import { Measures } from "../ops/measures.ts";
import { DEAD_LETTERS_MAX, LOSSES_MAX } from "../ops/recent.ts";
import {
  type ConnectionState,
  type DeadLetterTopicSnapshot,
  greatest,
  type PartitionSnapshot,
  type ServiceStatus,
  type SlowSnapshot,
  sumOfKnown,
} from "../ops/snapshot.ts";
import { byPlace, partitionKey } from "../processing/partition_key.ts";
import { type Happened, SLOWEST_MAX, type WorkerReport } from "./protocol.ts";

/** What is known of one worker's health. */
export interface WorkerHealth {
  readonly worker: number;
  /** Null before it has said anything. */
  readonly facts: HealthFacts | null;
  /** Why nothing is heard of it; null when it reports. */
  readonly silence: string | null;
}

/** The first that one of them is in is that of all together. */
const PHASES: readonly Phase[] = ["draining", "starting", "connecting", "running", "stopped"];
const CONNECTIONS: readonly ConnectionState[] = [
  "refused",
  "unreachable",
  "connecting",
  "joining",
  "connected",
  "closed",
];

export function sumCounts(reports: readonly WorkerReport[]): Counts {
  const sum = noCounts();
  for (const { counts } of reports) {
    for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name];
  }
  return sum;
}

export function sumMeasures(reports: readonly WorkerReport[]): Measures {
  const sum = new Measures();
  for (const { measures } of reports) sum.add(measures);
  return sum;
}

/** Whether all is well, and for each problem which workers have it where not all do. */
export function mergeHealth(workers: readonly WorkerHealth[]): HealthFacts {
  const known = workers.map(({ facts }) => facts).filter((facts) => facts !== null);
  const phases = workers.map(({ facts }) => facts?.phase ?? "starting");
  const problems = mergeTexts(workers, ({ problems }) => problems);
  for (const { worker, facts, silence } of workers) {
    const phase = facts?.phase ?? "starting";
    const problem = silence ?? (phase === "running" ? null : phase);
    if (problem !== null) problems.set(nameOf(worker), problem);
  }
  return {
    phase: firstOf(PHASES, phases),
    hasRun: known.length === workers.length && known.every(({ hasRun }) => hasRun),
    problems,
    notes: mergeTexts(workers, ({ notes }) => notes),
    names: [
      ...new Set([
        ...known.flatMap(({ names }) => names),
        ...workers.map(({ worker }) => nameOf(worker)),
      ]),
    ],
  };
}

/** Is this one ready, by what it says? */
export function isReady({ facts, silence }: WorkerHealth): boolean {
  return silence === null && facts?.phase === "running" && facts.problems.size === 0;
}

function nameOf(worker: number): string {
  return `worker-${worker}`;
}

function mergeTexts(
  workers: readonly WorkerHealth[],
  of: (facts: HealthFacts) => ReadonlyMap<string, string>,
): Map<string, string> {
  const told = new Map<string, { readonly worker: number; readonly text: string }[]>();
  for (const { worker, facts } of workers) {
    for (const [name, text] of facts === null ? [] : of(facts)) {
      told.set(name, [...told.get(name) ?? [], { worker, text }]);
    }
  }
  return new Map([...told].map(([name, texts]) => [name, oneText(texts, workers.length)]));
}

function oneText(
  texts: readonly { readonly worker: number; readonly text: string }[],
  workers: number,
): string {
  const [first] = texts;
  const areSame = texts.every(({ text }) => text === first?.text);
  if (areSame && texts.length === workers) return first?.text ?? "";
  return texts.map(({ worker, text }) => `worker ${worker}: ${text}`).join("; ");
}

/** The status of all: sums, the oldest of what has an age, and every partition. */
export function mergeStatus(
  reports: readonly WorkerReport[],
  { phase, problems, groupId }: Pick<HealthFacts, "phase" | "problems"> & {
    readonly groupId: string;
  },
): ServiceStatus {
  const all = reports.map(({ status }) => status);
  return {
    phase,
    problems: Object.fromEntries(problems),
    connection: all.length === 0
      ? "connecting"
      : firstOf(CONNECTIONS, all.map(({ connection }) => connection)),
    offsetsAreCommitted: all.every(({ offsetsAreCommitted }) => offsetsAreCommitted),
    groupId,
    generation: greatest(all.map(({ generation }) => generation)),
    lag: sumOfKnown(all.map(({ lag }) => lag)),
    heartbeatAgeMs: greatest(all.map(({ heartbeatAgeMs }) => heartbeatAgeMs)),
    fetchAgeMs: greatest(all.map(({ fetchAgeMs }) => fetchAgeMs)),
    inFlight: all.reduce((sum, { inFlight }) => sum + inFlight, 0),
    stalls: all.flatMap(({ stalls }) => stalls).sort(byPlace),
    pauseOfAll: all.find(({ pauseOfAll }) => pauseOfAll !== null)?.pauseOfAll ?? null,
    deadLetterTopics: mergeTopics(all.flatMap(({ deadLetterTopics }) => deadLetterTopics)),
    partitions: mergePartitions(all).sort(byPlace),
  };
}

/** One that moves from worker to worker may be in two pictures for a moment: the newer generation is right. */
function mergePartitions(all: readonly ServiceStatus[]): PartitionSnapshot[] {
  const byKey = new Map<string, PartitionSnapshot>();
  for (const { partitions } of all.toSorted((a, b) => (a.generation ?? 0) - (b.generation ?? 0))) {
    for (const each of partitions) {
      const key = partitionKey(each);
      if ((byKey.get(key)?.prefix ?? -1) <= each.prefix) byKey.set(key, each);
    }
  }
  return [...byKey.values()];
}

/** What takes longest anywhere. */
export function mergeSlowest(reports: readonly WorkerReport[]): readonly SlowSnapshot[] {
  return reports.flatMap(({ slowest }) => slowest)
    .sort((a, b) => (b.ageMs ?? 0) - (a.ageMs ?? 0))
    .slice(0, SLOWEST_MAX);
}

export function mergeHappened(reports: readonly WorkerReport[]): Happened {
  const happened = reports.map(({ happened }) => happened);
  const rebalances = happened.map(({ rebalance }) => rebalance).filter((each) => each !== null);
  const newest = <T extends { readonly at: number }>(list: readonly T[]) =>
    list.toSorted((a, b) => b.at - a.at);
  return {
    deadLetters: newest(happened.flatMap(({ deadLetters }) => deadLetters))
      .slice(0, DEAD_LETTERS_MAX),
    losses: newest(happened.flatMap(({ losses }) => losses)).slice(0, LOSSES_MAX),
    // The leader of the group is one of us at most, and only it knows the members.
    rebalance:
      newest(rebalances).toSorted((a, b) =>
        b.generation - a.generation || (b.members ?? 0) - (a.members ?? 0)
      )[0] ?? null,
  };
}

/** Each sees the same topics; who looked last saw the most. */
function mergeTopics(topics: readonly DeadLetterTopicSnapshot[]): DeadLetterTopicSnapshot[] {
  const byName = new Map<string, DeadLetterTopicSnapshot>();
  for (const each of topics) {
    if ((byName.get(each.topic)?.depth ?? -1) < each.depth) byName.set(each.topic, each);
  }
  return [...byName.values()];
}

function firstOf<T>(order: readonly T[], states: readonly T[]): T {
  return order.find((each) => states.includes(each)) ?? order[0] as T;
}
