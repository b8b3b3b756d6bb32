/**
 * Answers of a broker, cut off and garbled: every decoder of ours answers or throws an Error, at once, and holds no more
 * than came. What a readable one holds goes on to whoever reads it next.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseCommitMetadata } from "../../../src/kafka/commit_metadata.ts";
import type { FetchAnswer } from "../../../src/kafka/fetch_request.ts";
import { planGroup } from "../../../src/kafka/group_plan.ts";
import type { JoinAnswer, SyncAnswer } from "../../../src/kafka/protocol.ts";
import { decodeRecordBatches } from "../../../src/kafka/record_batch.ts";
import { parseAssignment } from "../../../src/kafka/subscription.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { damage, damageSome, oddInt, randomBytes } from "../bytes.ts";
import { askEverything, type RealAnswer, realBroker } from "../real_answers.ts";
import type { FuzzTarget } from "../target.ts";

export const ANSWERS: FuzzTarget = { name: "answers", weight: 20, make, check };

let known: Promise<readonly RealAnswer[]> | null = null;

function realAnswers(): Promise<readonly RealAnswer[]> {
  known ??= realBroker().then(askEverything);
  return known;
}

/** The request's key and version, then the answer. */
async function make(random: SeededRandom): Promise<Uint8Array> {
  const answers = await realAnswers();
  const { request, version, payload } = random.pick(answers);
  return Buffer.concat([Buffer.from([request.apiKey, version]), damageAnswer(random, payload)]);
}

function damageAnswer(random: SeededRandom, payload: Buffer): Uint8Array {
  const share = random.next();
  if (share < 0.05) return randomBytes(random, 100);
  if (share < 0.4) return damageSome(random, payload, 0.1);
  const changed = Buffer.from(payload);
  if (changed.length < 4) return damage(random, changed);
  // Counts and lengths at any place: this is where readers allocate and loop.
  for (let left = random.between(1, 3); left > 0; left--) {
    const at = random.below(changed.length - 3);
    const kind = random.below(3);
    if (kind === 0) changed.writeInt32BE(oddInt(random), at);
    else if (kind === 1) changed.writeInt16BE(oddInt(random) << 16 >> 16, at);
    else {changed.fill(
        random.pick([0xff, 0x80, 0x7f]),
        at,
        Math.min(changed.length, at + random.between(1, 5)),
      );}
  }
  return changed;
}

async function check(input: Uint8Array): Promise<void> {
  const answers = await realAnswers();
  const [apiKey, version = 0] = input;
  const request = answers.find((each) => each.request.apiKey === apiKey)?.request;
  if (request === undefined) return;
  const payload = Buffer.from(input.subarray(2));
  let decoded: unknown;
  try {
    decoded = await request.decode(payload, version);
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    return;
  }
  checkSize(decoded, payload.length);
  await passOn(request.apiName, decoded);
}

/** Every item took a byte of the answer at least. */
function checkSize(value: unknown, bytes: number): void {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  if (Array.isArray(value)) assert.ok(value.length <= bytes, `${value.length} items`);
  for (const each of Object.values(value)) checkSize(each, bytes);
}

async function passOn(apiName: string, decoded: unknown): Promise<void> {
  switch (apiName) {
    case "Fetch":
      for (const { records, aborted } of (decoded as FetchAnswer).partitions) {
        const options = { topic: "t", partition: 0, from: 0, aborted, maxDecompressedBytes: 1e6 };
        await decodeRecordBatches(records, options);
      }
      return;
    case "JoinGroup":
      return refused(() => planGroup(decoded as JoinAnswer, () => [0, 1]));
    case "SyncGroup":
      return refused(() => parseAssignment((decoded as SyncAnswer).memberAssignment));
    case "OffsetFetch":
      for (const each of (decoded as { partitions: { metadata: string | null }[] }).partitions) {
        parseCommitMetadata(each.metadata, 1);
      }
  }
}

function refused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof Error && /^Check the members/.test(error.message), String(error));
  }
}
