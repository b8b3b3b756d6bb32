import assert from "node:assert/strict";
import { FatalError, PermanentError } from "../../../src/processing/failure.ts";
import { delivery, message, ProcessingBench } from "../../support/processing_bench.ts";

/** Handlers that end when the test says so. */
function gates() {
  const open = new Map<number, PromiseWithResolvers<void>>();
  const wait = (offset: number) => {
    const gate = Promise.withResolvers<void>();
    open.set(offset, gate);
    return gate.promise;
  };
  return { wait, end: (offset: number) => open.get(offset)?.resolve() };
}

Deno.test("Assignment.deliver() drops a delivery for another position", () => {
  const bench = new ProcessingBench();
  const partition = bench.own(5);
  assert.equal(bench.assignment.deliver(partition, delivery(7, [message(7)])), false);
  assert.deepEqual([partition.position, partition.prefix, bench.calls], [5, 5, []]);
  assert.equal(bench.assignment.deliver(partition, delivery(5, [message(6)], { next: 9 })), true);
  assert.deepEqual([partition.position, partition.prefix, bench.calls], [9, 9, ["6#1"]]);
  bench.assignment.close();
});

Deno.test("Assignment.deliver() refuses offsets that a number cannot hold", () => {
  const bench = new ProcessingBench();
  const partition = bench.own();
  const broken = delivery(0, [message(2 ** 53)]);
  assert.throws(() => bench.assignment.deliver(partition, broken), RangeError);
  bench.assignment.close();
});

Deno.test("Partition.prefix stays below the first message that is not done", async () => {
  const { wait, end } = gates();
  const bench = new ProcessingBench(({ offset }) => wait(offset));
  const partition = bench.own();
  bench.deliver(partition, ["a", "b", "c"]);
  end(1);
  end(2);
  await bench.clock.settle();
  assert.deepEqual([partition.prefix, bench.assignment.snapshot()[0]?.offset], [0, 0]);
  end(0);
  await bench.clock.settle();
  assert.equal(partition.prefix, 3);
  bench.assignment.close();
});

Deno.test("Lanes run one message of a key at a time, other keys go on", async () => {
  const { wait, end } = gates();
  const bench = new ProcessingBench(({ offset }) => offset === 0 ? wait(0) : undefined);
  bench.deliver(bench.own(), ["a", "a", "b"]);
  assert.deepEqual(bench.calls, ["0#1", "2#1"]);
  end(0);
  await bench.clock.settle();
  assert.deepEqual(bench.calls, ["0#1", "2#1", "1#1"]);
  bench.assignment.close();
});

Deno.test("Lanes start nothing while the lease is gone", () => {
  const bench = new ProcessingBench();
  const partition = bench.own();
  bench.hasLease = false;
  bench.deliver(partition, ["a", "b"]);
  assert.deepEqual(bench.calls, []);
  bench.hasLease = true;
  bench.assignment.wake();
  assert.deepEqual(bench.calls, ["0#1", "1#1"]);
  bench.assignment.close();
});

Deno.test("Lanes let the event loop turn after 8 ms of synchronous handlers", async () => {
  const bench: ProcessingBench = new ProcessingBench(() => bench.clock.pass(3));
  bench.deliver(bench.own(), ["a", "b", "c", "d", "e"]);
  assert.equal(bench.calls.length, 3);
  await bench.clock.advance(0);
  assert.equal(bench.calls.length, 5);
  bench.assignment.close();
});

Deno.test("A waiting retry holds its lane and no slot", async () => {
  const script = ({ attempt, offset }: { attempt: number; offset: number }) => {
    if (offset === 0 && attempt < 3) throw new Error("not yet");
  };
  const bench = new ProcessingBench(script, { concurrency: 1, backoffMs: 1_000 });
  const partition = bench.own();
  bench.deliver(partition, ["a", "a", "b"]);
  assert.deepEqual(bench.calls, ["0#1", "2#1"]);
  await bench.clock.advance(5_000);
  assert.deepEqual(bench.calls, ["0#1", "2#1", "0#2", "0#3", "1#1"]);
  assert.equal(partition.prefix, 3);
  bench.assignment.close();
});

Deno.test("A spent budget and a PermanentError end as dead letters, once acknowledged", async () => {
  const bench = new ProcessingBench(({ offset }) => {
    throw offset === 0 ? new PermanentError("no user", { code: "no_user" }) : new Error("down");
  });
  const partition = bench.own();
  const stored = Promise.withResolvers<void>();
  bench.sink.answer = () => stored.promise;
  bench.deliver(partition, ["a", "b"]);
  await bench.clock.advance(10_000);
  assert.deepEqual([partition.prefix, bench.telemetry.of("messageDeadLettered").length], [0, 0]);
  stored.resolve();
  await bench.clock.settle();
  assert.equal(partition.prefix, 2);
  const codes = bench.telemetry.of("messageDeadLettered").map(({ facts }) => facts);
  assert.deepEqual(codes.map(({ attempts, failure }) => [attempts, failure.code]), [
    [1, "no_user"],
    [3, "handler_error"],
  ]);
  bench.assignment.close();
});

