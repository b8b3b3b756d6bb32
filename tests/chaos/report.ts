/** The verdict on a run: what the oracle found, how long what stood still after each fault, and what was done again. */
import { type Acknowledged, judge, type Verdict } from "../support/oracle.ts";
import { type ProcessWatch, rssSlope } from "../support/process_watch.ts";
import { allStalls, lengthOf, longestOf, type ProgressHistory } from "../support/progress.ts";
import { COMMIT_INTERVAL_MS, CONCURRENCY, type Fault } from "./bench_options.ts";
import type { EndedProcess } from "./fleet.ts";
import type { Ledger } from "./ledger.ts";

/** What came of one fault. */
export interface FaultReport {
  readonly name: string;
  readonly tookMs: number;
  /** The longest stall of any partition, and the median of all partitions. */
  readonly stallMs: number;
  readonly medianStallMs: number;
  readonly stallBoundMs: number | null;
  /** The longest time for which the producer's own sends to one partition stood still. */
  readonly sendStallMs: number;
  /** Messages done again. */
  readonly duplicates: number;
  /** Null where it is a share of the whole run. */
  readonly duplicateBound: number | null;
}

/** What came of a run. */
export interface Report {
  readonly acknowledged: number;
  readonly deadLetters: number;
  readonly seconds: number;
  readonly verdict: Verdict;
  readonly faults: readonly FaultReport[];
  /** All that broke a promise, as texts; empty in a good run. */
  readonly violations: readonly string[];
  /** Stalls beyond their bound, as texts. A machine that has too much to do is slow, too. */
  readonly late: readonly string[];
  readonly mostRssBytes: number;
  readonly mostFiles: number;
  /** Of the process that lived longest. */
  readonly rssSlopeBytesPerMinute: number;
}

