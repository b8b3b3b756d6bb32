import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import {
  CUT,
  type Interceptor,
  Interceptors,
  NO_REPLY,
} from "../../../../src/broker/interceptor.ts";
import { API_VERSIONS_ANSWER } from "../../../../src/broker/messages/cluster.ts";
import { dispatch, type Dispatched } from "../../../../src/broker/node/dispatch.ts";
import { MalformedRequestError, WireReader } from "../../../../src/broker/wire/reader.ts";
import { BrokerFixture } from "../../../support/broker_fixture.ts";

const API_VERSIONS = 18;
const HEARTBEAT = 12;
const CORRELATION_ID = 77;

/** A request of header version 1. */
function request(key: number, version: number, body = ""): Buffer {
  const head = Buffer.alloc(10);
  head.writeInt16BE(key, 0);
  head.writeInt16BE(version, 2);
  head.writeInt32BE(CORRELATION_ID, 4);
  head.writeInt16BE(-1, 8); // no client id
  return Buffer.concat([head, Buffer.from(body, "hex")]);
}

async function send(frame: Uint8Array, ...added: readonly Interceptor[]): Promise<Dispatched> {
  const interceptors = new Interceptors();
  for (const interceptor of added) interceptors.add(interceptor);
  return await dispatch(frame, {
    cluster: new BrokerFixture().cluster,
    interceptors,
    nodeId: 0,
    connectionId: 0,
    host: "/127.0.0.1",
    closed: new AbortController().signal,
  });
}

function answerTo(dispatched: Dispatched): Buffer {
  if (dispatched.kind !== "answer") assert.fail(`No answer but ${dispatched.kind}`);
  const bytes = Buffer.concat(dispatched.chunks);
  assert.equal(bytes.readInt32BE(0), bytes.length - 4);
  assert.equal(bytes.readInt32BE(4), CORRELATION_ID);
  return bytes.subarray(8);
}

/** For a group that nobody knows. */
const HEARTBEAT_BODY = "0001" + "67" + "00000001" + "0001" + "6d";

Deno.test("dispatch() answers in the version of the request", async () => {
  const answer = answerTo(await send(request(HEARTBEAT, 0, HEARTBEAT_BODY)));
  assert.deepEqual([answer.length, answer.readInt16BE(0)], [2, ERROR.UNKNOWN_MEMBER_ID]);
  const later = answerTo(await send(request(HEARTBEAT, 1, HEARTBEAT_BODY)));
  assert.deepEqual([later.length, later.readInt16BE(4)], [6, ERROR.UNKNOWN_MEMBER_ID]);
});

Deno.test("dispatch() tells in version 0 which versions it speaks when it is asked in one too new", async () => {
  const answer = answerTo(await send(request(API_VERSIONS, 99, "00")));
  const reader = new WireReader(answer, { flexible: false });
  const { errorCode, apis } = API_VERSIONS_ANSWER.read(reader, 0);
  assert.equal(errorCode, ERROR.UNSUPPORTED_VERSION);
  assert.deepEqual(apis.map(({ key }) => key), [API_VERSIONS]);
  assert.equal(reader.left, 0);
});

Deno.test("dispatch() hangs up on a version that it does not speak", async () => {
  assert.deepEqual(await send(request(HEARTBEAT, 99)), CUT);
});

Deno.test("dispatch() throws on what it cannot read", async () => {
  const broken = [
    request(HEARTBEAT, 0, HEARTBEAT_BODY.slice(0, -2)),
    request(999, 0),
    Buffer.from("0012", "hex"),
    Buffer.alloc(0),
  ];
  for (const frame of broken) {
    await assert.rejects(send(frame), MalformedRequestError, frame.toString("hex"));
  }
});

Deno.test("dispatch() does what interceptors say, the one added last first", async () => {
  const seen: string[] = [];
  const note = (name: string): Interceptor => async (request, serve) => {
    seen.push(`${name}: ${request.apiName} ${request.version}`);
    return await serve();
  };
  const frame = request(HEARTBEAT, 0, HEARTBEAT_BODY);
  await send(frame, note("first"), note("last"));
  assert.deepEqual(seen, ["last: Heartbeat 0", "first: Heartbeat 0"]);
  assert.deepEqual(await send(frame, () => CUT), CUT);
  assert.deepEqual(await send(frame, () => NO_REPLY), NO_REPLY);
  const refused = await send(frame, ({ refuse }) => refuse(ERROR.NOT_COORDINATOR));
  assert.equal(answerTo(refused).readInt16BE(0), ERROR.NOT_COORDINATOR);
});
