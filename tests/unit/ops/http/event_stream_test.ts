import assert from "node:assert/strict";
import { EventStream } from "../../../../src/ops/http/event_stream.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

function bench() {
  const clock = new ManualClock();
  let made = 0;
  const stream = new EventStream({ clock, snapshot: () => ({ made: ++made }) });
  return { clock, stream, made: () => made };
}

function openOrFail(stream: EventStream): ReadableStreamDefaultReader<Uint8Array> {
  const body = stream.open();
  assert.ok(body !== null);
  return body.getReader();
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  return new TextDecoder().decode((await reader.read()).value);
}

Deno.test("EventStream sends a snapshot at once and one a second, made once for all", async () => {
  const { clock, stream, made } = bench();
  const [a, b] = [openOrFail(stream), openOrFail(stream)];
  assert.equal(await next(a), 'retry: 2000\n\nevent: snapshot\ndata: {"made":1}\n\n');
  await next(b);
  await clock.advance(1_000);
  assert.equal(await next(a), 'event: snapshot\ndata: {"made":3}\n\n');
  assert.equal(await next(b), 'event: snapshot\ndata: {"made":3}\n\n');
  assert.equal(made(), 3);
  stream.close();
});

Deno.test("EventStream makes nothing while nobody listens", async () => {
  const { clock, stream, made } = bench();
  const reader = openOrFail(stream);
  await reader.cancel();
  await clock.advance(10_000);
  assert.deepEqual([made(), clock.pending], [1, 0]);
  openOrFail(stream);
  await clock.advance(1_000);
  assert.equal(made(), 3);
  stream.close();
  assert.equal(clock.pending, 0);
});

Deno.test("EventStream takes so many listeners and no more", async () => {
  const { stream } = bench();
  const readers = Array.from({ length: 16 }, () => openOrFail(stream));
  assert.equal(stream.open(), null);
  await readers[0]?.cancel();
  assert.notEqual(stream.open(), null);
  stream.close();
  assert.equal(stream.open(), null);
});

Deno.test("EventStream holds little for a listener that does not read, and lets it go", async () => {
  const { clock, stream } = bench();
  const reader = openOrFail(stream);
  await clock.advance(60_000);
  assert.equal(clock.pending, 0);
  await assert.rejects(async () => {
    for (let i = 0; i < 5; i++) await reader.read();
  }, /does not read/);
});
