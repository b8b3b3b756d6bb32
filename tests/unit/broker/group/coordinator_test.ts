import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import {
  type CommitRecord,
  type CoordinatorOptions,
  GroupCoordinator,
} from "../../../../src/broker/group/coordinator.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

/** What `(id.hashCode() & 0x7fffffff) % 50` is in Java. */
const SLOTS: readonly (readonly [groupId: string, slot: number])[] = [
  ["a", 47],
  ["my-group", 36],
  ["processing-service", 47],
  ["", 0],
];

function newCoordinator(options: Partial<CoordinatorOptions> = {}): GroupCoordinator {
  return new GroupCoordinator({
    nodeIds: [0, 1, 2],
    isUp: () => true,
    clock: new ManualClock(),
    initialRebalanceDelayMs: 0,
    maxSize: 10,
    maxCommitRecords: 3,
    ...options,
  });
}

function commitOf(offset: number): CommitRecord {
  return {
    groupId: "group",
    memberId: "member",
    groupInstanceId: null,
    generationId: 1,
    topic: "events",
    partition: 0,
    offset,
    leaderEpoch: 0,
    metadata: "",
    at: 0,
    errorCode: ERROR.NONE,
  };
}

Deno.test("GroupCoordinator.commits() keeps the newest commits, and none when it may keep none", () => {
  for (const [maxCommitRecords, kept] of [[3, [97, 98, 99]], [1, [99]], [0, []]] as const) {
    const coordinator = newCoordinator({ maxCommitRecords });
    for (let offset = 0; offset < 100; offset++) coordinator.record(commitOf(offset));
    assert.deepEqual(coordinator.commits().map(({ offset }) => offset), kept);
  }
});

Deno.test("GroupCoordinator.record() frees what it does not keep", () => {
  const coordinator = newCoordinator({ maxCommitRecords: 100 });
  const before = Deno.memoryUsage().heapUsed;
  for (let offset = 0; offset < 200_000; offset++) {
    const metadata = Buffer.alloc(1_000, offset).toString("latin1");
    coordinator.record({ ...commitOf(offset), metadata });
  }
  assert.equal(coordinator.commits().length, 100);
  // All would take 200 MB; garbage that is not collected yet counts, too.
  assert.ok(Deno.memoryUsage().heapUsed - before < 100_000_000);
});

Deno.test("GroupCoordinator.obtain() refuses more groups than it may hold", () => {
  const coordinator = newCoordinator();
  for (let i = 0; i < 10_000; i++) assert.ok(coordinator.obtain(`group-${i}`));
  assert.equal(coordinator.obtain("one more"), undefined);
  assert.ok(coordinator.obtain("group-7"));
  assert.equal(coordinator.delete("group-7"), ERROR.NONE);
  assert.ok(coordinator.obtain("one more"));
});

Deno.test("GroupCoordinator.nodeOf() places groups as Kafka does", () => {
  const coordinator = newCoordinator({ nodeIds: Array.from({ length: 50 }, (_, i) => i) });
  const slots = SLOTS.map(([groupId]) => [groupId, coordinator.nodeOf(groupId)]);
  assert.deepEqual(slots, SLOTS);
});

Deno.test("GroupCoordinator gives a node's groups to another one, which stays when it is back", () => {
  const down = new Set<number>();
  const coordinator = newCoordinator({ isUp: (node) => !down.has(node) });
  const before = coordinator.nodeOf("group");
  down.add(before);
  coordinator.onNodeDown(before);
  const after = coordinator.nodeOf("group");
  assert.ok(after >= 0 && after !== before);
  down.delete(before);
  coordinator.onNodeUp(before);
  assert.equal(coordinator.nodeOf("group"), after);
  coordinator.move("group", before);
  assert.equal(coordinator.nodeOf("group"), before);
});

Deno.test("GroupCoordinator has no node for a group while all are down", () => {
  let isUp = true;
  const coordinator = newCoordinator({ nodeIds: [0], isUp: () => isUp });
  isUp = false;
  coordinator.onNodeDown(0);
  assert.equal(coordinator.nodeOf("group"), -1);
  isUp = true;
  coordinator.onNodeUp(0);
  assert.equal(coordinator.nodeOf("group"), 0);
});

Deno.test("GroupCoordinator forgets what groups have committed for a deleted topic", () => {
  const coordinator = newCoordinator();
  const { offsets } = coordinator.obtain("group") ?? assert.fail();
  offsets.set(commitOf(5));
  offsets.set({ ...commitOf(6), topic: "other" });
  coordinator.onTopicDeleted("events");
  assert.equal(offsets.get("events", 0), undefined);
  assert.equal(offsets.all().length, 1);
});