/** All that is known at the end of a run. */
export interface RunFacts {
  readonly ledger: Ledger;
  readonly topic: string;
  readonly processes: number;
  readonly mayGoBack: boolean;
  readonly faults: readonly Fault[];
  readonly ended: readonly EndedProcess[];
  readonly unhandled: readonly string[];
  readonly problems: readonly string[];
  readonly watch: ProcessWatch;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The memory of one process that no fault explains. */
const RSS_CAP_BYTES = 512 * 1024 * 1024;
const GRACEFUL_SHARE = 0.001;
/** A commit takes its way, and its own time at busy brokers, beyond the interval. */
const COMMIT_TRIP_MS = 500;
const SHOWN = 3;

/** Judges a run. */
export function reportOf(facts: RunFacts): Report {
  const { ledger, faults, startedAt, endedAt, watch } = facts;
  const verdict = judge({
    acknowledged: acknowledgedOf(facts),
    handled: ledger.handled(),
    deadLettered: ledger.deadLettered,
    committed: ledger.committed,
    faults: faults.filter(({ mayOverlap }) => mayOverlap),
    outages: faults,
    resets: facts.mayGoBack ? faults : [],
  });
  const reports = faultReports(facts);
  return {
    acknowledged: ledger.sent.length,
    deadLetters: ledger.deadLettered.length,
    seconds: Math.round((endedAt - startedAt) / 1000),
    verdict,
    faults: reports,
    violations: [...violationsOf(facts, verdict), ...repeatsOf(facts, reports)],
    late: reports.filter(({ stallMs, stallBoundMs }) => stallMs > (stallBoundMs ?? Infinity))
      .map(({ name, stallMs, stallBoundMs }) =>
        `${name}: a partition stood still for ${stallMs} ms, bound ${stallBoundMs} ms`
      ),
    mostRssBytes: watch.most.rssBytes,
    mostFiles: watch.most.files,
    rssSlopeBytesPerMinute: Math.round(60 * rssSlope(settled(watch.longest))),
  };
}

/** Throws with all violations when there is any, and with what took longer than `slack` times its bound. */
export function assertGood(report: Report, slack = 1): void {
  const slow = report.faults.filter(({ stallMs, stallBoundMs }) =>
    stallMs > slack * (stallBoundMs ?? Infinity)
  );
  const texts = [...report.violations, ...slow.length === 0 ? [] : report.late];
  if (texts.length === 0) return;
  throw new Error(`The run broke its promise:\n${texts.join("\n")}`);
}

function faultReports(facts: RunFacts): readonly FaultReport[] {
  const { ledger, faults } = facts;
  const stalls = allStalls(progressOf(facts));
  const sendStalls = allStalls(sendsOf(facts));
  return faults.map((fault, at) => {
    const next = faults[at + 1]?.from ?? Infinity;
    const lengths = longestOf(stalls, fault).map(lengthOf);
    return {
      name: fault.name,
      tookMs: lengthOf(fault),
      stallMs: lengths[0] ?? 0,
      medianStallMs: lengths[lengths.length >> 1] ?? 0,
      stallBoundMs: fault.stallBoundMs ?? null,
      sendStallMs: longestOf(sendStalls, fault).map(lengthOf)[0] ?? 0,
      duplicates: ledger.repeats.filter(({ at }) => fault.from <= at && at < next).length,
      duplicateBound: duplicateBound(fault, facts),
    };
  });
}

/** See `Repeats`. */
function duplicateBound(fault: Fault, { ledger, processes }: RunFacts): number | null {
  if (fault.repeats === "graceful") return null;
  if (fault.repeats !== "abrupt") return 0;
  const { victims } = fault;
  const intervalMs = COMMIT_INTERVAL_MS + COMMIT_TRIP_MS;
  const done = ledger.handled().filter(({ kind, process, at }) =>
    kind === "done" && fault.from - intervalMs <= at && at <= fault.to &&
    (victims.length === 0 || victims.includes(process))
  );
  return CONCURRENCY * (victims.length || processes) + mostWithin(done, intervalMs);
}

/** The most of them that lie within so long a time. They are in order. */
function mostWithin(entries: readonly { readonly at: number }[], lengthMs: number): number {
  let most = 0;
  let first = 0;
  entries.forEach(({ at }, last) => {
    while ((entries[first]?.at ?? at) < at - lengthMs) first += 1;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

function repeatsOf({ faults, ledger }: RunFacts, reports: readonly FaultReport[]): string[] {
  const texts = reports.filter(({ duplicates, duplicateBound }) =>
    duplicates > (duplicateBound ?? Infinity)
  ).map(({ name, duplicates, duplicateBound }) =>
    `${name}: ${duplicates} done again, bound ${duplicateBound}`
  );
  const graceful = reports.filter((_, at) => faults[at]?.repeats === "graceful")
    .reduce((sum, { duplicates }) => sum + duplicates, 0);
  const bound = GRACEFUL_SHARE * ledger.sent.length;
  if (graceful > bound) {
    texts.push(`faults that end in an orderly way: ${graceful} done again, bound ${bound}`);
  }
  const first = faults[0]?.from ?? Infinity;
  const before = ledger.repeats.filter(({ at }) => at < first).length;
  if (before > 0) texts.push(`without any fault: ${before} done again`);
  return texts;
}

function violationsOf(facts: RunFacts, verdict: Verdict): readonly string[] {
  const { duplicates: _, excused: __, ...kinds } = verdict;
  const found = Object.entries(kinds).flatMap(([kind, texts]) =>
    texts.length === 0 ? [] : [`${kind}: ${texts.length}`, ...texts.slice(0, SHOWN)]
  );
  const ends = facts.ended.filter(({ wasAsked }) => !wasAsked).map(({ process, exit, lines }) =>
    [`${process} ended by itself with exit code ${exit.code}:`, ...lines].join("\n  ")
  );
  const { rssBytes } = facts.watch.most;
  const memory = rssBytes > RSS_CAP_BYTES ? [`a process held ${rssBytes} bytes of memory`] : [];
  return [...found, ...ends, ...memory, ...facts.unhandled, ...facts.problems];
}

function acknowledgedOf({ ledger, topic }: RunFacts): readonly Acknowledged[] {
  return ledger.placed().map(({ partition, offset, key, eventId, hash }) => ({
    topic,
    partition,
    offset,
    key,
    eventId,
    hash,
  }));
}

function progressOf({ ledger, topic, endedAt }: RunFacts): ProgressHistory {
  const sent = ledger.placed().map(({ partition, offset, acknowledgedAt }) => ({
    topic,
    partition,
    offset,
    at: acknowledgedAt,
  }));
  return { sent, handled: ledger.handled(), deadLettered: ledger.deadLettered, endedAt };
}

/** The producer's sends as if acknowledgements were outcomes. */
function sendsOf({ ledger, topic, endedAt }: RunFacts): ProgressHistory {
  const sent = ledger.placed().map(({ partition, offset, sentAt }) => ({
    topic,
    partition,
    offset,
    at: sentAt,
  }));
  const acknowledgements = ledger.placed().map(({ partition, offset, acknowledgedAt }) => ({
    topic,
    partition,
    offset,
    at: acknowledgedAt,
  }));
  return { sent, handled: [], deadLettered: acknowledgements, endedAt };
}

/** Without the first third: a process grows until it is warm. */
function settled<T>(samples: readonly T[]): readonly T[] {
  return samples.slice(Math.trunc(samples.length / 3));
}
