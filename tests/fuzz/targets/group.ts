/**
 * What members of a group say of themselves: whatever the bytes, the plan gives each partition to one member at most
 * that wants its topic; a subscription that cannot be read is refused whole.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { planGroup } from "../../../src/kafka/group_plan.ts";
import {
  encodeAssignment,
  encodeSubscription,
  parseAssignment,
  parseSubscription,
  type Subscription,
} from "../../../src/kafka/subscription.ts";
import type { TopicPartition } from "../../../src/processing/message.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { damageSome } from "../bytes.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

export const GROUP: FuzzTarget = { name: "group", weight: 20, make, check };

const TOPICS = ["a", "b", "c"];
const PROTOCOLS = ["cooperative-sticky", "range", "roundrobin", "other"];
const PARTITIONS = 5;

/** The protocol's number, then each member's bytes after their length. */
function make(random: SeededRandom): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from([random.below(PROTOCOLS.length)])];
  for (let left = random.between(1, 5); left > 0; left--) {
    const subscription = random.chance(0.1)
      ? encodeAssignment(drawPartitions(random))
      : encodeSubscription(
        TOPICS.filter(() => random.chance(0.6)),
        drawPartitions(random),
        random.between(-1, 3),
      );
    const bytes = Buffer.from(damageSome(random, subscription, 0.75));
    if (random.chance(0.2) && bytes.length > 2) bytes.writeInt16BE(random.below(5), 0);
    parts.push(Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes);
  }
  return Buffer.concat(parts);
}

function drawPartitions(random: SeededRandom): TopicPartition[] {
  return Array.from({ length: random.below(6) }, () => ({
    topic: random.pick(TOPICS),
    partition: random.below(PARTITIONS + 1),
  }));
}

function check(input: Uint8Array): void {
  const members = splitMembers(Buffer.from(input));
  const protocol = PROTOCOLS[(input[0] ?? 0) % PROTOCOLS.length] ?? "range";
  const readable = members.filter(({ memberMetadata }) => readOrNull(memberMetadata) !== null);
  const join = {
    throttleTimeMs: 0,
    errorCode: 0,
    generationId: 3,
    groupProtocol: protocol,
    leaderId: "m0",
    memberId: "m0",
  };
  const partitionsOf = (topic: string) => {
    return TOPICS.includes(topic) ? Array.from({ length: PARTITIONS }, (_, i) => i) : [];
  };
  if (readable.length < members.length) {
    assert.throws(() => planGroup({ ...join, members }, partitionsOf), Error);
  }
  const plan = planGroup({ ...join, members: readable }, partitionsOf);
  assertSame(
    plan.map(({ memberId }) => memberId),
    readable.map(({ memberId }) => memberId).sort(),
  );
  const given = new Set<string>();
  for (const { memberId, memberAssignment } of plan) {
    const metadata = readable.find((member) => member.memberId === memberId)?.memberMetadata;
    const topics = readOrNull(metadata ?? Buffer.alloc(0))?.topics ?? [];
    for (const { topic, partition } of parseAssignment(memberAssignment)) {
      const key = `${topic}/${partition}`;
      assert.ok(topics.includes(topic) && partition < PARTITIONS, `${memberId} gets ${key}`);
      assert.ok(!given.has(key), `${key} is given twice`);
      given.add(key);
    }
  }
  if (protocol !== "cooperative-sticky") checkAllGiven(readable, given);
}

function checkAllGiven(members: readonly Member[], given: ReadonlySet<string>): void {
  const wanted = new Set(
    members.flatMap(({ memberMetadata }) => readOrNull(memberMetadata)?.topics ?? []),
  );
  const known = TOPICS.filter((topic) => wanted.has(topic));
  assert.equal(given.size, known.length * PARTITIONS, "partitions are left out");
}

interface Member {
  readonly memberId: string;
  readonly memberMetadata: Buffer;
}

function splitMembers(bytes: Buffer): Member[] {
  const members: Member[] = [];
  for (let at = 1; at + 2 <= bytes.length;) {
    const end = at + 2 + bytes.readUInt16BE(at);
    const memberMetadata = bytes.subarray(at + 2, end);
    members.push({ memberId: `m${members.length}`, memberMetadata });
    at = end;
  }
  return members;
}

/** Null when it is refused; read as an assignment, too, which must not fail in another way. */
function readOrNull(bytes: Buffer): Subscription | null {
  try {
    for (const { partition } of parseAssignment(bytes)) assert.ok(partition >= 0);
  } catch (error) {
    assertRefusal(error);
  }
  try {
    const subscription = parseSubscription(bytes);
    for (const { partition } of subscription.owned) assert.ok(partition >= 0);
    assert.ok(subscription.topics.length <= bytes.length);
    return subscription;
  } catch (error) {
    assertRefusal(error);
    return null;
  }
}

function assertRefusal(error: unknown): void {
  assert.ok(error instanceof Error && error.message.startsWith("Check the members"), String(error));
}
