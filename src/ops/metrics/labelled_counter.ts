/** Counts by the values of labels, of which there are never more than a bound: what is new beyond it counts as `other`. */

const SEPARATOR = "\n";
const OTHER = "other";

export class LabelledCounter {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  /** `max`: most combinations of values. */
  constructor(max: number) {
    this.#max = max;
  }

  /** The first values are the ones to keep: of `handle` and a new code beyond the bound, `handle` and `other` remain. */
  add(values: readonly string[], by = 1): void {
    const key = values.join(SEPARATOR);
    const known = this.#counts.get(key);
    if (known !== undefined || this.#counts.size < this.#max) {
      this.#counts.set(key, (known ?? 0) + by);
      return;
    }
    const other = [...values.slice(0, -1), OTHER].join(SEPARATOR);
    this.#counts.set(other, (this.#counts.get(other) ?? 0) + by);
  }

  /** A series from the start on, so that its first increase is seen. */
  declare(values: readonly string[]): void {
    this.add(values, 0);
  }

  *[Symbol.iterator](): Generator<readonly [values: readonly string[], count: number]> {
    for (const [key, count] of this.#counts) yield [key.split(SEPARATOR), count];
  }
}
