import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  encodeAssignment,
  encodeSubscription,
  parseAssignment,
  parseSubscription,
} from "../../../src/kafka/subscription.ts";
import { SeededRandom } from "../../support/seeded_random.ts";

/** What the Java client and librdkafka write for topic t, with t/2 and t/5 owned in generation 7. */
const TOPICS = "00000001 0001 74";
const OWNED = "00000001 0001 74 00000002 00000002 00000005";
const FROM_OTHERS: readonly (readonly [what: string, hex: string, generation: number | null])[] = [
  ["version 1, generation in the user data", `0001 ${TOPICS} 00000004 00000007 ${OWNED}`, 7],
  ["version 1, foreign user data", `0001 ${TOPICS} 00000003 010203 ${OWNED}`, null],
  ["version 1, no user data", `0001 ${TOPICS} ffffffff ${OWNED}`, null],
  ["version 1, a member of no generation", `0001 ${TOPICS} 00000004 ffffffff ${OWNED}`, null],
  ["version 2", `0002 ${TOPICS} ffffffff ${OWNED} 00000007`, 7],
  ["version 2, a member of no generation", `0002 ${TOPICS} ffffffff ${OWNED} ffffffff`, null],
  ["version 3, with a rack", `0003 ${TOPICS} ffffffff ${OWNED} 00000007 0001 72`, 7],
  ["version 9, with more than we know", `0009 ${TOPICS} ffffffff ${OWNED} 00000007 0102030405`, 7],
];

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

for (const [what, hex, ownedGeneration] of FROM_OTHERS) {
  Deno.test(`parseSubscription() reads ${what}`, () => {
    const owned = [{ topic: "t", partition: 2 }, { topic: "t", partition: 5 }];
    assert.deepEqual(parseSubscription(bytesOf(hex)), { topics: ["t"], owned, ownedGeneration });
  });
}

Deno.test("parseSubscription() reads what says nothing of owned partitions", () => {
  const expected = { topics: ["t"], owned: [], ownedGeneration: null };
  for (
    const hex of [
      `0000 ${TOPICS} 00000000`,
      `0001 ${TOPICS} ffffffff`,
      `0002 ${TOPICS} 00000000 ffffffff`,
    ]
  ) {
    assert.deepEqual(parseSubscription(bytesOf(hex)), expected, hex);
  }
});

Deno.test("encodeSubscription() writes version 1 with the generation where Java looks for it", () => {
  const owned = [{ topic: "t", partition: 2 }, { topic: "t", partition: 5 }];
  const expected = bytesOf(`0001 ${TOPICS} 00000004 00000007 ${OWNED}`);
  assert.deepEqual(Buffer.from(encodeSubscription(["t"], owned, 7)), expected);
});

Deno.test("parseSubscription() reads what encodeSubscription() wrote", () => {
  const owned = [{ topic: "é", partition: 3 }, { topic: "t", partition: 0 }];
  const bytes = encodeSubscription(["é", "t"], owned, -1);
  assert.deepEqual(parseSubscription(bytes), { topics: ["é", "t"], owned, ownedGeneration: null });
});

Deno.test("parseAssignment() reads what encodeAssignment() wrote, and nothing as empty", () => {
  const partitions = [{ topic: "t", partition: 0 }, { topic: "u", partition: 2 }];
  assert.deepEqual(parseAssignment(encodeAssignment(partitions)), partitions);
  assert.deepEqual(parseAssignment(encodeAssignment([])), []);
  assert.deepEqual(parseAssignment(new Uint8Array(0)), []);
  assert.deepEqual(parseAssignment(null), []);
});

Deno.test("parseAssignment() reads version 3 with user data", () => {
  const bytes = bytesOf("0003 00000001 0001 74 00000001 00000009 00000002 aabb");
  assert.deepEqual(parseAssignment(bytes), [{ topic: "t", partition: 9 }]);
});

/** Bytes that are not the consumer protocol. */
const DAMAGED: readonly string[] = [
  "",
  "00",
  "0001",
  "0001 7fffffff",
  "0001 00000001 ffff",
  "0001 00000001 0005 74",
  "0001 00000001 0001 74 00000001 0001 74 00000001 ffffffff",
];

for (const hex of DAMAGED) {
  Deno.test(`parseSubscription() refuses ${hex === "" ? "nothing" : hex} with a clear error`, () => {
    const size = bytesOf(hex).length;
    assert.throws(() => parseSubscription(bytesOf(hex)), {
      message: `Check the members of the group, the subscription of one is not Kafka's consumer ` +
        `protocol: ${size} bytes`,
    });
  });
}

Deno.test("parseAssignment() refuses a negative partition", () => {
  const bytes = bytesOf("0001 00000001 0001 74 00000001 ffffffff");
  assert.throws(() => parseAssignment(bytes), /the assignment of one/);
});

Deno.test("parseSubscription() answers or throws that error for 20,000 damaged ones", () => {
  const random = new SeededRandom(41);
  for (let round = 0; round < 20_000; round++) {
    const [, hex] = random.pick(FROM_OTHERS);
    const bytes = bytesOf(hex);
    for (let left = random.between(1, 4); left > 0; left--) {
      bytes[random.below(bytes.length)] = random.pick([0, 1, 0x7f, 0xff, random.below(256)]);
    }
    const cut = random.chance(0.3) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    try {
      parseSubscription(cut);
    } catch (error) {
      const { message } = error as Error;
      assert.match(message, /^Check the members/, `seed ${random.seed}, round ${round}`);
    }
  }
});
