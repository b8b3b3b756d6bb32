/** Bytes made and damaged at random: what every target builds its values with. */
import { Buffer } from "node:buffer";
import type { SeededRandom } from "../support/seeded_random.ts";

/** Numbers at which readers go wrong. */
const ODD_BYTES = [0, 1, 0x20, 0x22, 0x5c, 0x7f, 0x80, 0xbf, 0xc0, 0xef, 0xf0, 0xfe, 0xff];
const ODD_INTS = [-2_147_483_648, -65_536, -2, -1, 0, 1, 255, 65_535, 0x7fffff, 2_147_483_647];
/** Also what a text reader may trip over. */
const ODD_TEXTS = [
  "\0",
  "\ufeff",
  "\u2028",
  "\ud83d\ude00",
  "__proto__",
  "constructor",
  "toString",
  "1e999",
  "-0",
  "9007199254740993",
  "\\u0000",
  "\\ud800",
  "${x}",
  "\r\n",
  "'\"`",
  "é",
  "İ",
];

export function randomBytes(random: SeededRandom, maxLength: number): Buffer {
  const bytes = Buffer.alloc(random.below(maxLength + 1));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
  return bytes;
}

/** Letters, and now and then what is none. */
export function randomText(random: SeededRandom, maxLength: number): string {
  let text = "";
  const length = random.below(maxLength + 1);
  while (text.length < length) {
    text += random.chance(0.08)
      ? random.pick(ODD_TEXTS)
      : String.fromCharCode(random.chance(0.97) ? random.between(97, 122) : random.below(0xd800));
  }
  return text;
}

export function oddInt(random: SeededRandom): number {
  return random.chance(0.7) ? random.pick(ODD_INTS) : random.between(-2_147_483_648, 2_147_483_647);
}

/** The bytes with up to `most` changes of any kind. */
export function damage(random: SeededRandom, bytes: Uint8Array, most = 4): Buffer {
  let damaged: Buffer = Buffer.from(bytes);
  for (let left = random.between(1, most); left > 0; left--) damaged = damageOnce(random, damaged);
  return damaged;
}

/** As `damage`, or with a good share left as it is. */
export function damageSome(random: SeededRandom, bytes: Uint8Array, goodShare = 0.3): Uint8Array {
  return random.chance(goodShare) ? bytes : damage(random, bytes);
}

function damageOnce(random: SeededRandom, bytes: Buffer): Buffer {
  if (bytes.length === 0) return randomBytes(random, 8);
  const at = random.below(bytes.length);
  switch (random.below(9)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.pick(ODD_BYTES);
      return bytes;
    case 2:
      bytes[at] = random.below(256);
      return bytes;
    case 3:
      return Buffer.concat([bytes.subarray(0, at), randomBytes(random, 8), bytes.subarray(at)]);
    case 4: // a part is gone
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 16))]);
    case 5:
      return bytes.subarray(0, at);
    case 6: // a part is there twice
      return Buffer.concat([
        bytes.subarray(0, at),
        bytes.subarray(Math.max(0, at - random.below(64))),
      ]);
    case 7:
      if (at + 4 <= bytes.length) bytes.writeInt32BE(oddInt(random), at);
      return bytes;
    default:
      if (at + 2 <= bytes.length) bytes.writeInt16BE(oddInt(random) << 16 >> 16, at);
      return bytes;
  }
}
