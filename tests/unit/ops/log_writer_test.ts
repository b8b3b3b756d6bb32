import assert from "node:assert/strict";
import { type LogOutput, LogWriter } from "../../../src/ops/log_writer.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** A pipe whose reader a test controls. */
class TestOutput implements LogOutput {
  written = "";
  writes = 0;
  /** The next write waits for `read`. */
  isFull = false;
  failWith: Error | null = null;
  /** Takes at most so many bytes at once. */
  most = Infinity;
  #read = () => {};

  async write(bytes: Uint8Array): Promise<number> {
    if (this.isFull) await new Promise<void>((resolve) => this.#read = resolve);
    return this.writeSync(bytes);
  }

  writeSync(bytes: Uint8Array): number {
    if (this.failWith !== null) throw this.failWith;
    const taken = bytes.subarray(0, this.most);
    this.writes += 1;
    this.written += new TextDecoder().decode(taken);
    return taken.length;
  }

  read(): void {
    this.isFull = false;
    this.#read();
  }
}

function makeWriter() {
  const output = new TestOutput();
  const clock = new ManualClock();
  const dropped: number[] = [];
  const onDropped = (lines: number) => {
    dropped.push(lines);
    writer.write(`dropped ${lines}`);
  };
  const writer = new LogWriter({ output, clock, onDropped });
  return { output, clock, dropped, writer };
}

Deno.test("LogWriter.write() puts the lines of one burst into one write, in order", async () => {
  const { output, writer } = makeWriter();
  for (const line of ["a", "b", "c"]) writer.write(line);
  assert.equal(output.written, "");
  await writer.close(1_000);
  assert.equal(output.written, "a\nb\nc\n");
  assert.equal(output.writes, 1);
});

Deno.test("LogWriter.write() goes on where a write took a part only", async () => {
  const { output, writer } = makeWriter();
  output.most = 3;
  writer.write("abcdefgh");
  await writer.close(1_000);
  assert.equal(output.written, "abcdefgh\n");
});

Deno.test("LogWriter.flush() writes at once what is buffered", () => {
  const { output, writer } = makeWriter();
  writer.write("last words");
  writer.flush();
  assert.equal(output.written, "last words\n");
});

Deno.test("LogWriter.flush() does not wait for a reader that does not read", async () => {
  const { output, clock, writer } = makeWriter();
  output.isFull = true;
  writer.write("first");
  await clock.settle();
  writer.write("second");
  clock.pass(10_000);
  writer.flush();
  assert.equal(output.written, "");
  output.read();
  await clock.settle();
  assert.equal(output.written, "first\nsecond\n");
});

Deno.test("LogWriter.write() drops lines instead of waiting, and tells how many", async () => {
  const { output, clock, dropped, writer } = makeWriter();
  output.isFull = true;
  const line = "x".repeat(1024 * 1024);
  writer.write("first");
  await clock.settle();
  for (let i = 0; i < 20; i++) writer.write(line);
  output.read();
  await writer.close(1_000);
  assert.equal(dropped.length, 1);
  const kept = output.written.split("\n").filter((each) => each === line).length;
  assert.equal(kept + (dropped[0] ?? 0), 20);
  assert.ok(kept >= 7 && kept <= 8, `${kept} lines of 1 MiB kept`);
  assert.ok(output.written.endsWith(`dropped ${dropped[0]}\n`));
});

Deno.test("LogWriter.write() survives a reader that has gone", async () => {
  const { output, clock, writer } = makeWriter();
  output.failWith = new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
  writer.write("a");
  await clock.settle();
  writer.write("b");
  writer.flush();
  await writer.close(1_000);
  assert.equal(output.written, "");
});

Deno.test("LogWriter.write() drops lines while the disk is full, and goes on with a whole line", async () => {
  const { output, clock, dropped, writer } = makeWriter();
  const full = Object.assign(new Error("No space left on device (os error 28)"), {
    code: "ENOSPC",
  });
  output.most = 3;
  const writeSync = output.writeSync.bind(output);
  let room = 6;
  output.writeSync = (bytes) => {
    if (room === 0) throw full;
    const taken = writeSync(bytes.subarray(0, room));
    room -= taken;
    return taken;
  };
  for (const line of ["abc", "def", "ghi"]) writer.write(line);
  await clock.settle();
  assert.equal(output.written, "abc\nde");
  writer.write("jkl");
  await clock.advance(999);
  assert.equal(output.written, "abc\nde");
  await clock.advance(1);
  writer.write("mno");
  assert.deepEqual(dropped, []);
  room = Infinity;
  await clock.advance(1_000);
  assert.equal(output.written, "abc\nde\nmno\ndropped 3\n");
  assert.deepEqual(dropped, [3]);
  await writer.close(1_000);
});

Deno.test("LogWriter.write() tries again where a non-blocking pipe is full", async () => {
  const { output, clock, writer } = makeWriter();
  output.failWith = new Deno.errors.WouldBlock("Resource temporarily unavailable");
  writer.write("a");
  await clock.settle();
  output.failWith = null;
  await clock.advance(100);
  assert.equal(output.written, "a\n");
});

Deno.test("LogWriter.close() ends at its deadline", async () => {
  const { output, clock, writer } = makeWriter();
  output.isFull = true;
  writer.write("a");
  let closed = false;
  const closing = writer.close(1_000).then(() => closed = true);
  await clock.advance(999);
  assert.equal(closed, false);
  await clock.advance(1);
  await closing;
  assert.equal(clock.pending, 0);
});
