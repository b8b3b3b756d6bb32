import assert from "node:assert/strict";
import { encodeCommitMetadata } from "../../../src/kafka/commit_metadata.ts";
import type { CommittedOffset } from "../../../src/kafka/offset_requests.ts";
import { Positions, type PositionsOptions } from "../../../src/kafka/positions.ts";
import { Partition } from "../../../src/processing/partition.ts";

const OLD_ID = "0".repeat(31) + "1";
const NEW_ID = "0".repeat(31) + "2";
const TP = { topic: "t", partition: 0 };
const NOT_FULL = { windowMessages: 10, windowBytes: 10, breaker: null };

/** A log from 10 to 100 with the topic's old id, whose epoch 3 ends at 100. */
class PositionsBench {
  range = { start: 10, end: 100 };
  epochEnd: number | null = 100;
  topicId: string | null = OLD_ID;
  readonly told: unknown[] = [];
  readonly positions: Positions;

  constructor(own: Partial<PositionsOptions> = {}) {
    this.positions = new Positions({
      offsets: {
        logRange: () => Promise.resolve(this.range),
        epochEnd: () => Promise.resolve(this.epochEnd),
      },
      telemetry: {
        lostRange: ({ from, to, cause }) => this.told.push([cause, from, to]),
        positionReset: ({ position, level = "info" }) => this.told.push([level, position]),
      },
      autoOffsetReset: "earliest",
      readFromBeginning: false,
      partitionsOf: () => [0, 1],
      topicId: () => this.topicId,
      wasRecreated: () => this.topicId === NEW_ID,
      onNoOffset: (reason) => this.told.push(["refused", reason]),
      ...own,
    });
  }

  async start(own: Partial<CommittedOffset>, firstPartitions: number | null = 2) {
    const nothing = { ...TP, errorCode: 0, offset: -1, leaderEpoch: -1, metadata: null };
    const chosen = await this.positions.start({ ...nothing, ...own }, {
      firstPartitions,
      isWanted,
    });
    return chosen === null ? null : [chosen.position, chosen.committed];
  }

  partition(position: number): Partition {
    return new Partition(TP, { position, leaderEpoch: 3 }, NOT_FULL);
  }
}

function isWanted(): boolean {
  return true;
}

function metadata(topicId: string, offset: number, done: { first: number; last: number }[] = []) {
  return encodeCommitMetadata({ firstPartitions: 2, topicId, done }, offset);
}

Deno.test("Positions.start() goes on from the commit, with what is done above it", async () => {
  const bench = new PositionsBench();
  const done = [{ first: 45, last: 50 }];
  const own = { ...TP, errorCode: 0, offset: 40, leaderEpoch: 3 };
  const chosen = await bench.positions.start(
    { ...own, metadata: metadata(OLD_ID, 40, done) },
    { firstPartitions: 2, isWanted },
  );
  assert.deepEqual(chosen, { position: 40, leaderEpoch: 3, committed: 40, done });
  assert.deepEqual(bench.told, []);
});

Deno.test("Positions.start() begins a topic of another id at its start, whatever was committed", async () => {
  const bench = new PositionsBench();
  bench.topicId = NEW_ID;
  assert.deepEqual(await bench.start({ offset: 40, metadata: metadata(OLD_ID, 40) }), [10, null]);
  assert.deepEqual(bench.told, [["topic_recreated", 40, 40], ["warning", 10]]);
});

Deno.test("Positions.start() goes on at the end of the committed epoch when the log was truncated", async () => {
  const bench = new PositionsBench();
  bench.epochEnd = 30;
  assert.deepEqual(await bench.start({ offset: 40, leaderEpoch: 3 }), [30, null]);
  assert.deepEqual(bench.told, [["truncation", 30, 40]]);
});

Deno.test("Positions.start() believes a commit without an epoch, and one of which the leader knows none", async () => {
  const bench = new PositionsBench();
  bench.epochEnd = 30;
  assert.deepEqual(await bench.start({ offset: 40 }), [40, 40]);
  bench.epochEnd = null;
  assert.deepEqual(await bench.start({ offset: 40, leaderEpoch: 3 }), [40, 40]);
});

Deno.test("Positions with AUTO_OFFSET_RESET=none chooses nothing, at the start nor under way", async () => {
  const bench = new PositionsBench({ autoOffsetReset: "none" });
  assert.equal(await bench.start({}), null);
  bench.epochEnd = 30;
  assert.equal(await bench.start({ offset: 40, leaderEpoch: 3 }), null);
  const partition = bench.partition(40);
  assert.deepEqual(await bench.positions.validate(partition, isWanted), { go: "nowhere" });
  const context = { topicId: OLD_ID, isWanted };
  for (const position of [5, 200]) {
    const way = await bench.positions.outside(bench.partition(position), context);
    assert.deepEqual(way, { go: "nowhere" });
  }
  assert.ok(bench.told.every((told) => Array.isArray(told) && told[0] === "refused"));
});

Deno.test("Positions.start() by AUTO_OFFSET_RESET=latest starts a partition that was there at its end, a later one at its beginning", async () => {
  const bench = new PositionsBench({ autoOffsetReset: "latest" });
  assert.deepEqual(await bench.start({ partition: 1 }, 2), [100, null]);
  assert.deepEqual(await bench.start({ partition: 2 }, 2), [10, null]);
  assert.deepEqual(await bench.start({ partition: 0 }, null), [10, null]);
});

Deno.test("Positions.start() by AUTO_OFFSET_RESET=latest starts a topic that was created again at its beginning", async () => {
  const bench = new PositionsBench({ autoOffsetReset: "latest" });
  bench.topicId = NEW_ID;
  assert.deepEqual(await bench.start({ partition: 1 }, 2), [10, null]);
});

Deno.test("Positions.start() rewinds each partition once with --read-from-beginning", async () => {
  const bench = new PositionsBench({ readFromBeginning: true });
  assert.deepEqual(await bench.start({ offset: 40 }), [10, null]);
  assert.deepEqual(await bench.start({ offset: 40 }), [40, 40]);
  assert.deepEqual(bench.told, [["warning", 10]]);
});

Deno.test("Positions.outside() tells what is lost, and where to go on", async () => {
  const bench = new PositionsBench();
  const context = { topicId: OLD_ID, isWanted };
  const at = (position: number) => bench.positions.outside(bench.partition(position), context);
  assert.deepEqual(await at(5), { go: "skip", position: 10 });
  assert.deepEqual(await at(100), { go: "ask_again" });
  bench.epochEnd = null;
  assert.deepEqual(await at(150), { go: "restart", position: 10 });
  bench.epochEnd = 90;
  assert.deepEqual(await at(95), { go: "restart", position: 90 });
  bench.topicId = NEW_ID;
  assert.deepEqual(await at(50), { go: "restart", position: 10 });
  assert.deepEqual(bench.told, [
    ["retention", 5, 10],
    ["warning", 10],
    ["truncation", 90, 95],
    ["topic_recreated", 50, 50],
  ]);
});

Deno.test("Positions.validate() goes on where the new leader has what we read", async () => {
  const bench = new PositionsBench();
  assert.deepEqual(await bench.positions.validate(bench.partition(100), isWanted), { go: "on" });
  bench.epochEnd = 60;
  assert.deepEqual(await bench.positions.validate(bench.partition(100), isWanted), {
    go: "restart",
    position: 60,
  });
});
