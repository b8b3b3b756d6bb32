/**
 * What an operator holds still: everything, or single partitions. Belongs to this process and not to a generation of the
 * group, so that it survives a rebalance.
 */
import type { TopicPartition } from "./message.ts";
import { partitionKey } from "./partition_key.ts";

/** Who holds a partition still, why, and since when. */
export interface Pause {
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Everything, partitions that come later included, or these. */
export type PauseScope = "all" | readonly TopicPartition[];

export class Pauses {
  #all: Pause | null = null;
  /** What differs from `#all`; null: goes on although everything else is paused. */
  readonly #own = new Map<string, Pause | null>();

  /** The pause of everything; null when there is none. */
  get all(): Pause | null {
    return this.#all;
  }

  /** A pause that holds already stays as it is. */
  pause(scope: PauseScope, pause: Pause): void {
    if (scope === "all") {
      this.#own.clear();
      this.#all ??= pause;
      return;
    }
    for (const partition of scope) {
      if (this.of(partition) === null) this.#own.set(partitionKey(partition), pause);
    }
  }

  end(scope: PauseScope): void {
    if (scope === "all") {
      this.#own.clear();
      this.#all = null;
      return;
    }
    for (const partition of scope) {
      if (this.#all === null) this.#own.delete(partitionKey(partition));
      else this.#own.set(partitionKey(partition), null);
    }
  }

  /** Why a partition is held still; null when it is not. */
  of(partition: TopicPartition): Pause | null {
    const own = this.#own.get(partitionKey(partition));
    return own === undefined ? this.#all : own;
  }
}
