/**
 * What is one worker's share of the settings. Limits that hold for the process are divided, so that it takes no more
 * memory and no more handlers at once than with one worker; names that must be unique get the worker's number.
 */
import type { Config } from "../config.ts";

/** The `index`th of so many, from 0 on. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** How many workers WORKERS asks for. With `auto` never more than handlers may run at once. */
export function workerCount(
  { workers, concurrency }: Pick<Config, "workers" | "concurrency">,
  cores: number,
): number {
  return workers === "auto" ? Math.max(1, Math.min(cores, concurrency)) : workers;
}

/** The settings of one worker. All shares of a limit together are the limit. */
export function splitConfig(config: Config, share: Share): Config {
  const { kafkaClientId, kafkaGroupInstanceId, concurrency, maxBufferBytes } = config;
  return {
    ...config,
    workers: 1,
    kafkaClientId: numbered(kafkaClientId, share),
    kafkaGroupInstanceId: kafkaGroupInstanceId === null
      ? null
      : numbered(kafkaGroupInstanceId, share),
    concurrency: part(concurrency, share),
    maxBufferBytes: part(maxBufferBytes, share),
  };
}

function numbered(name: string, { index }: Share): string {
  return `${name}-${index}`;
}

/** The first ones get what is left over. */
function part(limit: number, { index, of }: Share): number {
  return Math.floor(limit / of) + (index < limit % of ? 1 : 0);
}
