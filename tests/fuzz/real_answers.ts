/**
 * Answers as the embedded broker gives them to the requests of our client: what is damaged then. Asked without sockets,
 * in virtual time.
 */
import { Buffer } from "node:buffer";
import { Interceptors } from "../../src/broker/interceptor.ts";
import { dispatch } from "../../src/broker/node/dispatch.ts";
import { fetch } from "../../src/kafka/fetch_request.ts";
import { describeConfigs, describeGroup } from "../../src/kafka/inspection_requests.ts";
import { newEncoder } from "../../src/kafka/kafkajs.ts";
import { metadata } from "../../src/kafka/metadata_request.ts";
import {
  listOffsets,
  offsetCommit,
  offsetFetch,
  offsetForLeaderEpoch,
} from "../../src/kafka/offset_requests.ts";
import { produce } from "../../src/kafka/produce_request.ts";
import {
  type ApiRequest,
  findCoordinator,
  heartbeat,
  type JoinAnswer,
  joinGroup,
  leaveGroup,
  syncGroup,
} from "../../src/kafka/protocol.ts";
import { encodeAssignment, encodeSubscription } from "../../src/kafka/subscription.ts";
import { BrokerFixture } from "../support/broker_fixture.ts";
import { encodeBatch } from "../support/record_batches.ts";

export const TOPIC = "events";
const GROUP = "group";
/** Correlation id; the flexible header of an answer is read with it. */
const ANSWER_HEAD_BYTES = 8;

/** One request of ours at one version: its bytes without their length, and those of a broker's answer. */
export interface RealAnswer {
  readonly request: ApiRequest<unknown>;
  readonly version: number;
  readonly frame: Buffer;
  readonly payload: Buffer;
}

/** A broker on virtual time with a topic of two partitions, one of them with a little in it. */
export async function realBroker(): Promise<BrokerFixture> {
  const fixture = new BrokerFixture();
  fixture.createTopic(TOPIC, 2);
  const records = [{ key: "k", value: "v", headers: [["h", "x"]] as const }, { value: null }];
  fixture.append(TOPIC, await encodeBatch({ records }));
  fixture.append(TOPIC, await encodeBatch({ records, codec: "gzip" }));
  return fixture;
}

/** Every request of ours in every version, asked of such a broker. */
export async function askEverything(fixture: BrokerFixture): Promise<readonly RealAnswer[]> {
  const join = await joinTwice(fixture);
  const member = {
    groupId: GROUP,
    generationId: join.generationId,
    memberId: join.memberId,
    groupInstanceId: null,
  };
  const where = { topic: TOPIC, partition: 0 };
  const entry = { ...where, offset: 1, leaderEpoch: 0, metadata: "processing-service/1 done=2.1" };
  const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 20, maxPartitionBytes: 1 << 20 };
  const memberAssignment = encodeAssignment([where]);
  const requests: readonly ApiRequest<unknown>[] = [
    joinRequest(join.memberId),
    syncGroup(member, [{ memberId: join.memberId, memberAssignment }]),
    heartbeat(member),
    metadata([TOPIC, "missing"]),
    fetch([{ ...where, position: 0, leaderEpoch: -1 }], limits),
    listOffsets([where, { topic: TOPIC, partition: 9 }], "end"),
    offsetCommit(member, [entry]),
    offsetFetch(GROUP, [where]),
    offsetForLeaderEpoch(where, { current: -1, asked: 0 }),
    produce({
      ...where,
      batch: await encodeBatch({ records: [{ value: "p" }] }),
      timeoutMs: 1,
    }),
    findCoordinator(GROUP),
    describeGroup(GROUP),
    describeConfigs("topic", [TOPIC], ["retention.ms"]),
    leaveGroup(GROUP, join.memberId),
  ];
  const answers: RealAnswer[] = [];
  for (const request of requests) {
    for (let version = request.minVersion; version <= request.maxVersion; version++) {
      const frame = await frameOf(request, version);
      answers.push({ request, version, frame, payload: await askFrame(fixture, frame) });
    }
  }
  return answers;
}

function joinRequest(memberId: string) {
  return joinGroup({
    groupId: GROUP,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId,
    groupInstanceId: null,
    groupProtocols: [{
      name: "cooperative-sticky",
      metadata: encodeSubscription([TOPIC], [{ topic: TOPIC, partition: 1 }], 1),
    }],
  });
}

/** The first join only gets an id. */
async function joinTwice(fixture: BrokerFixture): Promise<JoinAnswer> {
  const ask = async (memberId: string) => {
    const request = joinRequest(memberId);
    const frame = await frameOf(request, request.maxVersion);
    return await request.decode(await askFrame(fixture, frame), request.maxVersion);
  };
  return await ask((await ask("")).memberId);
}

/** As it goes over the wire, behind its length. */
export async function frameOf(request: ApiRequest<unknown>, version: number): Promise<Buffer> {
  const { apiKey } = request;
  const head = newEncoder();
  head.writeInt16(apiKey).writeInt16(version).writeInt32(7).writeString("test");
  return Buffer.concat([head.buffer, (await request.encode(version).encode()).buffer]);
}

/** The broker's answer, without its head. */
export async function askFrame(fixture: BrokerFixture, frame: Buffer): Promise<Buffer> {
  const asked = dispatch(frame, {
    cluster: fixture.cluster,
    interceptors: new Interceptors(),
    nodeId: 0,
    connectionId: 0,
    host: "/127.0.0.1",
    closed: new AbortController().signal,
  });
  await fixture.clock.advance(1_000);
  const answer = await asked;
  if (answer.kind !== "answer") throw new Error(`No answer but ${answer.kind}`);
  return Buffer.concat(answer.chunks).subarray(ANSWER_HEAD_BYTES);
}
