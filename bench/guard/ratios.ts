/**
 * What the guard compares: CPU of the service, from its first message on, over that of another consumer that ran beside
 * it, round by round. Both meet the same machine, so the ratio says more than either does, and can be kept for longer.
 */
import { median } from "../report/statistics.ts";
import type { PeerSamples } from "../run/rounds.ts";

/** One ratio by name. */
export interface Ratio {
  /** `events service/kafkajs-deno`. */
  readonly name: string;
  readonly value: number;
}

/** A ratio beside what it was. */
export interface Verdict extends Ratio {
  /** Null where the baseline does not have it. */
  readonly baseline: number | null;
  readonly isWorse: boolean;
}

/** More than so much above the baseline is worse. */
export const TOLERANCE = 0.15;

/** The median of each of our rows over the reference, of the same round. @throws Error where a row has no numbers */
export function ratiosOf(
  set: string,
  { measured, reference }: {
    readonly measured: readonly PeerSamples[];
    readonly reference: string;
  },
): readonly Ratio[] {
  const failed = measured.find(({ missing }) => missing !== null);
  if (failed !== undefined) throw new Error(`${failed.peer.name}: ${failed.missing}`);
  const others = measured.find(({ peer }) => peer.name === reference)?.samples ?? [];
  return measured.filter(({ peer }) => peer.name !== reference).map(({ peer, samples }) => ({
    name: `${set} ${peer.name}/${reference}`,
    value: median(samples.map(({ streamCpuSeconds }, round) => {
      const other = others[round]?.streamCpuSeconds;
      if (other === undefined) throw new Error(`${reference}: has no round ${round + 1}`);
      return streamCpuSeconds / other;
    })),
  }));
}

/** Each ratio with what the baseline says of it. */
export function judge(
  ratios: readonly Ratio[],
  baseline: Readonly<Record<string, number>>,
): readonly Verdict[] {
  return ratios.map(({ name, value }) => {
    const was = baseline[name] ?? null;
    return { name, value, baseline: was, isWorse: was !== null && value > was * (1 + TOLERANCE) };
  });
}
