import assert from "node:assert/strict";
import { parseCommitMetadata } from "../../../src/kafka/commit_metadata.ts";
import type { Committer } from "../../../src/kafka/committer.ts";
import { Consumer } from "../../../src/kafka/consumer.ts";
import type { Fetcher } from "../../../src/kafka/fetcher.ts";
import { Generation } from "../../../src/kafka/generation.ts";
import type { Metadata } from "../../../src/kafka/metadata.ts";
import type { Offsets } from "../../../src/kafka/offsets.ts";
import type { Positions, Way } from "../../../src/kafka/positions.ts";
import { ProcessingBench, type Script } from "../../support/processing_bench.ts";

const NEVER = new Promise<void>(() => {});

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

Deno.test("Consumer.commitEntry() says what is done above the committed offset", () => {
  const { bench, consumer } = consumerOnBench(({ offset }) => offset === 0 ? NEVER : undefined);
  const partition = bench.own();
  bench.deliver(partition, ["a", "b", "c"]);
  const point = { partition, offset: partition.prefix, leaderEpoch: -1, progress: 1 };
  const { done } = parseCommitMetadata(consumer.commitEntry(point).metadata, 0);
  assert.deepEqual([partition.prefix, done], [0, [{ first: 1, last: 2 }]]);
  bench.assignment.close();
});

Deno.test("Consumer.onRevoked() commits what goes, but not where it may be another member's by now", async () => {
  for (const protocol of ["cooperative-sticky", "range"]) {
    const { bench, consumer, committed } = consumerOnBench();
    const partition = bench.own();
    bench.deliver(partition, ["a"]);
    const facts = { id: 1, memberId: "m", isLeader: false, protocol, assignment: [] };
    const revoking = consumer.onRevoked([partition], new Generation(facts));
    await bench.clock.advance(1_000);
    await revoking;
    assert.deepEqual(committed, protocol === "range" ? [] : [1]);
    assert.deepEqual(bench.assignment.all(), []);
  }
});

Deno.test("Consumer.onRevoked() lets what runs end, and commits that, before it gives up", async () => {
  const running = Promise.withResolvers<void>();
  const { bench, consumer, committed } = consumerOnBench(() => running.promise);
  const partition = bench.own();
  bench.deliver(partition, ["a"]);
  const protocol = "cooperative-sticky";
  const facts = { id: 1, memberId: "m", isLeader: false, protocol, assignment: [] };
  const revoking = consumer.onRevoked([partition], new Generation(facts));
  await bench.clock.advance(500);
  assert.deepEqual([bench.assignment.all(), committed], [[partition], []]);
  running.resolve();
  await bench.clock.advance(500);
  await revoking;
  assert.deepEqual([bench.assignment.all(), committed], [[], [1]]);
});

/** A consumer whose question for the log is answered by hand. */
function consumerOnBench(script?: Script) {
  const bench = new ProcessingBench(script);
  const committed: number[] = [];
  const commit = () => {
    for (const { partition, offset } of bench.assignment.snapshot()) {
      committed.push(offset);
      partition.committed = offset;
    }
    return Promise.resolve();
  };
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
    committer: { commit } as Committer,
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
  return { bench, consumer, answer, asked, settled, committed };
}
