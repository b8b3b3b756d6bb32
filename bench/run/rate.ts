/**
 * A section of the results: a steady stream of single messages, as a service sees it most of the day. What counts is how
 * long each takes from the producer to the handler, and what the process costs meanwhile.
 */
import { expectedTally, makePool } from "../data/bench_events.ts";
import { DATA_SETS, type DataSet } from "../data/data_sets.ts";
import type { Tally } from "../data/tally.ts";
import type { Peer, PeerCommand } from "../peers/peer.ts";
import { spreadOf } from "../report/statistics.ts";
import type { Row } from "../results.ts";
import { PeerMissing } from "../peers/installs.ts";
import { PeerFailed, runPeer, type Sample } from "./child.ts";
import { describe, emptyRow, measureRounds, type PeerSamples } from "./rounds.ts";
import { createTopic, deleteTopic, produceByLibrdkafka, withMessageFile } from "./topics.ts";

/** How fast messages come. */
export const RATE_MESSAGES_A_SECOND = 1_000;

/** Who is measured for how long. */
export interface RateOptions {
  readonly bootstrap: string;
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly seconds: number;
  readonly onProgress: (line: string) => void;
}

/** So long the stream flows before anything is measured. */
const WARM_SECONDS = 3;
/** A broker that has just started compiles its code and creates the topic of offsets: that is nobody's latency. */
const BROKER_WARM_SECONDS = 10;
const POOL = 4_000;
const DEADLINE_SLACK_MS = 90_000;

/** Measures the peers in turns, each with a topic of its own. */
export async function measureRate(options: RateOptions): Promise<readonly Row[]> {
  const [set] = DATA_SETS as readonly [DataSet, ...DataSet[]];
  const pool = makePool(set, POOL);
  return await withMessageFile(pool, async (path) => {
    const first = expectedTally(pool, set.partitions);
    const streamOf = (seconds: number): Stream => {
      const messages = (seconds + WARM_SECONDS) * RATE_MESSAGES_A_SECOND;
      const expected = sum(first, expectedTally(pool, messages));
      const { bootstrap } = options;
      return { path, bootstrap, partitions: set.partitions, messages, expected };
    };
    await warmBroker(options, streamOf(BROKER_WARM_SECONDS));
    const stream = streamOf(options.seconds);
    const measured = await measureRounds({
      ...options,
      measure: (command) => measureStream(command, stream),
    });
    return measured.map(rowOf);
  });
}

interface Stream {
  readonly bootstrap: string;
  readonly path: string;
  readonly partitions: number;
  readonly messages: number;
  readonly expected: Tally;
}

/** Lets the first peer read a stream; what it measures is thrown away. */
async function warmBroker(
  { peers: [peer], onProgress }: RateOptions,
  stream: Stream,
): Promise<void> {
  if (peer === undefined) return;
  onProgress(`the broker gets warm, by ${peer.name}`);
  try {
    const sample = await measureStream(await peer.prepare(), stream);
    onProgress(`not counted: ${describe(sample)}`);
  } catch (error) {
    // Whoever is missing or fails does so again where it counts, and is told there.
    if (!(error instanceof PeerMissing || error instanceof PeerFailed)) throw error;
  }
}

/** The stream begins when the peer is at work, so that nobody has a backlog: one message each partition shows that. */
async function measureStream(
  command: PeerCommand,
  { bootstrap, path, partitions, messages, expected }: Stream,
): Promise<Sample> {
  const topic = await createTopic(bootstrap, partitions);
  const send = (count: number, rate: number) =>
    produceByLibrdkafka([bootstrap, topic, path, count, partitions, 1_000, rate].map(String));
  let sending: Promise<string> | null = null;
  try {
    await send(partitions, RATE_MESSAGES_A_SECOND);
    const sample = await runPeer(command, {
      bootstrap,
      topic,
      expected,
      latencyFrom: partitions + WARM_SECONDS * RATE_MESSAGES_A_SECOND,
      deadlineMs: DEADLINE_SLACK_MS + (messages * 1000) / RATE_MESSAGES_A_SECOND,
      onFirst() {
        sending = send(messages, RATE_MESSAGES_A_SECOND);
        sending.catch(() => {}); // told below
      },
    });
    const printed = await (sending as Promise<string> | null);
    return printed === null ? sample : { ...sample, acknowledgement: JSON.parse(printed) };
  } finally {
    await sending;
    await deleteTopic(bootstrap, topic);
  }
}

function sum(one: Tally, other: Tally): Tally {
  return {
    handled: one.handled + other.handled,
    rejected: one.rejected + other.rejected,
    checksum: one.checksum + other.checksum,
  };
}

function rowOf(measured: PeerSamples): Row {
  const row = emptyRow(measured);
  const { samples } = measured;
  const latencies = samples.flatMap(({ latency }) => latency === null ? [] : [latency]);
  if (latencies.length === 0) return row;
  const acknowledged = samples.flatMap(({ acknowledgement }) => acknowledgement?.p99 ?? []);
  return {
    ...row,
    cpu: spreadOf(samples.map(({ cpuSeconds, seconds }) => (100 * cpuSeconds) / seconds)),
    peakRssBytes: spreadOf(samples.map(({ peakRssBytes }) => peakRssBytes)),
    p50: spreadOf(latencies.map(({ p50 }) => p50)),
    p99: spreadOf(latencies.map(({ p99 }) => p99)),
    ...(acknowledged.length === 0 ? {} : { acknowledgedP99: spreadOf(acknowledged) }),
  };
}
