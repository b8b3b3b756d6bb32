/**
 * Bytes sent to the embedded broker: each frame is answered or refused with a MalformedRequestError, which ends its
 * connection; the log stays readable, memory bounded, and the next client is served.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Interceptors } from "../../../src/broker/interceptor.ts";
import { dispatch } from "../../../src/broker/node/dispatch.ts";
import { FrameReader } from "../../../src/broker/node/frames.ts";
import { MalformedRequestError } from "../../../src/broker/wire/reader.ts";
import { decodeRecordBatches } from "../../../src/kafka/record_batch.ts";
import type { BrokerFixture } from "../../support/broker_fixture.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { damage, damageSome, randomBytes } from "../bytes.ts";
import { askEverything, type RealAnswer, realBroker, TOPIC } from "../real_answers.ts";
import type { FuzzTarget } from "../target.ts";

export const REQUESTS: FuzzTarget = { name: "requests", weight: 10, make, check };

/** The same broker for so many values, so that one can spoil it for the next. */
const VALUES_PER_BROKER = 500;
const FRAME_MAX_BYTES = 1 << 20;
const NODE = { nodeId: 0, connectionId: 1, host: "/127.0.0.1" };

let known: Promise<readonly RealAnswer[]> | null = null;
let broker: { readonly fixture: BrokerFixture; uses: number } | null = null;

/** A stream of frames behind their lengths. */
async function make(random: SeededRandom): Promise<Uint8Array> {
  known ??= realBroker().then(askEverything);
  const frames: Uint8Array[] = [];
  for (let left = random.between(1, 3); left > 0; left--) {
    const { frame } = random.pick(await known);
    const content = random.chance(0.05) ? randomBytes(random, 60) : damageFrame(random, frame);
    const length = Buffer.alloc(4);
    length.writeInt32BE(random.chance(0.95) ? content.length : random.below(200) - 20);
    frames.push(length, content);
  }
  return Buffer.concat(frames);
}

/** Another API or version with the same content now and then. */
function damageFrame(random: SeededRandom, frame: Buffer): Uint8Array {
  const changed = Buffer.from(frame);
  if (random.chance(0.2)) changed.writeInt16BE(random.below(80), 0);
  if (random.chance(0.2)) changed.writeInt16BE(random.below(14), 2);
  const head = changed.subarray(0, 8);
  return random.chance(0.8)
    ? Buffer.concat([head, damageSome(random, changed.subarray(8), 0.15)])
    : damage(random, changed);
}

async function check(input: Uint8Array): Promise<void> {
  if (broker === null || broker.uses >= VALUES_PER_BROKER) {
    broker = { fixture: await realBroker(), uses: 0 };
  }
  broker.uses += 1;
  const { fixture } = broker;
  try {
    await serve(fixture, input);
    await checkLog(fixture);
  } catch (error) {
    broker = null;
    throw error;
  }
}

async function serve(fixture: BrokerFixture, input: Uint8Array): Promise<void> {
  const frames = new FrameReader({ maxBytes: FRAME_MAX_BYTES });
  // In pieces, as a socket brings them.
  for (let at = 0; at < input.length; at += 7) frames.push(input.subarray(at, at + 7));
  const closed = new AbortController();
  const caller = { ...NODE, cluster: fixture.cluster, interceptors: new Interceptors() };
  try {
    for (let frame = frames.next(); frame !== null; frame = frames.next()) {
      const asked = dispatch(frame, { ...caller, closed: closed.signal });
      asked.catch(() => {});
      // A fetch or a join may wait; nobody waits longer than its own request says.
      let isAnswered = false;
      asked.finally(() => isAnswered = true).catch(() => {});
      for (let waits = 0; !isAnswered && waits < 20; waits++) await fixture.clock.advance(2_000);
      if (!isAnswered) return;
      const answer = await asked;
      if (answer.kind === "cut") return;
    }
  } catch (error) {
    assert.ok(error instanceof MalformedRequestError, (error as Error).stack);
  } finally {
    closed.abort();
    await fixture.clock.settle();
  }
}

/** What was stored can be read, unless it was deleted. */
async function checkLog({ cluster }: BrokerFixture): Promise<void> {
  const log = cluster.topics.partition(TOPIC, 0)?.log;
  if (log === undefined || log.startOffset === log.endOffset) return;
  const chunks = log.read({
    from: log.startOffset,
    upTo: log.endOffset,
    maxBytes: FRAME_MAX_BYTES,
    minOneBatch: true,
  });
  const { unreadable } = await decodeRecordBatches(Buffer.concat(chunks), {
    topic: TOPIC,
    partition: 0,
    from: log.startOffset,
    aborted: [],
    maxDecompressedBytes: FRAME_MAX_BYTES,
  });
  assert.equal(unreadable, null, "the log holds what nobody can read");
}
