/** Produce and InitProducerId on the wire. */
import {
  array,
  int16,
  int32,
  int64,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
} from "../wire/codec.ts";

export const PRODUCE_REQUEST = struct({
  transactionalId: nullableString,
  acks: int16,
  timeoutMs: int32,
  topics: array(struct({
    name: string,
    partitions: array(struct({ index: int32, records: nullableBytes })),
  })),
});

export const PRODUCE_ANSWER = struct({
  topics: array(struct({
    name: string,
    partitions: array(struct({
      index: int32,
      errorCode: int16,
      baseOffset: int64,
      logAppendTimeMs: int64,
      logStartOffset: since(5, int64, -1),
      recordErrors: since(8, array(struct({ batchIndex: int32, message: nullableString })), []),
      errorMessage: since(8, nullableString, null),
    })),
  })),
  throttleTimeMs: int32,
});

export const INIT_PRODUCER_ID_REQUEST = struct({
  transactionalId: nullableString,
  transactionTimeoutMs: int32,
  producerId: since(3, int64, -1),
  producerEpoch: since(3, int16, -1),
});

export const INIT_PRODUCER_ID_ANSWER = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  producerId: int64,
  producerEpoch: int16,
});
