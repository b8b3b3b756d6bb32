import assert from "node:assert/strict";
import { Queue } from "../../../src/processing/queue.ts";
import { SeededRandom } from "../../support/seeded_random.ts";

Deno.test("Queue gives first what came first, and nothing when it is empty", () => {
  const queue = new Queue<string>();
  assert.deepEqual([queue.length, queue.peek(), queue.shift()], [0, undefined, undefined]);
  queue.push("a");
  queue.push("b");
  assert.deepEqual([queue.length, queue.peek(), queue.shift(), queue.shift()], [2, "a", "a", "b"]);
  assert.deepEqual([queue.length, queue.shift()], [0, undefined]);
});

Deno.test("Queue does as an array does, also when its front is cut off", () => {
  const random = new SeededRandom(1);
  const queue = new Queue<number>();
  let array: number[] = [];
  for (let step = 0; step < 20_000; step++) {
    if (random.chance(step < 10_000 ? 0.7 : 0.3)) {
      queue.push(step);
      array.push(step);
    } else assert.equal(queue.shift(), array.shift());
    assert.deepEqual([queue.length, queue.peek()], [array.length, array[0]]);
    if (step % 1_000 === 0) assert.deepEqual([...queue], array);
  }
  queue.clear();
  array = [];
  assert.deepEqual([queue.length, [...queue]], [0, array]);
});
