import assert from "node:assert/strict";
import type { Committer } from "../../../src/kafka/committer.ts";
import { Consumer } from "../../../src/kafka/consumer.ts";
import type { Fetcher } from "../../../src/kafka/fetcher.ts";
import type { Metadata } from "../../../src/kafka/metadata.ts";
import type { Offsets } from "../../../src/kafka/offsets.ts";
import type { Positions, Way } from "../../../src/kafka/positions.ts";
import { ProcessingBench } from "../../support/processing_bench.ts";

Deno.test("Consumer starts a partition anew where its position lies outside the log", async () => {
  const { bench, consumer, answer, asked } = consumerOnBench();
  const partition = bench.own(100);
  consumer.onOutOfRange(partition);
  await asked;
  answer({ go: "restart", position: 5 });
  await bench.clock.advance(0);
  assert.equal(bench.assignment.get(partition)?.position, 5);
});

Deno.test("Consumer does not take back a partition that went while its log was asked for", async () => {
  for (const way of [{ go: "restart", position: 5 }, { go: "skip", position: 500 }] as const) {
    const { bench, consumer, answer, asked, settled } = consumerOnBench();
    const partition = bench.own(100);
    consumer.onOutOfRange(partition);
    await asked;
    bench.assignment.revoke([partition]);
    answer(way);
    await bench.clock.advance(0);
    assert.deepEqual(bench.assignment.all(), [], way.go);
    assert.deepEqual(settled, [], way.go);
  }
});

/** A consumer whose question for the log is answered by hand. */
function consumerOnBench() {
  const bench = new ProcessingBench();
  const { promise, resolve: answer } = Promise.withResolvers<Way>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const settled: unknown[] = [];
  const outside = () => {
    ask();
    return promise;
  };
  const consumer = new Consumer({
    clock: bench.clock,
    assignment: bench.assignment,
    fetcher: { wake() {}, settled: (each: unknown) => settled.push(each) } as unknown as Fetcher,
    committer: {} as Committer,
    offsets: {} as Offsets,
    positions: { outside } as unknown as Positions,
    metadata: { refresh: () => Promise.resolve(), topic() {} } as unknown as Metadata,
    telemetry: {
      topicIdsMissing() {},
      partitionsAssigned() {},
      partitionsRevoked() {},
      partitionsLost() {},
      rebalanced() {},
    },
    autoOffsetReset: "earliest",
    enableAutoCommit: true,
    revokeDrainMs: 1_000,
    onRefused() {},
    onAccepted() {},
    onFirstJoin() {},
  });
  return { bench, consumer, answer, asked, settled };
}
