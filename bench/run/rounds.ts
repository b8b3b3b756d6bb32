/**
 * Measures peers in turns: each once, then each again. What the machine does beside, and what it does slowly when it is
 * warm, meets all of them alike. The order is another one in each round.
 */
import type { Peer, PeerCommand } from "../peers/peer.ts";
import { PeerMissing } from "../peers/installs.ts";
import type { Row } from "../results.ts";
import { PeerFailed, type Sample } from "./child.ts";

/** What came of one peer. */
export interface PeerSamples {
  readonly peer: Peer;
  readonly samples: readonly Sample[];
  /** Why there are none; null when there are. */
  readonly missing: string | null;
}

/** How peers are measured. */
export interface RoundOptions {
  readonly peers: readonly Peer[];
  readonly rounds: number;
  /** One run of one peer. @throws PeerFailed */
  readonly measure: (command: PeerCommand, peer: Peer) => Promise<Sample>;
  readonly onProgress: (line: string) => void;
}

interface Contender {
  readonly peer: Peer;
  readonly command: PeerCommand | null;
  readonly samples: Sample[];
  missing: string | null;
}

/** Measures all of them. A peer that fails once is left out from there on: its row says why. */
export async function measureRounds(options: RoundOptions): Promise<readonly PeerSamples[]> {
  const { peers, rounds, measure, onProgress } = options;
  const contenders = await prepareAll(peers, onProgress);
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of rotated(contenders, round)) {
      if (contender.command === null || contender.missing !== null) continue;
      const place = `${round + 1}/${rounds} ${contender.peer.name}`;
      try {
        const sample = await measure(contender.command, contender.peer);
        contender.samples.push(sample);
        onProgress(`${place}: ${describe(sample)}`);
      } catch (error) {
        if (!(error instanceof PeerFailed)) throw error;
        const [reason = ""] = error.message.split("\n");
        contender.missing = reason;
        onProgress(`${place}: ${error.message}`);
      }
    }
  }
  return contenders.map(({ peer, samples, missing }) => ({
    peer,
    samples: missing === null ? samples : [],
    missing,
  }));
}

/** The row of a peer, with no numbers yet. */
export function emptyRow({ peer, missing }: PeerSamples): Row {
  const { name, title, decodes, validates, isOurs = false } = peer;
  return {
    peer: name,
    title,
    decodes,
    validates,
    isOurs,
    missing,
    cpu: null,
    wholeRate: null,
    streamRate: null,
    peakRssBytes: null,
    p50: null,
    p99: null,
  };
}

/** The list from another place on. */
export function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const from = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}

async function prepareAll(
  peers: readonly Peer[],
  onProgress: (line: string) => void,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = [];
  for (const peer of peers) {
    try {
      contenders.push({ peer, command: await peer.prepare(), samples: [], missing: null });
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error;
      const { message, cause } = error;
      onProgress(`${peer.name} is left out: ${message}${cause === undefined ? "" : `\n${cause}`}`);
      contenders.push({ peer, command: null, samples: [], missing: error.message });
    }
  }
  return contenders;
}

/** For whoever watches. */
export function describe(sample: Sample): string {
  const { cpuSeconds, seconds, peakRssBytes, latency, acknowledgement } = sample;
  const parts = [
    `CPU ${cpuSeconds.toFixed(2)} s`,
    `${seconds.toFixed(2)} s`,
    `${Math.round(peakRssBytes / 1e6)} MB`,
  ];
  if (latency !== null) {
    parts.push(`p50 ${latency.p50.toFixed(1)} ms`, `p99 ${latency.p99.toFixed(1)} ms`);
  }
  if (acknowledgement !== undefined) {
    parts.push(`the producer's p99 ${acknowledgement.p99.toFixed(1)} ms`);
  }
  return parts.join(", ");
}