Deno.test("A dead letter that cannot be written waits for ever and frees its slot", async () => {
  const bench = new ProcessingBench(({ offset }) => {
    if (offset === 0) throw new PermanentError("bad");
  }, { concurrency: 1 });
  bench.sink.answer = () => "fail";
  const partition = bench.own();
  bench.deliver(partition, ["a", "b"]);
  await bench.clock.advance(60_000);
  assert.deepEqual([partition.prefix, bench.calls], [0, ["0#1", "1#1"]]);
  assert.ok(bench.telemetry.of("deadLetterDelayed").length > 50);
  bench.sink.answer = () => "ack";
  await bench.clock.advance(2_000);
  assert.equal(partition.prefix, 2);
  bench.assignment.close();
});

Deno.test("A dead letter that is refused is compressed, then sent without its value", async () => {
  const bench = new ProcessingBench();
  bench.sink.answer = ({ value }) => value === null ? "ack" : "refuse";
  const partition = bench.own();
  const bad = message(0, { value: "{", headers: [["h", null], ["h", null]] });
  bench.assignment.deliver(partition, delivery(0, [bad]));
  await bench.clock.settle();
  assert.deepEqual(bench.sink.asked.map(({ compressed }) => compressed), [false, true, true]);
  const [letter] = bench.sink.stored;
  const texts = new Map(letter?.headers.map(([n, v]) => [n, v && new TextDecoder().decode(v)]));
  assert.equal(letter?.headers.filter(([name]) => name === "h").length, 2);
  assert.equal(texts.get("__dlq.processing.value.bytes"), "1");
  assert.equal(texts.get("__dlq.processing.code"), "not_json");
  bench.assignment.close();
});

Deno.test("A handler that ignores its deadline is abandoned, and what it does later changes nothing", async () => {
  const late = Promise.withResolvers<void>();
  const bench = new ProcessingBench(({ attempt }) => attempt === 1 ? late.promise : undefined);
  const partition = bench.own();
  bench.deliver(partition, ["a"]);
  await bench.clock.advance(1_000);
  assert.deepEqual(bench.telemetry.offsets("handlerAbandoned"), [0]);
  await bench.clock.advance(1_000);
  assert.deepEqual([bench.calls, partition.prefix], [["0#1", "0#2"], 1]);
  late.reject(new Error("late"));
  await bench.clock.settle();
  assert.deepEqual(bench.telemetry.offsets("messageProcessed"), [0]);
  bench.assignment.close();
});

Deno.test("Assignment.drain() goes to the frontier, retries included, and starts nothing above", async () => {
  const { wait, end } = gates();
  const bench = new ProcessingBench(({ offset, attempt }) => {
    if (offset === 2 && attempt === 1) throw new Error("once");
    return offset === 0 ? wait(0) : undefined;
  }, { concurrency: 2 });
  const partition = bench.own();
  bench.deliver(partition, ["a", "a", "b", "b"]);
  let drained: boolean | null = null;
  void bench.assignment.drain([partition], 10_000).then((is) => drained = is);
  await bench.clock.advance(500);
  assert.deepEqual([bench.calls, drained], [["0#1", "2#1", "2#2"], null]);
  end(0);
  await bench.clock.settle();
  assert.deepEqual([bench.calls.at(-1), drained, partition.prefix], ["1#1", true, 3]);
  bench.assignment.resume([partition]);
  assert.equal(bench.calls.at(-1), "3#1");
  bench.assignment.close();
});

Deno.test("Assignment.drain() ends at its deadline, and early for a suspended partition", async () => {
  const bench = new ProcessingBench(() => new Promise(() => {}));
  const partition = bench.own();
  bench.deliver(partition, ["a"]);
  const atDeadline = bench.assignment.drain([partition], 500);
  await bench.clock.advance(500);
  assert.equal(await atDeadline, false);
  const early = bench.assignment.drain([partition], 500_000);
  bench.assignment.suspend();
  assert.equal(await early, false);
  bench.assignment.close();
});

Deno.test("Assignment.revoke() aborts what runs, counts it, and ignores what comes of it", async () => {
  const { wait, end } = gates();
  let signal: AbortSignal | undefined;
  const bench = new ProcessingBench((context) => {
    signal = context.signal;
    return wait(context.offset);
  });
  const partition = bench.own();
  bench.deliver(partition, ["a", "b"]);
  assert.equal(bench.assignment.revoke([partition]), 2);
  assert.equal(signal?.aborted, true);
  end(0);
  end(1);
  await bench.clock.settle();
  assert.deepEqual([bench.telemetry.all, bench.progress, partition.prefix], [[], 0, 0]);
  assert.equal(bench.clock.pending, 1); // the slice alone
  bench.assignment.close();
  assert.equal(bench.clock.pending, 0);
});

