/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches. Eight bytes a step by eight tables: several times
 * faster than a byte a step, which matters because every fetched byte goes through here.
 */
const POLYNOMIAL = 0x82f63b78;
const TABLES = buildTables();

/** The checksum of `bytes` as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  const { buffer, byteOffset, length } = bytes;
  const view = new DataView(buffer, byteOffset, length);
  let crc = 0xffffffff;
  let at = 0;
  for (const end = length - 7; at < end; at += 8) {
    const low = crc ^ view.getUint32(at, true);
    const high = view.getUint32(at + 4, true);
    crc = pick(t7, low) ^ pick(t6, low >>> 8) ^ pick(t5, low >>> 16) ^ pick(t4, low >>> 24) ^
      pick(t3, high) ^ pick(t2, high >>> 8) ^ pick(t1, high >>> 16) ^ pick(t0, high >>> 24);
  }
  for (; at < length; at++) crc = pick(t0, crc ^ view.getUint8(at)) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

type Tables = readonly [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

function pick(table: Uint32Array, byte: number): number {
  return table[byte & 0xff] ?? 0;
}

function buildTables(): Tables {
  const tables: Tables = [
    new Uint32Array(256),
    new Uint32Array(256),
    new Uint32Array(256),
    new Uint32Array(256),
    new Uint32Array(256),
    new Uint32Array(256),
    new Uint32Array(256),
    new Uint32Array(256),
  ];
  const [first] = tables;
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[byte] = crc;
  }
  for (let table = 1; table < tables.length; table++) {
    const before = tables[table - 1] ?? first;
    const current = tables[table] ?? first;
    for (let byte = 0; byte < 256; byte++) {
      const crc = before[byte] ?? 0;
      current[byte] = pick(first, crc) ^ (crc >>> 8);
    }
  }
  return tables;
}
