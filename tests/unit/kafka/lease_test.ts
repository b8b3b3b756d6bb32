import assert from "node:assert/strict";
import { Lease } from "../../../src/kafka/lease.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function newLease(rebalanceTimeoutMs = 1_500): { lease: Lease; clock: ManualClock } {
  const clock = new ManualClock();
  return { lease: new Lease({ clock, sessionTimeoutMs: 1_000, rebalanceTimeoutMs }), clock };
}

Deno.test("Lease does not hold before the first heartbeat", () => {
  const { lease } = newLease();
  assert.deepEqual([lease.holds, lease.lastHeartbeatAt], [false, -Infinity]);
});

Deno.test("Lease holds for a session from when the heartbeat was sent", () => {
  const { lease, clock } = newLease();
  const sentAt = clock.now();
  clock.pass(400);
  lease.renew(sentAt);
  clock.pass(599);
  assert.equal(lease.holds, true);
  clock.pass(1);
  assert.equal(lease.holds, false);
});

Deno.test("Lease.renew() is not shortened by the late answer to an earlier heartbeat", () => {
  const { lease, clock } = newLease();
  lease.renew(clock.now());
  lease.renew(clock.now() - 500);
  clock.pass(999);
  assert.equal(lease.holds, true);
});

Deno.test("Lease ends in a rebalance when the group waits no longer, whatever the heartbeats say", () => {
  const { lease, clock } = newLease();
  lease.renew(clock.now());
  for (let passedMs = 300; passedMs < 1_500; passedMs += 300) {
    clock.pass(300);
    lease.renew(clock.now(), "rebalancing");
    assert.equal(lease.holds, true, `after ${passedMs} ms`);
  }
  clock.pass(300);
  lease.renew(clock.now(), "rebalancing");
  assert.equal(lease.holds, false);
  lease.renew(clock.now());
  assert.equal(lease.holds, true);
});

Deno.test("Lease holds in a rebalance no longer than a session", () => {
  const { lease, clock } = newLease(30_000);
  lease.renew(clock.now());
  lease.renew(clock.now(), "rebalancing");
  clock.pass(1_000);
  assert.equal(lease.holds, false);
});

Deno.test("Lease.end() ends it at once, until it is renewed", () => {
  const { lease, clock } = newLease();
  lease.renew(clock.now());
  lease.end();
  assert.equal(lease.holds, false);
  lease.renew(clock.now());
  assert.equal(lease.holds, true);
});
