/**
 * Judges what a run did to its messages: which were lost, invented, altered, out of order, committed too early or
 * processed twice. It knows nothing of the service: it reads acknowledged sends, what handlers wrote down, dead
 * letters and commits as others saw them. The judgements are themselves tested on made-up histories.
 */

/** Where a message stands. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A send that the broker acknowledged. */
export interface Acknowledged extends Place {
  readonly eventId: string;
  readonly key: string | null;
  /** A hash of the value; leave it out where bytes are not compared. */
  readonly hash?: string;
}

/** What a handler wrote down about one call. */
export interface Handled extends Place {
  readonly kind: "start" | "done";
  readonly eventId: string;
  readonly hash?: string;
  /** The process that ran the handler. */
  readonly process: string;
  /** Milliseconds on one clock for the whole run. */
  readonly at: number;
}

/** A source message that is in the dead-letter topic, acknowledged by the broker. */
export interface DeadLettered extends Place {
  readonly at: number;
}

/** A committed offset, when it was seen. */
export interface Committed extends Place {
  readonly at: number;
}

/** A time in which a fault was injected; give the session timeout as part of it. */
export interface FaultWindow {
  readonly from: number;
  readonly to: number;
}

/** All that is known of a run. */
export interface History {
  readonly acknowledged: readonly Acknowledged[];
  /** In the order of `at`, and for one process in the order in which it wrote. */
  readonly handled: readonly Handled[];
  readonly deadLettered: readonly DeadLettered[];
  /** In the order in which they were seen. */
  readonly committed: readonly Committed[];
  /** Overlaps of a key across processes are counted, not blamed, within these. */
  readonly faults?: readonly FaultWindow[];
  /** What a producer wrote twice, because its brokers died before they acknowledged, is counted, not blamed, within these. */
  readonly outages?: readonly FaultWindow[];
  /** Commits that go back are counted, not blamed, within these: the log itself went back, or somebody asked for it. */
  readonly resets?: readonly FaultWindow[];
}

/** What the oracle found. Each violation is a text with the history of its message. */
export interface Verdict {
  /** Acknowledged, neither processed nor a dead letter. */
  readonly lost: readonly string[];
  /** Handled or dead-lettered, never acknowledged. */
  readonly invented: readonly string[];
  /** Handled with other bytes or another id than were sent. */
  readonly altered: readonly string[];
  /** First starts of a key not in the order of offsets, or a start before the one before it was done. */
  readonly orderViolations: readonly string[];
  /** Commits with a message below them that had no outcome yet. */
  readonly earlyCommits: readonly string[];
  /** Commits lower than the one before, outside the resets. */
  readonly commitRegresses: readonly string[];
  /** Handlers done beyond the first, for each message. Not a violation by itself: compare with what is promised. */
  readonly duplicates: number;
  /**
   * Overlaps of a key across processes within the faults, commits that went back within the resets, and what a producer
   * wrote twice within the outages.
   */
  readonly excused: number;
}

/** Judges a history. */
export function judge(history: History): Verdict {
  const index = new HistoryIndex(history);
  const order = judgeOrder(history, index);
  const invented = judgeInvented(history, index);
  const regresses = judgeRegresses(history);
  return {
    lost: judgeLost(history, index),
    invented: invented.violations,
    altered: judgeAltered(history, index),
    orderViolations: order.violations,
    earlyCommits: judgeEarlyCommits(history, index),
    commitRegresses: regresses.violations,
    duplicates: countDuplicates(history),
    excused: order.excused + regresses.excused + invented.excused,
  };
}

/** Throws with the first violations of each kind when there is any. Duplicates are for the test to bound. */
export function assertNoViolation(verdict: Verdict): void {
  const kinds = [
    "lost",
    "invented",
    "altered",
    "orderViolations",
    "earlyCommits",
    "commitRegresses",
  ] as const;
  const lines = kinds.flatMap((kind) =>
    verdict[kind].length === 0
      ? []
      : [`${kind}: ${verdict[kind].length}`, ...verdict[kind].slice(0, SHOWN_VIOLATIONS)]
  );
  if (lines.length > 0) throw new Error(`The run broke its promise:\n${lines.join("\n")}`);
}

const SHOWN_VIOLATIONS = 3;

/** The same history, looked up by message. */
class HistoryIndex {
  readonly acknowledged: ReadonlyMap<string, Acknowledged>;
  /** When a message first had an outcome. */
  readonly settledAt: ReadonlyMap<string, number>;
  readonly #history: History;
  #handled: ReadonlyMap<string, readonly Handled[]> | null = null;
  #deadLettered: ReadonlyMap<string, readonly DeadLettered[]> | null = null;

