/** A section of the results: one data set on one broker, read from the beginning to the end by each peer. */
import { expectedTally, makePool } from "../data/bench_events.ts";
import type { DataSet } from "../data/data_sets.ts";
import type { Peer } from "../peers/peer.ts";
import { spreadOf } from "../report/statistics.ts";
import type { Row } from "../results.ts";
import { runPeer, type Sample } from "./child.ts";
import { emptyRow, measureRounds, type PeerSamples } from "./rounds.ts";
import type { FilledTopic, Filling } from "./topics.ts";

/** What is read by whom. */
export interface BacklogOptions {
  readonly set: DataSet;
  readonly messages: number;
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly fill: (filling: Filling) => Promise<FilledTopic>;
  readonly onProgress: (line: string) => void;
}

/** Enough for the slowest peer on a slow machine. */
const DEADLINE_MS = 60_000;
const DEADLINE_MS_A_THOUSAND = 200;

/** Fills a topic, measures, and deletes it. */
export async function measureBacklog(options: BacklogOptions): Promise<readonly Row[]> {
  const { set, messages, onProgress } = options;
  onProgress(`making ${messages} messages`);
  const pool = makePool(set, messages);
  const expected = expectedTally(pool, messages);
  await using topic = await options.fill({ set, pool, messages });
  const deadlineMs = DEADLINE_MS + (messages / 1000) * DEADLINE_MS_A_THOUSAND;
  const measured = await measureRounds({
    ...options,
    measure: (command) => runPeer(command, { ...topic, expected, deadlineMs }),
  });
  return measured.map((each) => rowOf(each, messages));
}

function rowOf(measured: PeerSamples, messages: number): Row {
  const row = emptyRow(measured);
  const { samples } = measured;
  if (samples.length === 0) return row;
  const of = (value: (sample: Sample) => number) => spreadOf(samples.map(value));
  return {
    ...row,
    cpu: of(({ cpuSeconds }) => cpuSeconds * 1_000_000 / messages),
    wholeRate: of(({ seconds }) => messages / seconds),
    streamRate: of(({ streamSeconds }) => messages / streamSeconds),
    peakRssBytes: of(({ peakRssBytes }) => peakRssBytes),
  };
}