Deno.test("Assignment.readopt() goes on where it stood and skips what was done elsewhere", () => {
  const bench = new ProcessingBench();
  const partition = bench.own();
  bench.hasLease = false;
  bench.deliver(partition, ["a", "b", "c"]);
  bench.assignment.suspend();
  bench.hasLease = true;
  bench.assignment.wake();
  assert.deepEqual([bench.calls, bench.assignment.snapshot()], [[], []]);
  assert.equal(bench.assignment.readopt(partition, 4), false);
  assert.equal(bench.assignment.readopt(partition, 2), true);
  assert.deepEqual([bench.calls, partition.prefix, partition.committed], [["2#1"], 3, 2]);
  assert.deepEqual(bench.telemetry.offsets("messageSkipped"), [0, 1]);
  bench.assignment.close();
});

Deno.test("A FatalError stops the service, leaves its message undone, and does not hold up a drain", async () => {
  const bench = new ProcessingBench(() => {
    throw new FatalError("disk full");
  });
  const partition = bench.own();
  bench.deliver(partition, ["a"]);
  assert.deepEqual([bench.fatal.length, partition.prefix, partition.inFlight], [1, 0, 1]);
  assert.equal(await bench.assignment.drain([partition], 1_000_000), false);
  bench.assignment.close();
});

Deno.test("A FatalError ends a drain that waits for its message", async () => {
  const { wait, end } = gates();
  const bench = new ProcessingBench(async ({ offset }) => {
    await wait(offset);
    throw new FatalError("disk full");
  });
  const partition = bench.own();
  bench.deliver(partition, ["a"]);
  const drained = bench.assignment.drain([partition], 1_000_000);
  end(0);
  assert.equal(await drained, false);
  bench.assignment.close();
});

Deno.test("Assignment.resume() tells that there is room again", async () => {
  const bench = new ProcessingBench();
  const partition = bench.own();
  assert.equal(await bench.assignment.drain([partition], 1_000), true);
  assert.equal(partition.wants(), false);
  bench.assignment.resume([partition]);
  assert.deepEqual([partition.wants(), bench.rooms], [true, [partition]]);
  bench.assignment.close();
});

Deno.test("Assignment.revoke() gives the slots of a partition to the others", () => {
  const script = ({ offset }: { offset: number }) =>
    offset === 0 ? new Promise<void>(() => {}) : undefined;
  const bench = new ProcessingBench(script, { concurrency: 1 });
  const stuck = bench.own();
  bench.deliver(stuck, ["a"]);
  const other = bench.assignment.assign({ topic: "t", partition: 1 }, {
    position: 7,
    leaderEpoch: -1,
  });
  bench.assignment.deliver(other, delivery(7, [message(7)]));
  assert.deepEqual(bench.calls, ["0#1"]);
  bench.assignment.revoke([stuck]);
  assert.deepEqual(bench.calls, ["0#1", "7#1"]);
  bench.assignment.close();
});

Deno.test("Partition.doneAbove() says what is done above the prefix, as ranges", async () => {
  const { wait, end } = gates();
  const bench = new ProcessingBench(({ offset }) => wait(offset));
  const partition = bench.own();
  bench.deliver(partition, ["a", "b", "c", "d", "e", "f"]);
  for (const offset of [1, 2, 4]) {
    end(offset);
    await bench.clock.settle(); // makes room for the next
  }
  const ranges = [{ first: 1, last: 2 }, { first: 4, last: 4 }];
  assert.deepEqual([partition.prefix, partition.doneAbove(10)], [0, ranges]);
  assert.deepEqual(partition.doneAbove(1), ranges.slice(0, 1));
  bench.assignment.close();
});

Deno.test("Assignment.snapshot() has a partition again when only what lies above the prefix moved", async () => {
  const { wait, end } = gates();
  const bench = new ProcessingBench(({ offset }) => wait(offset));
  const partition = bench.own();
  bench.deliver(partition, ["a", "b"]);
  partition.committed = 0;
  assert.deepEqual([bench.assignment.snapshot(), bench.assignment.snapshot("all").length], [[], 1]);
  end(1);
  await bench.clock.settle();
  const [point] = bench.assignment.snapshot();
  assert.equal(point?.offset, 0);
  partition.committedProgress = point?.progress ?? -1;
  assert.deepEqual(bench.assignment.snapshot(), []);
  bench.assignment.close();
});