  constructor(history: History) {
    this.#history = history;
    this.acknowledged = new Map(history.acknowledged.map((sent) => [idOf(sent), sent]));
    const settled = new Map<string, number>();
    const done = history.handled.filter(({ kind }) => kind === "done");
    for (const outcome of [...done, ...history.deadLettered]) {
      const id = idOf(outcome);
      settled.set(id, Math.min(settled.get(id) ?? Infinity, outcome.at));
    }
    this.settledAt = settled;
  }

  isExcused(at: number): boolean {
    return isWithin(this.#history.faults, at);
  }

  /** What handlers wrote down about one message. Looked up only for a message that is in question. */
  handled(place: Place): readonly Handled[] {
    this.#handled ??= Map.groupBy(this.#history.handled, idOf);
    return this.#handled.get(idOf(place)) ?? [];
  }

  deadLettered(place: Place): readonly DeadLettered[] {
    this.#deadLettered ??= Map.groupBy(this.#history.deadLettered, idOf);
    return this.#deadLettered.get(idOf(place)) ?? [];
  }

  /** All that happened to one message, for people. */
  tell(place: Place): string {
    const id = idOf(place);
    const sent = this.acknowledged.get(id);
    const handled = this.handled(place)
      .map(({ kind, process, at }) => `${kind} by ${process} at ${at}`);
    const dead = this.deadLettered(place).map(({ at }) => `dead-lettered at ${at}`);
    const facts = [...handled, ...dead];
    const story = facts.length === 0 ? "nothing happened" : facts.join(", ");
    const name = sent === undefined ? "never sent" : `event ${sent.eventId}, key ${sent.key}`;
    return `${id} (${name}): ${story}`;
  }
}

function judgeLost(history: History, index: HistoryIndex): readonly string[] {
  return history.acknowledged.filter((sent) => !index.settledAt.has(idOf(sent)))
    .map((sent) => index.tell(sent));
}

function judgeInvented(history: History, index: HistoryIndex): Judgement {
  const unknown = [...history.handled, ...history.deadLettered]
    .filter((entry) => !index.acknowledged.has(idOf(entry)));
  const once = new Map(unknown.map((entry) => [idOf(entry), entry]));
  const doubtful = [...once.values()].filter(({ at }) => isWithin(history.outages, at));
  const copies = copiesAmong(doubtful, history);
  return {
    violations: [...once.values()].filter((entry) => !copies.has(entry))
      .map((entry) => `${index.tell(entry)}${"eventId" in entry ? `, ${entry.eventId}` : ""}`),
    excused: copies.size,
  };
}

/**
 * What a producer wrote a second time, because a broker died before it acknowledged the first: the very bytes of an
 * acknowledged message of the same partition, at an offset that no producer heard of.
 */
function copiesAmong(
  unknown: readonly (Handled | DeadLettered)[],
  history: History,
): ReadonlySet<Handled | DeadLettered> {
  if (unknown.length === 0) return new Set();
  const sent = new Set(history.acknowledged.map(contentOf));
  return new Set(
    unknown.filter((entry) =>
      "eventId" in entry && entry.hash !== undefined && sent.has(contentOf(entry))
    ),
  );
}

function contentOf(entry: Acknowledged | Handled): string {
  return `${partitionOf(entry)}/${entry.eventId}/${entry.hash}`;
}

function judgeAltered(history: History, index: HistoryIndex): readonly string[] {
  const altered = history.handled.filter((entry) => {
    const sent = index.acknowledged.get(idOf(entry));
    if (sent === undefined) return false;
    const isOtherHash = sent.hash !== undefined && entry.hash !== undefined &&
      sent.hash !== entry.hash;
    return isOtherHash || sent.eventId !== entry.eventId;
  });
  return altered.map((entry) => `${index.tell(entry)}, handled as ${entry.eventId}`);
}

interface Judgement {
  readonly violations: readonly string[];
  readonly excused: number;
}

/** What has happened so far in one lane: the messages of one key in one partition. */
interface LaneSoFar {
  /** Offset -> the offset of the message before it in the lane. */
  readonly before: ReadonlyMap<number, number>;
  readonly started: Set<number>;
  /** Offset -> processes that were done with it. */
  readonly done: Map<number, Set<string>>;
  highestStarted: number;
}

function judgeOrder(history: History, index: HistoryIndex): Judgement {
  const lanes = openLanes(history);
  const violations: string[] = [];
  let excused = 0;
  for (const entry of history.handled) {
    const sent = index.acknowledged.get(idOf(entry));
    const lane = sent === undefined ? undefined : lanes.get(laneOf(sent));
    if (lane === undefined) continue;
    if (entry.kind === "done") {
      const processes = lane.done.get(entry.offset) ?? new Set();
      lane.done.set(entry.offset, processes.add(entry.process));
      continue;
    }
    const problem = lane.started.has(entry.offset) ? null : firstStartProblem(lane, entry, index);
    if (problem?.isAcrossProcesses && index.isExcused(entry.at)) excused += 1;
    else if (problem) violations.push(`${problem.text}: ${index.tell(entry)}`);
    lane.started.add(entry.offset);
    lane.highestStarted = Math.max(lane.highestStarted, entry.offset);
  }
  return { violations, excused };
}

interface OrderProblem {
  readonly text: string;
  readonly isAcrossProcesses: boolean;
}

/** A first start has to come after every lower one of its key has started, and the one before it is done. */
function firstStartProblem(
  lane: LaneSoFar,
  entry: Handled,
  index: HistoryIndex,
): OrderProblem | null {
  if (entry.offset < lane.highestStarted) {
    const text = `started after ${lane.highestStarted} of its key`;
    return { text, isAcrossProcesses: false };
  }
  const before = lane.before.get(entry.offset);
  if (before === undefined || lane.done.has(before)) return null;
  const place = { topic: entry.topic, partition: entry.partition, offset: before };
  if (index.deadLettered(place).some((dead) => dead.at <= entry.at)) return null;
  const starters = index.handled(place).filter((other) =>
    other.kind === "start" && other.at <= entry.at
  );
  const isAcrossProcesses = starters.length > 0 &&
    starters.every(({ process }) => process !== entry.process);
  return { text: `started before ${before} of its key was done`, isAcrossProcesses };
}

function openLanes(history: History): ReadonlyMap<string, LaneSoFar> {
  const keyed = history.acknowledged.filter(({ key }) => key !== null);
  const lanes = new Map<string, LaneSoFar>();
  for (const [lane, sent] of Map.groupBy(keyed, laneOf)) {
    const offsets = sent.map(({ offset }) => offset).sort((a, b) => a - b);
    lanes.set(lane, {
      before: new Map(offsets.slice(1).map((offset, at) => [offset, offsets[at] ?? offset])),
      started: new Set(),
      done: new Map(),
      highestStarted: -1,
    });
  }
  return lanes;
}

function judgeEarlyCommits(history: History, index: HistoryIndex): readonly string[] {
  const violations: string[] = [];
  const commits = Map.groupBy(history.committed, partitionOf);
  for (const [partition, sent] of Map.groupBy(history.acknowledged, partitionOf)) {
    const earliest = earliestCommits(commits.get(partition) ?? []);
    for (const message of sent) {
      const commit = firstAbove(earliest, message.offset);
      const settledAt = index.settledAt.get(idOf(message)) ?? Infinity;
      if (commit === undefined || settledAt <= commit.at) continue;
      violations.push(`committed ${commit.offset} at ${commit.at}: ${index.tell(message)}`);
    }
  }
  return violations;
}

/** Commits in the order of time, only those that went higher than all before: what passed an offset first. */
function earliestCommits(commits: readonly Committed[]): readonly Committed[] {
  const rising: Committed[] = [];
  for (const commit of [...commits].sort((a, b) => a.at - b.at)) {
    if (commit.offset > (rising.at(-1)?.offset ?? -1)) rising.push(commit);
  }
  return rising;
}

/** The first of the rising commits that lies above `offset`, found by halving. */
function firstAbove(rising: readonly Committed[], offset: number): Committed | undefined {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle]?.offset ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return rising[low];
}

function judgeRegresses(history: History): Judgement {
  const highest = new Map<string, number>();
  const violations: string[] = [];
  let excused = 0;
  for (const commit of history.committed) {
    const partition = partitionOf(commit);
    const before = highest.get(partition) ?? -1;
    highest.set(partition, commit.offset);
    if (commit.offset >= before) continue;
    if (isWithin(history.resets, commit.at)) excused += 1;
    else violations.push(`${partition} from ${before} to ${commit.offset} at ${commit.at}`);
  }
  return { violations, excused };
}

function isWithin(windows: readonly FaultWindow[] | undefined, at: number): boolean {
  return (windows ?? []).some(({ from, to }) => from <= at && at <= to);
}

function countDuplicates(history: History): number {
  const done = history.handled.filter(({ kind }) => kind === "done").map(idOf);
  return done.length - new Set(done).size;
}

function idOf({ topic, partition, offset }: Place): string {
  return `${topic}-${partition}@${offset}`;
}

function partitionOf({ topic, partition }: Place): string {
  return `${topic}-${partition}`;
}

function laneOf(sent: Acknowledged): string {
  return `${partitionOf(sent)}/${sent.key}`;
}
