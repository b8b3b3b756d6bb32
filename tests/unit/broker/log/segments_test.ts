import assert from "node:assert/strict";
import { Segments } from "../../../../src/broker/log/segments.ts";

Deno.test("Segments.copy() copies, one after the other into the same buffer", () => {
  const segments = new Segments();
  const bytes = Uint8Array.of(1, 2, 3);
  const [first, second] = [segments.copy(bytes), segments.copy(bytes)];
  bytes[0] = 9;
  assert.deepEqual([[...first], [...second]], [[1, 2, 3], [1, 2, 3]]);
  assert.equal(first.buffer, second.buffer);
});

Deno.test("Segments.copy() takes small buffers first, larger ones for a log that grows", () => {
  const segments = new Segments();
  const bytes = new Uint8Array(1000);
  const sizes = new Set<number>();
  for (let i = 0; i < 300; i++) sizes.add(segments.copy(bytes).buffer.byteLength);
  assert.deepEqual([...sizes], [4096, 8192, 16384, 32768, 65536]);
});

Deno.test("Segments.copy() gives what is large a buffer of its own, of its very size", () => {
  const segments = new Segments();
  segments.copy(new Uint8Array(10));
  for (const size of [5_000, 65_535, 65_536, 1_000_000]) {
    const copy = segments.copy(new Uint8Array(size));
    assert.equal(copy.length, size);
    assert.ok(copy.buffer.byteLength <= Math.max(size, 65_536), `${copy.buffer.byteLength}`);
  }
});
