/**
 * Lines that come often, told seldom: of what repeats, the first line of a period and then how many more there were;
 * what is reported partition by partition becomes one line for all. At DEBUG nothing is held back.
 */
import type { Clock } from "../processing/clock.ts";
import type { Fields, Logger, TopicPartition } from "../processing/message.ts";
import { LogRepeats } from "./log_repeats.ts";
import { partitionRanges } from "./partition_ranges.ts";

/** A line about partitions. */
interface Gathered {
  readonly level: "info" | "warning";
  readonly text: string;
  readonly fields: Fields;
  readonly partitions: TopicPartition[];
}

/** So long the first partition waits for the others. */
const GATHER_MS = 200;

export class SparingLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #repeats: LogRepeats;
  readonly #gathered = new Map<string, Gathered>();
  #cancelGathering: (() => void) | null = null;
  #isClosed = false;

  constructor({ logger, clock }: { logger: Logger; clock: Clock }) {
    this.#log = logger;
    this.#clock = clock;
    this.#repeats = new LogRepeats({
      clock,
      max: 1,
      onLeftOut: ({ level, lines, text, fields, seconds }) =>
        this.#log[level]("{lines} more at DEBUG: {text}", { ...fields, text, lines, seconds }),
    });
  }

  /** A WARNING, at most each 10 s for the same text and `key`. */
  warning(text: string, fields: Fields, key = ""): void {
    this.#repeating("warning", text, { fields, key });
  }

  /** An ERROR, at most each 10 s for the same text and `key`. */
  error(text: string, fields: Fields, key = ""): void {
    this.#repeating("error", text, { fields, key });
  }

  /** One line for all partitions of the next moment that have level, text and fields in common. */
  gather(
    partitions: readonly TopicPartition[],
    { level, text, fields = {} }: { level: "info" | "warning"; text: string; fields?: Fields },
  ): void {
    const key = JSON.stringify([level, text, fields]);
    const gathered = this.#gathered.get(key) ?? { level, text, fields, partitions: [] };
    gathered.partitions.push(...partitions);
    this.#gathered.set(key, gathered);
    if (this.#isClosed) this.tellGathered();
    else this.#cancelGathering ??= this.#clock.schedule(GATHER_MS, () => this.tellGathered());
  }

  /** Tells what was gathered now, as when something follows that must stand below it. */
  tellGathered(): void {
    this.#cancelGathering?.();
    this.#cancelGathering = null;
    const lines = [...this.#gathered.values()];
    this.#gathered.clear();
    for (const { level, text, fields, partitions } of lines) {
      this.#log[level](text, { partitions: partitionRanges(partitions), ...fields });
    }
  }

  /** Tells at once what was gathered and held back. From then on every line is logged, and no timer is set. */
  close(): void {
    this.#isClosed = true;
    this.tellGathered();
    this.#repeats.tell();
  }

  #repeating(
    level: "warning" | "error",
    text: string,
    { fields, key }: { fields: Fields; key: string },
  ): void {
    const isTold = this.#isClosed || this.#repeats.admits(level, text, { key, fields });
    this.#log[isTold ? level : "debug"](text, fields);
  }
}
