import assert from "node:assert/strict";
import { Lease } from "../../../src/kafka/lease.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("Lease does not hold before the first heartbeat", () => {
  const lease = new Lease(new ManualClock(), 1_000);
  assert.deepEqual([lease.holds, lease.lastHeartbeatAt], [false, -Infinity]);
});

Deno.test("Lease holds for a session from when the heartbeat was sent", () => {
  const clock = new ManualClock();
  const lease = new Lease(clock, 1_000);
  const sentAt = clock.now();
  clock.pass(400);
  lease.renew(sentAt);
  clock.pass(599);
  assert.equal(lease.holds, true);
  clock.pass(1);
  assert.equal(lease.holds, false);
});

Deno.test("Lease.renew() is not shortened by the late answer to an earlier heartbeat", () => {
  const clock = new ManualClock();
  const lease = new Lease(clock, 1_000);
  lease.renew(clock.now());
  lease.renew(clock.now() - 500);
  clock.pass(999);
  assert.equal(lease.holds, true);
});

Deno.test("Lease.end() ends it at once, until it is renewed", () => {
  const clock = new ManualClock();
  const lease = new Lease(clock, 1_000);
  lease.renew(clock.now());
  lease.end();
  assert.equal(lease.holds, false);
  lease.renew(clock.now());
  assert.equal(lease.holds, true);
});
