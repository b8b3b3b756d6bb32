/** What an earlier owner of a partition has done above the committed offset. */
import assert from "node:assert/strict";
import { delivery, message, ProcessingBench } from "../../support/processing_bench.ts";

Deno.test("Assignment.deliver() does not do again what an earlier owner has done", () => {
  const bench = new ProcessingBench();
  const done = [{ first: 1, last: 2 }, { first: 4, last: 4 }];
  const start = { position: 0, leaderEpoch: -1, done };
  const partition = bench.assignment.assign({ topic: "t", partition: 0 }, start);
  const messages = [0, 1, 2, 3, 4, 5].map((offset) => message(offset));
  assert.ok(bench.assignment.deliver(partition, delivery(0, messages)));
  assert.deepEqual([bench.calls, partition.prefix], [["0#1", "3#1", "5#1"], 6]);
  bench.assignment.close();
});

Deno.test("Partition.doneAbove() keeps what an earlier owner has done and nobody has read yet", () => {
  const bench = new ProcessingBench();
  const done = [{ first: 2, last: 4 }, { first: 7, last: 7 }];
  const start = { position: 0, leaderEpoch: -1, done };
  const partition = bench.assignment.assign({ topic: "t", partition: 0 }, start);
  assert.deepEqual(partition.doneAbove(10), done);
  bench.assignment.deliver(partition, delivery(0, [message(0)], { next: 3 }));
  assert.deepEqual(partition.doneAbove(10), [{ first: 3, last: 4 }, { first: 7, last: 7 }]);
  bench.assignment.close();
});
