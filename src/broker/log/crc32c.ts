/** CRC-32C (Castagnoli), as record batches carry it; four bytes a step. */

const POLYNOMIAL = 0x82f63b78;
const SLICES = 4;
const TABLES = makeTables();

/** The checksum of the bytes, as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - bytes.length % SLICES;
  let crc = -1;
  let at = 0;
  for (; at < whole; at += SLICES) {
    const word = crc ^ view.getInt32(at, true);
    crc = entry(3, word) ^ entry(2, word >>> 8) ^ entry(1, word >>> 16) ^ entry(0, word >>> 24);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ entry(0, crc ^ view.getUint8(at));
  return ~crc >>> 0;
}

function entry(slice: number, byte: number): number {
  return TABLES[(slice << 8) | (byte & 0xff)] ?? 0;
}

/** Table n gives what a byte does to the checksum n bytes later. */
function makeTables(): Int32Array {
  const tables = new Int32Array(SLICES << 8);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] ?? 0;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
}
