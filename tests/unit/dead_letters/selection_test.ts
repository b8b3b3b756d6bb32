import assert from "node:assert/strict";
import {
  Selection,
  type SelectionOptions,
  SLICE_LETTERS,
} from "../../../src/dead_letters/selection.ts";
import type { Delivery, Message } from "../../../src/processing/message.ts";
import type { Partition } from "../../../src/processing/partition.ts";
import { delivery, message, ProcessingBench } from "../../support/processing_bench.ts";
import { bytesOf } from "../../support/sample_event.ts";

/** A letter of that code. */
function letter(offset: number, code: string): Message {
  return message(offset, {
    headers: [["__dlq.processing.code", bytesOf(code)], [
      "__dlq.processing.stage",
      bytesOf("handle"),
    ]],
  });
}

/** The log is as the text says from offset 0 on, one letter a code; letters of code `a` are wanted. */
class Bench {
  readonly core = new ProcessingBench();
  readonly selection: Selection;
  readonly partition: Partition;
  readonly #log: readonly Message[];
  rooms = 0;

  constructor(
    log: string,
    own: Partial<SelectionOptions> & {
      readonly position?: number;
      readonly done?: readonly { first: number; last: number }[];
    } = {},
  ) {
    this.#log = [...log].map((code, offset) => letter(offset, code));
    this.selection = new Selection({
      clock: this.core.clock,
      wants: ({ code }) => code === "a",
      count: null,
      rate: null,
      onRoom: () => this.rooms += 1,
      ...own,
    });
    const start = { position: own.position ?? 0, leaderEpoch: -1, done: own.done ?? [] };
    this.partition = this.core.assignment.assign({ topic: "t", partition: 0 }, start);
  }

  start(end = this.#log.length): void {
    this.selection.start(new Map([["t/0", end]]));
  }

  /** Fetches once. */
  fetch(): boolean {
    const from = this.partition.position;
    return this.selection.deliver(this.partition, {
      delivery: delivery(from, this.#log.slice(from)),
      pass: (part: Delivery) => this.core.assignment.deliver(this.partition, part),
    });
  }

  /** Fetches until nothing more is taken. */
  fetchAll(): void {
    while (this.selection.wants(this.partition)) assert.ok(this.fetch());
  }

  commit() {
    const { prefix } = this.partition;
    const progress = { offset: prefix, done: this.partition.doneAbove(10_000) };
    return this.selection.commit(this.partition, progress);
  }
}

Deno.test("Selection gives the core what is wanted, and leaves the rest undone", () => {
  const bench = new Bench("abbaab");
  assert.equal(bench.selection.wants(bench.partition), false, "before it knows the ends");
  assert.equal(bench.fetch(), false);
  bench.start();
  bench.fetchAll();
  assert.deepEqual(bench.core.calls, ["0#1", "3#1", "4#1"]);
  assert.deepEqual(bench.commit(), { offset: 1, done: [{ first: 3, last: 4 }] });
  assert.deepEqual([bench.selection.taken, bench.selection.left], [3, 3]);
  assert.equal(bench.selection.isOver(bench.partition), true);
  bench.core.assignment.close();
});

Deno.test("Selection takes nothing at or above where the topic ended when it began", () => {
  const bench = new Bench("aaaa");
  bench.start(2);
  bench.fetchAll();
  assert.deepEqual(bench.core.calls, ["0#1", "1#1"]);
  assert.deepEqual(bench.commit(), { offset: 2, done: [] });
  bench.core.assignment.close();
});

Deno.test("Selection neither takes again nor leaves what an earlier redrive has done", () => {
  const bench = new Bench("bababa", { position: 0, done: [{ first: 2, last: 3 }] });
  bench.start();
  bench.fetchAll();
  assert.deepEqual(bench.core.calls, ["1#1", "5#1"]);
  assert.deepEqual(bench.commit(), {
    offset: 0,
    done: [{ first: 1, last: 3 }, { first: 5, last: 5 }],
  });
  bench.core.assignment.close();
});

Deno.test("Selection gives the core a slice at a time", () => {
  const bench = new Bench("a".repeat(SLICE_LETTERS + 5));
  bench.start();
  bench.fetch();
  assert.equal(bench.core.calls.length, SLICE_LETTERS);
  bench.fetchAll();
  assert.equal(bench.core.calls.length, SLICE_LETTERS + 5);
  bench.core.assignment.close();
});

Deno.test("Selection takes no more than its count", () => {
  const bench = new Bench("abaaa", { count: 2 });
  bench.start();
  bench.fetchAll();
  assert.deepEqual(bench.core.calls, ["0#1", "2#1"]);
  assert.deepEqual(bench.commit(), { offset: 1, done: [{ first: 2, last: 2 }] });
  assert.equal(bench.selection.isCountReached, true);
  bench.core.assignment.close();
});

Deno.test("Selection takes no more in a second than its rate", async () => {
  const bench = new Bench("a".repeat(100), { rate: 10 });
  bench.start();
  bench.fetchAll();
  assert.equal(bench.core.calls.length, 1);
  const { rooms } = bench;
  for (let i = 0; i < 20; i += 1) {
    await bench.core.clock.advance(100);
    bench.fetchAll();
  }
  assert.ok(
    bench.core.calls.length >= 19 && bench.core.calls.length <= 22,
    `${bench.core.calls.length}`,
  );
  assert.ok(bench.rooms > rooms);
  bench.selection.close();
  assert.equal(bench.selection.wants(bench.partition), false);
  bench.core.assignment.close();
});

Deno.test("Selection stops a partition before its marks do not fit any more", () => {
  const bench = new Bench("b".repeat(50).concat("a").repeat(1_500));
  bench.start();
  while (bench.selection.wants(bench.partition)) bench.fetch();
  const [full] = bench.selection.full;
  assert.ok(full);
  assert.deepEqual([full.topic, full.partition, full.from], ["t", 0, 0]);
  assert.equal(bench.selection.isOver(bench.partition), true);
  const { offset, done } = bench.commit();
  assert.deepEqual([offset, done.length], [0, bench.core.calls.length]);
  assert.ok(done.length > 300 && done.length < 900, `${done.length}`);
  assert.equal(full.at, bench.partition.position);
  bench.core.assignment.close();
});
