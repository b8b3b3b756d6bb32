import assert from "node:assert/strict";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import {
  GroupUnderTest,
  joined,
  partOf,
  protocol,
  REBALANCE_MS,
  SESSION_MS,
  textOf,
} from "../../../support/broker_group.ts";

Deno.test("ClassicGroup.join() gives a dynamic member its id before it takes it in", async () => {
  const test = new GroupUnderTest();
  const first = (await test.join()).answer;
  assert.equal(first.errorCode, ERROR.MEMBER_ID_REQUIRED);
  assert.deepEqual(test.memberIds(), []);
  const second = await test.join({ memberId: first.memberId });
  await test.clock.advance(0);
  assert.equal(second.answer.errorCode, ERROR.NONE);
  assert.deepEqual(test.memberIds(), [first.memberId]);
});

Deno.test("ClassicGroup.join() takes in at once who does not know of that", async () => {
  const test = new GroupUnderTest();
  const asked = await test.join({ requiresMemberId: false });
  await test.clock.advance(0);
  assert.equal(joined(asked.answer).generationId, 1);
});

Deno.test("ClassicGroup.join() refuses an id that it gave out too long ago", async () => {
  const test = new GroupUnderTest();
  const { memberId } = (await test.join()).answer;
  await test.clock.advance(SESSION_MS);
  assert.equal((await test.join({ memberId })).answer.errorCode, ERROR.UNKNOWN_MEMBER_ID);
  assert.equal(test.clock.pending, 0);
});

Deno.test("ClassicGroup waits for a member that was given an id, but not for ever", async () => {
  const test = new GroupUnderTest();
  const [member] = await test.stable([{}]);
  assert.ok(member);
  await test.join();
  const again = await test.join({ ...member, protocols: [protocol("range", "new")] });
  assert.ok(again.isWaiting);
  await test.clock.advance(SESSION_MS);
  assert.equal(again.answer.generationId, 2);
});

Deno.test("ClassicGroup waits for others when it was empty, longer as long as they come", async () => {
  const test = new GroupUnderTest({ initialRebalanceDelayMs: 3_000 });
  const first = await test.joinNew();
  await test.clock.advance(2_000);
  const second = await test.joinNew();
  await test.clock.advance(1_000);
  assert.ok(first.isWaiting);
  await test.clock.advance(2_999);
  assert.ok(first.isWaiting && second.isWaiting);
  await test.clock.advance(1);
  assert.deepEqual([first.answer.generationId, second.answer.generationId], [1, 1]);
});

Deno.test("ClassicGroup waits for others no longer than the rebalance timeout", async () => {
  const test = new GroupUnderTest({ initialRebalanceDelayMs: 3_000 });
  const times = { rebalanceTimeoutMs: 7_000 };
  const first = await test.joinNew(times);
  for (let i = 0; i < 6; i++) {
    await test.clock.advance(1_000);
    await test.joinNew(times);
  }
  await test.clock.advance(999);
  assert.ok(first.isWaiting);
  await test.clock.advance(1);
  assert.equal(first.answer.members.length, 7);
});

Deno.test("ClassicGroup tells its leader who is in, and each member its own part", async () => {
  const test = new GroupUnderTest();
  const first = await test.joinNew({ protocols: [protocol("range", "one")] });
  const second = await test.joinNew({ protocols: [protocol("range", "two")] });
  await test.clock.advance(0);
  const told = first.answer.members.map(({ metadata }) => textOf(metadata));
  assert.deepEqual(told, ["one", "two"]);
  assert.deepEqual(second.answer.members, []);
  assert.equal(second.answer.leader, first.answer.memberId);

  const [leader, follower] = [joined(first.answer), joined(second.answer)];
  const early = await test.sync(follower);
  assert.ok(early.isWaiting);
  await test.sync(leader, { [leader.memberId]: "a", [follower.memberId]: "b" });
  assert.equal(textOf(early.answer.assignment), "b");
  assert.equal(textOf((await test.sync(leader)).answer.assignment), "a");
});

Deno.test("ClassicGroup.sync() gives an empty part to a member that the leader left out", async () => {
  const test = new GroupUnderTest();
  const first = await test.joinNew();
  const second = await test.joinNew();
  await test.clock.advance(0);
  await test.sync(joined(first.answer), { [first.answer.memberId]: "all" });
  assert.equal((await test.sync(joined(second.answer))).answer.assignment.length, 0);
});

Deno.test("ClassicGroup rebalances when a member comes", async () => {
  const test = new GroupUnderTest();
  const [member] = await test.stable([{}]);
  assert.ok(member);
  const newcomer = await test.joinNew();
  assert.equal(test.group.heartbeat(member), ERROR.REBALANCE_IN_PROGRESS);
  assert.equal((await test.sync(member)).answer.errorCode, ERROR.REBALANCE_IN_PROGRESS);
  assert.ok(newcomer.isWaiting);
  const again = await test.join(member);
  assert.deepEqual([again.answer.generationId, newcomer.answer.generationId], [2, 2]);
  assert.equal(test.group.heartbeat(member), ERROR.ILLEGAL_GENERATION);
  await test.syncAll([joined(again.answer), joined(newcomer.answer)]);
});

