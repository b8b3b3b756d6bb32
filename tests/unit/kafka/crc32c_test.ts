import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32c } from "../../../src/kafka/crc32c.ts";
import { SeededRandom } from "../../support/seeded_random.ts";

/** RFC 3720, B.4, and the check value of the catalogue of CRC algorithms. */
const PUBLISHED: readonly (readonly [name: string, bytes: Uint8Array, crc: number])[] = [
  ["nothing", Buffer.alloc(0), 0],
  ["123456789", Buffer.from("123456789"), 0xe3069283],
  ["32 zeros", Buffer.alloc(32), 0x8a9136aa],
  ["32 ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
  ["32 rising", Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ["32 falling", Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
];

for (const [name, bytes, crc] of PUBLISHED) {
  Deno.test(`crc32c() gives the published value of ${name}`, () => {
    assert.equal(crc32c(bytes), crc);
  });
}

Deno.test("crc32c() is the same as bit by bit, for every length and alignment", () => {
  const random = new SeededRandom(1);
  const bytes = Buffer.from(Array.from({ length: 80 }, () => random.below(256)));
  for (let start = 0; start < 9; start++) {
    for (let end = start; end <= bytes.length; end++) {
      const part = bytes.subarray(start, end);
      assert.equal(crc32c(part), bitByBit(part), `[${start}, ${end})`);
    }
  }
});

function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
