/**
 * Snappy and lz4 read in the plainest way: slow, one byte at a time, from the format descriptions. What the service
 * makes of a block is held against it.
 */
import { Buffer } from "node:buffer";

/** What comes out; null when the bytes are damaged, or more than `maxBytes` come out. */
export function plainSnappy(bytes: Buffer, maxBytes: number): Buffer | null {
  const isFramed = bytes.subarray(0, 8).toString("latin1") === "\x82SNAPPY\0";
  if (!isFramed) return snappyBlock(bytes, maxBytes);
  if (bytes.length < 16) return null;
  const parts: Buffer[] = [];
  let size = 0;
  for (let at = 16; at < bytes.length;) {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) return null;
    const part = snappyBlock(bytes.subarray(at + 4, at + 4 + length), maxBytes - size);
    if (part === null) return null;
    parts.push(part);
    size += part.length;
    at += 4 + length;
  }
  return Buffer.concat(parts);
}

function snappyBlock(bytes: Buffer, maxBytes: number): Buffer | null {
  let at = 0;
  let size = 0n;
  for (let shift = 0n;; shift += 7n) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 28n) return null;
    size |= BigInt(byte & 127) << shift;
    if (byte < 128) break;
  }
  if (size > BigInt(maxBytes)) return null;
  const out: number[] = [];
  while (at < bytes.length) {
    const tag = bytes[at++] as number;
    if (tag % 4 === 0) {
      let length = tag >> 2;
      if (length >= 60) {
        const count = length - 59;
        if (at + count > bytes.length) return null;
        length = bytes.readUIntLE(at, count);
        at += count;
      }
      length += 1;
      if (at + length > bytes.length || out.length + length > Number(size)) return null;
      for (let i = 0; i < length; i++) out.push(bytes[at++] as number);
    } else {
      const wide = [0, 1, 2, 4][tag % 4] as number;
      if (at + wide > bytes.length) return null;
      const low = bytes.readUIntLE(at, wide);
      at += wide;
      const distance = wide === 1 ? low + ((tag >> 5) << 8) : low;
      const length = wide === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      if (distance === 0 || distance > out.length || out.length + length > Number(size)) {
        return null;
      }
      for (let i = 0; i < length; i++) out.push(out[out.length - distance] as number);
    }
  }
  return out.length === Number(size) ? Buffer.from(out) : null;
}

/** What comes out; null when the bytes are damaged, or more than `maxBytes` come out. */
export function plainLz4(bytes: Buffer, maxBytes: number): Buffer | null {
  const out: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 7 > bytes.length || bytes.readUInt32LE(at) !== 0x184d2204) return null;
    const flags = bytes[at + 4] as number;
    const kind = ((bytes[at + 5] as number) >> 4) & 7;
    if (flags >> 6 !== 1 || kind < 4 || (flags & 1) === 1) return null;
    const largest = 1 << (8 + 2 * kind);
    at += 7 + ((flags & 8) === 0 ? 0 : 8);
    const checksum = (flags & 16) === 0 ? 0 : 4;
    for (;;) {
      if (at + 4 > bytes.length) return null;
      const word = bytes.readUInt32LE(at);
      at += 4;
      if (word === 0) break;
      const size = word & 0x7fffffff;
      if (size > largest || at + size + checksum > bytes.length) return null;
      const block = bytes.subarray(at, at + size);
      const limit = Math.min(maxBytes, out.length + largest);
      if (word >>> 31 === 1) out.push(...block);
      else if (!lz4Block(block, out, limit)) return null;
      if (out.length > limit) return null;
      at += size + checksum;
    }
    if ((flags & 4) !== 0) at += 4;
    if (at > bytes.length) return null;
  }
  return Buffer.from(out);
}

/** False when the block is damaged. */
function lz4Block(block: Buffer, out: number[], limit: number): boolean {
  let at = 0;
  const more = (): number => {
    for (let sum = 0;;) {
      const byte = block[at++];
      if (byte === undefined) return Infinity;
      sum += byte;
      if (byte !== 255) return sum;
    }
  };
  while (at < block.length) {
    const token = block[at++] as number;
    let literals = token >> 4;
    if (literals === 15) literals += more();
    if (at + literals > block.length || out.length + literals > limit) return false;
    for (let i = 0; i < literals; i++) out.push(block[at++] as number);
    if (at === block.length) return true;
    if (at + 2 > block.length) return false;
    const distance = block.readUInt16LE(at);
    at += 2;
    let length = (token & 15) + 4;
    if ((token & 15) === 15) length += more();
    if (distance === 0 || distance > out.length || out.length + length > limit) return false;
    for (let i = 0; i < length; i++) out.push(out[out.length - distance] as number);
  }
  return true;
}
