/** How often values fell below each of fixed bounds, in plain numbers: to observe one costs a few comparisons. */

export class Histogram {
  /** Upper bounds, ascending; above the last one lies one more bucket. */
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  /** A value that is at a bound lies below it. */
  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at++;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += value;
  }

  /** What another one with the same bounds has counted. */
  add({ counts, sum }: Pick<Histogram, "counts" | "sum">): void {
    for (const [i, count] of counts.entries()) this.#counts[i] = (this.#counts[i] ?? 0) + count;
    this.#sum += sum;
  }

  /** In each bucket alone, the one above the last bound included. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  get sum(): number {
    return this.#sum;
  }
}

/**
 * The value below which a share of what was counted lies, between the bounds by proportion, as Prometheus's
 * `histogram_quantile` says it. Null when nothing was counted.
 */
export function quantile(
  share: number,
  { bounds, counts }: { readonly bounds: readonly number[]; readonly counts: readonly number[] },
): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const low = i === 0 ? 0 : bounds[i - 1] as number;
      const high = bounds[i];
      return high === undefined ? low : low + (high - low) * ((rank - below) / count);
    }
    below += count;
  }
  return bounds.at(-1) ?? null;
}