Deno.test("ClassicGroup goes on without a member that does not join within the rebalance timeout", async () => {
  const test = new GroupUnderTest();
  const [slow, other] = await test.stable([{}, {}]);
  assert.ok(slow && other);
  const newcomer = await test.joinNew();
  await test.join(other);
  await test.live(REBALANCE_MS - 1, [slow]);
  assert.ok(newcomer.isWaiting);
  await test.live(1, [slow]);
  assert.equal(newcomer.answer.generationId, 2);
  assert.equal(newcomer.answer.leader, other.memberId);
  assert.equal(test.group.heartbeat(slow), ERROR.UNKNOWN_MEMBER_ID);
});

Deno.test("ClassicGroup puts out a member that is silent for its session timeout", async () => {
  const test = new GroupUnderTest();
  const [silent, alive] = await test.stable([{}, {}]);
  assert.ok(silent && alive);
  await test.live(SESSION_MS - 1, [alive]);
  assert.deepEqual(test.memberIds(), [silent.memberId, alive.memberId]);
  await test.live(1, [alive]);
  assert.deepEqual(test.memberIds(), [alive.memberId]);
  assert.equal(test.group.heartbeat(alive), ERROR.REBALANCE_IN_PROGRESS);
  const again = await test.join(alive);
  assert.deepEqual(again.answer.members.map(({ memberId }) => memberId), [alive.memberId]);
});

Deno.test("ClassicGroup takes a commit for a sign of life", async () => {
  const test = new GroupUnderTest();
  const [member] = await test.stable([{}]);
  assert.ok(member);
  for (let i = 0; i < 3; i++) {
    await test.clock.advance(SESSION_MS - 1);
    assert.equal(test.group.checkCommit(member), ERROR.NONE);
  }
  await test.clock.advance(SESSION_MS);
  assert.equal(test.group.state, "Empty");
});

Deno.test("ClassicGroup lets a member wait for its join longer than its session timeout", async () => {
  const test = new GroupUnderTest();
  const [waiting, slow] = await test.stable([{}, {}]);
  assert.ok(waiting && slow);
  const again = await test.join({ ...waiting, protocols: [protocol("range", "new")] });
  await test.live(3 * SESSION_MS, [slow]);
  assert.ok(again.isWaiting);
  await test.join(slow);
  assert.equal(joined(again.answer).memberId, waiting.memberId);
});

Deno.test("ClassicGroup gives up a first join after five minutes", async () => {
  const test = new GroupUnderTest();
  const patient = { rebalanceTimeoutMs: 600_000 };
  const [member] = await test.stable([patient]);
  assert.ok(member);
  const newcomer = await test.joinNew(patient);
  await test.live(299_999, [member]);
  assert.ok(newcomer.isWaiting);
  await test.live(1, [member]);
  assert.equal(newcomer.answer.errorCode, ERROR.UNKNOWN_MEMBER_ID);
});

Deno.test("ClassicGroup puts out a member that never asks for its part", async () => {
  const test = new GroupUnderTest();
  const asked = [await test.joinNew(), await test.joinNew()];
  await test.clock.advance(0);
  const [leader, mute] = asked.map(({ answer }) => joined(answer));
  assert.ok(leader && mute);
  await test.sync(leader, {});
  await test.live(REBALANCE_MS, [leader, mute]);
  assert.deepEqual(test.memberIds(), [leader.memberId]);
  assert.equal(test.group.heartbeat(leader), ERROR.REBALANCE_IN_PROGRESS);
});

Deno.test("ClassicGroup starts anew when its leader is gone before it has assigned", async () => {
  const test = new GroupUnderTest();
  const asked = [await test.joinNew(), await test.joinNew()];
  await test.clock.advance(0);
  const [leader, follower] = asked.map(({ answer }) => joined(answer));
  assert.ok(leader && follower);
  const waiting = await test.sync(follower);
  assert.equal(test.group.leave(leader), ERROR.NONE);
  await test.clock.settle();
  assert.equal(waiting.answer.errorCode, ERROR.REBALANCE_IN_PROGRESS);
  const again = await test.join(follower);
  assert.equal(again.answer.leader, follower.memberId);
});

