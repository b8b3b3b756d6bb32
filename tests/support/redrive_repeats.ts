/** What the next redrive may do again after one that was killed or frozen. Their logs are JSON at level debug. */
import assert from "node:assert/strict";
import type { Handled } from "./oracle.ts";
import type { Program } from "./program.ts";

/** A commit is on its way for less, or for no longer than twice the longest one before. */
const COMMIT_TAKES_MS = 100;
/** Times are whole milliseconds, and a letter is done a moment after its handler says so. */
const CLOCK_MS = 10;

/** A commit that brokers acknowledged. */
export interface Commit {
  /** What was done then is in it. */
  readonly sentAt: number;
  readonly tookMs: number;
}

/** The commits that brokers acknowledged, as the log has them. */
export function commitsOf(program: Program): readonly Commit[] {
  return program.stderr.filter((line) => line.includes('"Offsets committed"')).map((line) => {
    const { timestamp, duration_ms: tookMs } = JSON.parse(line);
    return { sentAt: Date.parse(timestamp) - tookMs, tookMs };
  });
}

/** A redrive that came to no end of its own. */
export interface FirstRun {
  /** What its handlers did until then. */
  readonly first: readonly Handled[];
  readonly commits: readonly Commit[];
  readonly concurrency: number;
  readonly commitEveryMs: number;
  /** Of each letter, at least. */
  readonly handlerMs: number;
}

/** What was in flight at the kill, and what was done within one commit interval before it: nothing else comes again. */
export function assertRepeats(
  again: readonly Handled[],
  { first, commits, concurrency, commitEveryMs, handlerMs }: FirstRun,
): void {
  const last = commits.at(-1);
  assert.ok(last, "something was committed before the kill");
  const repeated = new Set(again.map(({ eventId }) => eventId));
  const done = first.filter(({ kind, eventId }) => kind === "done" && repeated.has(eventId));
  const early = done.filter(({ at }) => at < last.sentAt - CLOCK_MS);
  assert.deepEqual(early, [], "what is in an acknowledged commit does not come again");
  const wayMs = Math.max(COMMIT_TAKES_MS, ...commits.map(({ tookMs }) => 2 * tookMs));
  const interval = concurrency * (commitEveryMs + wayMs) / handlerMs;
  assert.ok(done.length <= interval, `${done.length} in more than one interval: ${interval}`);
  const started = first.filter(({ kind, eventId }) => kind === "start" && repeated.has(eventId));
  const inFlight = started.length - done.length;
  assert.ok(inFlight <= concurrency, `${inFlight} in flight`);
}
