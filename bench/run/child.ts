/**
 * Runs one peer over one topic and takes its measure from outside: CPU time and peak memory from /proc, at the moment at
 * which the peer says that it has handled the last message, and before it is ended.
 */
import { type Tally, tallyProblem } from "../data/tally.ts";
import type { PeerCommand } from "../peers/peer.ts";
import { endOnSignal } from "./ending.ts";
import { peakRssBytes, processCpu } from "./proc.ts";

/** What a peer is to do. */
export interface Task {
  readonly bootstrap: string;
  readonly topic: string;
  readonly expected: Tally;
  /** Take latencies after so many messages, and CPU time from there on. */
  readonly latencyFrom?: number;
  /** The peer has handled its first message: it is at work. */
  readonly onFirst?: () => void;
  readonly deadlineMs: number;
  /** Go on measuring for so long when there is nothing left to do. */
  readonly idleMs?: number;
}

/** What it took. */
export interface Sample {
  /** User and system, of the whole run or from `latencyFrom` on. */
  readonly cpuSeconds: number;
  /** The same from the first message on: without what it takes to start. */
  readonly streamCpuSeconds: number;
  /** From the start of the process to the last message, or from `latencyFrom` on. */
  readonly seconds: number;
  /** From the first message to the last. */
  readonly streamSeconds: number;
  readonly peakRssBytes: number;
  /** Milliseconds from sent to handled; null without `latencyFrom`. */
  readonly latency: Latency | null;
  /** Milliseconds from sent to acknowledged, at a steady rate: what is slow here is not the peer's fault. */
  readonly acknowledgement?: Latency;
  /** Share of a core that it takes with nothing to do; with `idleMs` only. */
  readonly idleShare?: number;
}

/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** A peer failed, or counted something else than was sent. */
export class PeerFailed extends Error {
  override readonly name = "PeerFailed";
}

interface Mark {
  readonly at: number;
  readonly cpuSeconds: number;
}

interface Done {
  readonly handled: number;
  readonly rejected: number;
  readonly checksum: number | null;
  readonly p50?: number | null;
  readonly p99?: number | null;
}

const PREFIX = "@bench ";
const SHOWN_LINES = 12;
const SETTLE_MS = 3_000;

/** Starts the peer as a new group, waits for its end, and ends it. @throws PeerFailed */
export async function runPeer({ command, env, cwd }: PeerCommand, task: Task): Promise<Sample> {
  const [program = "", ...args] = command;
  const startedAt = performance.now();
  const child = new Deno.Command(program, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env, ...taskVariables(task) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  using _ending = endOnSignal(() => end(child));
  const errors = lastLines(child.stderr);
  const deadline = setTimeout(() => end(child), task.deadlineMs);
  try {
    const sample = await measure(child, { startedAt, task });
    if (typeof sample !== "string") return sample;
    end(child);
    throw new PeerFailed([sample, ...await errors].join("\n"));
  } finally {
    clearTimeout(deadline);
    end(child);
    await child.status;
    await errors;
  }
}

function taskVariables(
  { bootstrap, topic, expected, latencyFrom }: Task,
): Readonly<Record<string, string>> {
  const group = `bench-${crypto.randomUUID()}`;
  return {
    BENCH_BROKERS: bootstrap,
    BENCH_TOPIC: topic,
    BENCH_GROUP: group,
    BENCH_MESSAGES: String(expected.handled + expected.rejected),
    ...(latencyFrom === undefined ? {} : { BENCH_LATENCY_FROM: String(latencyFrom) }),
    ...(expected.rejected === 0 ? {} : { BENCH_HAS_INVALID: "1" }),
    // The service's own names.
    KAFKA_BROKERS: bootstrap,
    KAFKA_TOPIC: topic,
    KAFKA_GROUP_ID: group,
  };
}

/** The sample, or why there is none. */
async function measure(
  child: Deno.ChildProcess,
  { startedAt, task }: { readonly startedAt: number; readonly task: Task },
): Promise<Sample | string> {
  let start: Mark = { at: startedAt, cpuSeconds: 0 };
  let first = start;
  const shown: string[] = [];
  for await (const line of linesOf(child.stdout)) {
    if (!line.startsWith(PREFIX)) {
      shown.push(line);
      if (shown.length > SHOWN_LINES) shown.shift();
      continue;
    }
    const now = await markOf(child.pid);
    if (now === null) break;
    const fact = JSON.parse(line.slice(PREFIX.length));
    if (fact.at === "first") {
      first = now;
      task.onFirst?.();
    }
    if (fact.at === "warm") start = now;
    if (fact.at !== "done") continue;
    const done: Done = fact;
    const problem = tallyProblem(done, task.expected);
    if (problem !== null) return `counted something else: ${problem}`;
    const { p50, p99 } = done;
    const idle = task.idleMs === undefined ? {} : await idleShare(child.pid, task.idleMs);
    return {
      ...idle,
      cpuSeconds: now.cpuSeconds - start.cpuSeconds,
      streamCpuSeconds: now.cpuSeconds - Math.max(first.cpuSeconds, start.cpuSeconds),
      seconds: (now.at - start.at) / 1000,
      streamSeconds: (now.at - Math.max(first.at, start.at)) / 1000,
      peakRssBytes: await peakRssBytes(child.pid),
      latency: typeof p50 === "number" && typeof p99 === "number" ? { p50, p99 } : null,
    };
  }
  return [`ended before the last message, or passed its deadline`, ...shown].join("\n");
}

/** The last commit and the collection of garbage come first. */
async function idleShare(pid: number, idleMs: number): Promise<{ readonly idleShare?: number }> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const from = await markOf(pid);
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const to = await markOf(pid);
  if (from === null || to === null) return {};
  return { idleShare: (1000 * (to.cpuSeconds - from.cpuSeconds)) / (to.at - from.at) };
}

/** Null when the process has ended. */
async function markOf(pid: number): Promise<Mark | null> {
  const at = performance.now();
  try {
    return { at, cpuSeconds: await processCpu(pid) };
  } catch (error) {
    if (hasEnded(error)) return null;
    throw error;
  }
}

/** The file is gone, or the process went while it was read (ESRCH). */
function hasEnded(error: unknown): boolean {
  if (error instanceof Deno.errors.NotFound) return true;
  return error instanceof Error && error.message.includes("os error 3");
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function lastLines(stream: ReadableStream<Uint8Array>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(stream)) {
    lines.push(line);
    if (lines.length > SHOWN_LINES) lines.shift();
  }
  return lines;
}

/** At once: what it would still do is no part of the measure. */
function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended
  }
}
