/**
 * Are the newest messages of a log good? Asked for a partition that stands still because of too many dead letters: what
 * its producer writes now says whether it has been mended, however much of the other kind lies between. Only looks:
 * decodes and validates, runs no handler.
 */
import { decode } from "../processing/decode.ts";
import type { Partition } from "../processing/partition.ts";
import { decodeRecordBatches } from "./record_batch.ts";
import type { SingleFetch } from "./single_fetch.ts";

export interface NewestMessagesOptions {
  readonly fetches: Pick<SingleFetch, "read">;
  readonly maxPartitionBytes: number;
  readonly maxDecompressedBytes: number;
}

/** All of the last so many have to be good. Of a mixture nearly as bad as good that is one look in a thousand. */
const SAMPLE_MESSAGES = 10;

export class NewestMessages {
  readonly #options: NewestMessagesOptions;

  constructor(options: NewestMessagesOptions) {
    this.#options = options;
  }

  /** Where the log ends, when the messages before that are good; null when they are not, or it cannot be told. */
  async goodUpTo(partition: Partition): Promise<number | null> {
    const { fetches, maxPartitionBytes: maxBytes } = this.#options;
    const bounds = await fetches.read(partition, { position: partition.position, maxBytes: 1 });
    if (bounds === null) return null;
    const end = bounds.lastStable;
    const from = Math.max(partition.prefix, bounds.logStart, end - SAMPLE_MESSAGES);
    if (from >= end) return null;
    const answer = await fetches.read(partition, { position: from, maxBytes });
    return answer !== null && await this.#areGood(partition, { answer, from, end }) ? end : null;
  }

  async #areGood(
    { topic, partition }: Partition,
    { answer, from, end }: {
      readonly answer: { readonly records: Uint8Array; readonly aborted: Aborted };
      readonly from: number;
      readonly end: number;
    },
  ): Promise<boolean> {
    const { records, aborted } = answer;
    const { maxDecompressedBytes } = this.#options;
    const options = { topic, partition, from, aborted, maxDecompressedBytes };
    const { messages, next, unreadable } = await decodeRecordBatches(records, options);
    if (unreadable !== null || next < end) return false;
    const values = messages.map(({ value }) => value).filter((value) => value !== null);
    return values.length > 0 && values.every((value) => decode(value).failure === null);
  }
}

type Aborted = Parameters<typeof decodeRecordBatches>[1]["aborted"];
