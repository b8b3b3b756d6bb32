import assert from "node:assert/strict";
import { LagMonitor, type LagView } from "../../../src/ops/lag.ts";

const WALL = 1_700_000_000_000;
const AT = { topic: "events", partition: 0 };

function look(monitor: LagMonitor, now: number, own: Partial<LagView>): void {
  const view = { ...AT, prefix: 0, logEnd: 0, logSeenAt: now, firstTimestamp: null, ...own };
  monitor.look([view], { now, wallTime: WALL + now });
}

Deno.test("LagMonitor tells lag in messages, and 0 of everything without one", () => {
  const monitor = new LagMonitor();
  assert.equal(monitor.of(AT), null);
  look(monitor, 0, { prefix: 5, logEnd: null });
  assert.equal(monitor.of(AT)?.lag, null);
  look(monitor, 1_000, { prefix: 5, logEnd: 12 });
  assert.equal(monitor.of(AT)?.lag, 7);
  look(monitor, 2_000, { prefix: 12, logEnd: 12 });
  const { lag, lagSeconds, timeToDrainSeconds, progressAt } = monitor.of(AT) ?? {};
  assert.deepEqual([lag, lagSeconds, timeToDrainSeconds, progressAt], [0, 0, 0, 2_000]);
});

Deno.test("LagMonitor takes the age of the message that is held, else since its offset was seen", () => {
  const monitor = new LagMonitor();
  look(monitor, 0, { prefix: 10, logEnd: 10 });
  look(monitor, 1_000, { prefix: 10, logEnd: 15 });
  look(monitor, 9_000, { prefix: 10, logEnd: 30 });
  assert.equal(monitor.of(AT)?.lagSeconds, 8);
  look(monitor, 10_000, { prefix: 15, logEnd: 30 });
  assert.equal(monitor.of(AT)?.lagSeconds, 1);
  look(monitor, 11_000, { prefix: 15, logEnd: 30, firstTimestamp: WALL + 8_000 });
  assert.equal(monitor.of(AT)?.lagSeconds, 3);
  look(monitor, 12_000, { prefix: 15, logEnd: 30, firstTimestamp: WALL + 60_000 });
  assert.equal(monitor.of(AT)?.lagSeconds, 0);
});

Deno.test("LagMonitor tells when the lag will be gone, and that it never will while it does not shrink", () => {
  const monitor = new LagMonitor();
  const never = new LagMonitor();
  for (let second = 0; second <= 60; second++) {
    look(monitor, second * 1_000, { prefix: second * 100, logEnd: 10_000 + second * 50 });
    look(never, second * 1_000, { prefix: second * 100, logEnd: 10_000 + second * 100 });
  }
  assert.equal(monitor.of(AT)?.processedPerSecond, 100);
  assert.equal(monitor.of(AT)?.timeToDrainSeconds, 7_000 / 50);
  assert.equal(never.of(AT)?.timeToDrainSeconds, "never");
});

Deno.test("LagMonitor notes when a partition last moved", () => {
  const monitor = new LagMonitor();
  look(monitor, 0, { prefix: 1, logEnd: 9 });
  look(monitor, 1_000, { prefix: 2, logEnd: 9 });
  look(monitor, 5_000, { prefix: 2, logEnd: 9 });
  assert.equal(monitor.of(AT)?.progressAt, 1_000);
});

Deno.test("LagMonitor forgets partitions that it is not shown, and keeps little of one that stands still", () => {
  const monitor = new LagMonitor();
  for (let second = 0; second < 5_000; second++) {
    look(monitor, second * 1_000, { prefix: 0, logEnd: 1 + second });
  }
  assert.equal(monitor.of(AT)?.lagSeconds, 4_999);
  monitor.look([], { now: 5_000_000, wallTime: WALL });
  assert.equal(monitor.of(AT), null);
});
