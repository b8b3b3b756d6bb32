/**
 * Fetch version 10: kafkajs's encoder, our own decoder. Version 10, not 11: from 11 on a former leader goes on serving
 * us as a follower instead of saying so. The answer keeps each partition's error with that partition, and its record
 * bytes packed until they are wanted; kafkajs throws the whole answer away when one partition has an error
 * (protocol/requests/fetch/v0/response.js).
 */
import type { Buffer } from "node:buffer";
import { MalformedAnswerError } from "./bounded_decoder.ts";
import type { AbortedTransaction } from "./record_batch.ts";
import { kafkajsRequest } from "./kafkajs.ts";
import type { ApiRequest, Throttled } from "./protocol.ts";

export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** The epoch that we believe in; -1 when unknown. The broker refuses one that is not its own. */
  readonly leaderEpoch: number;
  /** Instead of the limit for all partitions. */
  readonly maxBytes?: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Where the log ends for those who read only what is committed. */
  readonly lastStable: number;
  readonly logStart: number;
  readonly aborted: readonly AbortedTransaction[];
  /** A view on the answer's bytes. */
  readonly records: Buffer;
}

export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
}

export type FetchAnswer = Throttled & { readonly partitions: readonly FetchedPartition[] };

const READ_COMMITTED = 1;
const TWO_TO_THE_32 = 4_294_967_296;

export function fetch(
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): ApiRequest<FetchAnswer> {
  const byTopic = Map.groupBy(positions, ({ topic }) => topic);
  const topics = [...byTopic].map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition, position, leaderEpoch, maxBytes }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: String(position),
      maxBytes: maxBytes ?? limits.maxPartitionBytes,
    })),
  }));
  const { request } = kafkajsRequest("Fetch", {
    replicaId: -1,
    maxWaitTime: limits.maxWaitMs,
    minBytes: limits.minBytes,
    maxBytes: limits.maxBytes,
    isolationLevel: READ_COMMITTED,
    topics,
  });
  return {
    apiName: "Fetch",
    apiKey: request.apiKey,
    minVersion: request.apiVersion,
    maxVersion: request.apiVersion,
    encode: () => request,
    decode: readFetchAnswer,
  };
}

function readFetchAnswer(payload: Buffer): FetchAnswer {
  const reader = new FetchReader(payload);
  const throttleTimeMs = reader.int32();
  reader.int16(); // error code of the fetch session, which we do not use
  reader.int32(); // session id
  const partitions: FetchedPartition[] = [];
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.text();
    for (let left = reader.int32(); left > 0; left--) partitions.push(reader.partition(topic));
  }
  return { throttleTimeMs, partitions };
}

class FetchReader {
  readonly #payload: Buffer;
  #at = 0;

  constructor(payload: Buffer) {
    this.#payload = payload;
  }

  int16(): number {
    return this.#payload.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#payload.readInt32BE(this.#take(4));
  }

  int64(): number {
    const at = this.#take(8);
    return this.#payload.readInt32BE(at) * TWO_TO_THE_32 + this.#payload.readUInt32BE(at + 4);
  }

  bigInt64(): bigint {
    return this.#payload.readBigInt64BE(this.#take(8));
  }

  text(): string {
    const length = this.int16();
    const from = this.#take(length);
    return this.#payload.toString("utf8", from, from + length);
  }

  partition(topic: string): FetchedPartition {
    const partition = this.int32();
    const errorCode = this.int16();
    const highWatermark = this.int64();
    const lastStable = this.int64();
    const logStart = this.int64();
    const aborted: AbortedTransaction[] = [];
    for (let left = this.int32(); left > 0; left--) {
      aborted.push({ producerId: this.bigInt64(), firstOffset: this.int64() });
    }
    const size = Math.max(0, this.int32());
    const from = this.#take(size);
    const records = this.#payload.subarray(from, from + size);
    return { topic, partition, errorCode, highWatermark, lastStable, logStart, aborted, records };
  }

  /** Where the next `length` bytes begin; they are read after that. */
  #take(length: number): number {
    const from = this.#at;
    if (length < 0 || length > this.#payload.length - from) {
      throw new MalformedAnswerError(`Cannot read the answer: ${length} bytes are not there`);
    }
    this.#at += length;
    return from;
  }
}