Deno.test("ClassicGroup is empty, and keeps no timer, when the last member has left", async () => {
  const test = new GroupUnderTest();
  const [member] = await test.stable([{}]);
  assert.ok(member);
  assert.equal(test.clock.pending, 1);
  assert.equal(test.group.leave(member), ERROR.NONE);
  assert.deepEqual([test.group.state, test.group.describe().generationId], ["Empty", 2]);
  assert.equal(test.group.leave(member), ERROR.UNKNOWN_MEMBER_ID);
  assert.equal(test.clock.pending, 0);
});

Deno.test("ClassicGroup.checkCommit() accepts the generation that stands, and none but it", async () => {
  const test = new GroupUnderTest();
  const nobody = { memberId: "", groupInstanceId: null, generationId: -1 };
  assert.equal(test.group.checkCommit(nobody), ERROR.NONE);
  const [member] = await test.stable([{}]);
  assert.ok(member);
  const check = (claim: Partial<typeof member>) => test.group.checkCommit({ ...member, ...claim });
  assert.equal(check({}), ERROR.NONE);
  assert.equal(check({ generationId: 0 }), ERROR.ILLEGAL_GENERATION);
  assert.equal(check({ generationId: 2 }), ERROR.ILLEGAL_GENERATION);
  assert.equal(check({ memberId: "stranger" }), ERROR.UNKNOWN_MEMBER_ID);
  assert.equal(test.group.checkCommit(nobody), ERROR.UNKNOWN_MEMBER_ID);

  const newcomer = await test.joinNew();
  assert.equal(check({}), ERROR.NONE, "while members join");
  await test.join(member);
  assert.equal(check({}), ERROR.ILLEGAL_GENERATION);
  assert.equal(
    test.group.checkCommit(joined(newcomer.answer)),
    ERROR.REBALANCE_IN_PROGRESS,
    "before the leader has assigned",
  );
});

Deno.test("ClassicGroup.join() answers a follower that says the same at once, the leader by a rebalance", async () => {
  const test = new GroupUnderTest();
  const [leader, follower] = await test.stable([{}, {}]);
  assert.ok(leader && follower);
  assert.equal((await test.join(follower)).answer.generationId, 1);
  assert.equal(test.group.state, "Stable");
  const changed = await test.join({ ...follower, protocols: [protocol("range", "new")] });
  assert.ok(changed.isWaiting);
  const again = await test.join(leader);
  assert.deepEqual([changed.answer.generationId, again.answer.generationId], [2, 2]);
  await test.syncAll([joined(again.answer), joined(changed.answer)]);
  assert.ok((await test.join(leader)).isWaiting);
});

Deno.test("ClassicGroup.join() answers a leader again that lost its answer before it assigned", async () => {
  const test = new GroupUnderTest();
  const first = await test.joinNew();
  await test.clock.advance(0);
  const again = await test.join({ memberId: first.answer.memberId });
  assert.deepEqual(again.answer, first.answer);
});

Deno.test("ClassicGroup.join() refuses more members than it may have, given ids included", async () => {
  const test = new GroupUnderTest({ maxSize: 2 });
  await test.stable([{}]);
  await test.join();
  assert.equal((await test.join()).answer.errorCode, ERROR.GROUP_MAX_SIZE_REACHED);
});

Deno.test("ClassicGroup.reload() goes on with the generation that stood", async () => {
  const test = new GroupUnderTest();
  const [leader, follower] = await test.stable([{}, {}]);
  assert.ok(leader && follower);
  const waiting = await test.joinNew();
  test.group.reload();
  await test.clock.settle();
  assert.equal(waiting.answer.errorCode, ERROR.NOT_COORDINATOR);
  assert.equal(test.group.state, "Stable");
  assert.deepEqual(test.memberIds(), [leader.memberId, follower.memberId]);
  assert.equal(test.group.checkCommit(follower), ERROR.NONE);
  assert.equal(
    textOf((await test.sync(follower)).answer.assignment),
    partOf(follower.memberId),
  );
  assert.equal(test.clock.pending, 2);
  await test.clock.advance(SESSION_MS);
  assert.equal(test.group.state, "Empty");
});

Deno.test("ClassicGroup.close() answers whoever waits and leaves no timer", async () => {
  const test = new GroupUnderTest();
  await test.stable([{}, {}]);
  await test.join();
  const waiting = await test.joinNew();
  test.group.close();
  await test.clock.settle();
  assert.equal(waiting.answer.errorCode, ERROR.NOT_COORDINATOR);
  assert.equal(test.clock.pending, 0);
});

Deno.test("ClassicGroup.expire() ends a session as silence does", async () => {
  const test = new GroupUnderTest();
  const [first, second] = await test.stable([{}, {}]);
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(test.group.expire(second.memberId), true);
  assert.equal(test.group.heartbeat(second), ERROR.UNKNOWN_MEMBER_ID);
  assert.equal(test.group.heartbeat(first), ERROR.REBALANCE_IN_PROGRESS);
  assert.equal(test.group.expire(second.memberId), false);
  test.group.close();
});
