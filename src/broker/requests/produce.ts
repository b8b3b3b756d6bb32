/** Produce and InitProducerId: batches go into the log as they were received. */
import { ERROR } from "../error_codes.ts";
import { checkProducedBatch, readBatchHead } from "../log/record_batch.ts";
import {
  INIT_PRODUCER_ID_ANSWER,
  INIT_PRODUCER_ID_REQUEST,
  PRODUCE_ANSWER,
  PRODUCE_REQUEST,
} from "../messages/produce.ts";
import type { ValueOf } from "../wire/codec.ts";
import { type Call, defineApi, locate } from "./api.ts";

type ProduceRequest = ValueOf<typeof PRODUCE_REQUEST>;
type ProduceAnswer = ValueOf<typeof PRODUCE_ANSWER>;
type PartitionAnswer = ProduceAnswer["topics"][number]["partitions"][number];

interface ProducedBatch {
  readonly topic: string;
  readonly index: number;
  readonly records: Uint8Array | null;
  readonly acks: number;
}

const ALL_IN_SYNC = -1;

export const PRODUCE = defineApi({
  name: "Produce",
  key: 0,
  minVersion: 3,
  maxVersion: 9,
  flexibleFrom: 9,
  request: PRODUCE_REQUEST,
  answer: PRODUCE_ANSWER,
  handle(request, call) {
    const { acks } = request;
    if (acks < ALL_IN_SYNC || acks > 1) return refuseProduce(request, ERROR.INVALID_REQUIRED_ACKS);
    const answer = answerEach(request, (topic, { index, records }) => {
      return produce({ topic, index, records, acks }, call);
    });
    return acks === 0 ? null : answer;
  },
  refuse: refuseProduce,
});

export const INIT_PRODUCER_ID = defineApi({
  name: "InitProducerId",
  key: 22,
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 2,
  request: INIT_PRODUCER_ID_REQUEST,
  answer: INIT_PRODUCER_ID_ANSWER,
  handle(request, { cluster }) {
    // There is no transaction coordinator.
    if (request.transactionalId !== null) return refuseProducerId(ERROR.INVALID_REQUEST);
    const producerId = cluster.nextProducerId();
    return { throttleTimeMs: 0, errorCode: ERROR.NONE, producerId, producerEpoch: 0 };
  },
  refuse: (_request, errorCode) => refuseProducerId(errorCode),
});

function produce(batch: ProducedBatch, call: Call): PartitionAnswer {
  const { topic: name, index, records, acks } = batch;
  const { partition, errorCode } = locate(call, { topic: name, partition: index });
  const topic = call.cluster.topics.find(name);
  if (partition === null || topic === undefined) return refused(index, errorCode);
  const { maxMessageBytes, minInSyncReplicas } = topic.configs;
  const invalid = checkProducedBatch(records, { maxMessageBytes, produceVersion: call.version });
  if (records === null || invalid !== ERROR.NONE) return refused(index, invalid);
  const inSync = partition.replicas.filter((replica) => call.cluster.isUp(replica)).length;
  if (acks === ALL_IN_SYNC && inSync < minInSyncReplicas) {
    return refused(index, ERROR.NOT_ENOUGH_REPLICAS);
  }
  const verdict = partition.log.checkSequence(readBatchHead(records));
  if (verdict.kind === "refuse") return refused(index, verdict.errorCode);
  const baseOffset = verdict.kind === "duplicate" ? verdict.baseOffset : partition.append(records);
  return { ...refused(index, ERROR.NONE), baseOffset, logStartOffset: partition.log.startOffset };
}

function refused(index: number, errorCode: number): PartitionAnswer {
  return {
    index,
    errorCode,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: [],
    errorMessage: null,
  };
}

function refuseProduce(request: ProduceRequest, errorCode: number): ProduceAnswer {
  return answerEach(request, (_topic, { index }) => refused(index, errorCode));
}

function answerEach(
  { topics }: ProduceRequest,
  answer: (
    topic: string,
    partition: ProduceRequest["topics"][number]["partitions"][number],
  ) => PartitionAnswer,
): ProduceAnswer {
  const answers = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) => answer(name, partition)),
  }));
  return { topics: answers, throttleTimeMs: 0 };
}

function refuseProducerId(errorCode: number): ValueOf<typeof INIT_PRODUCER_ID_ANSWER> {
  return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 };
}
