/**
 * Reads from one partition beside the fetch loops: alone, once, on a new connection that nothing else uses, so that
 * neither a damaged connection nor a slow answer has to do with anybody else. One at a time.
 */
import type { TopicPartition } from "../processing/message.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE } from "./error_codes.ts";
import { fetch, type FetchedPartition } from "./fetch_request.ts";
import type { PartitionLeader } from "./metadata.ts";

export interface SingleFetchOptions {
  readonly caller: Caller;
  readonly metadata: {
    leader(partition: TopicPartition): PartitionLeader | undefined;
    doubt(): void;
  };
  readonly requestTimeoutMs: number;
}

const PURPOSE = "single_fetch";
const OUT_OF_RANGE = ERROR_CODE.OFFSET_OUT_OF_RANGE;

export class SingleFetch {
  readonly #options: SingleFetchOptions;
  /** The one before. Never rejects. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(options: SingleFetchOptions) {
    this.#options = options;
  }

  /** What the leader has there, nothing where its log does not reach; null when it cannot be told. */
  read(
    partition: TopicPartition,
    from: { readonly position: number; readonly maxBytes: number },
  ): Promise<FetchedPartition | null> {
    const reading = this.#before.then(() => this.#read(partition, from)).catch(() => {
      this.#options.metadata.doubt();
      return null;
    });
    this.#before = reading;
    return reading;
  }

  async #read(
    { topic, partition }: TopicPartition,
    { position, maxBytes }: { readonly position: number; readonly maxBytes: number },
  ): Promise<FetchedPartition | null> {
    const { caller, metadata, requestTimeoutMs: deadlineMs } = this.#options;
    const leader = metadata.leader({ topic, partition });
    if (leader === undefined) throw new Error(`No leader is known for: ${topic}/${partition}`);
    const { broker: to, leaderEpoch } = leader;
    const positions = [{ topic, partition, position, leaderEpoch }];
    const limits = { maxWaitMs: 0, minBytes: 1, maxBytes, maxPartitionBytes: maxBytes };
    try {
      const request = fetch(positions, limits);
      const answer = await caller.call({ to, purpose: PURPOSE, request, deadlineMs });
      const [fetched] = answer.partitions;
      const code = fetched?.errorCode;
      if (fetched !== undefined && (code === ERROR_CODE.NONE || code === OUT_OF_RANGE)) {
        return fetched;
      }
      metadata.doubt();
      return null;
    } finally {
      caller.drop(to, PURPOSE, "it was for one question");
    }
  }
}
