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

const ONE = { groupInstanceId: "one" };
const TWO = { groupInstanceId: "two" };

Deno.test("ClassicGroup.join() takes a static member in without giving it an id first", async () => {
  const test = new GroupUnderTest();
  const asked = await test.join(ONE);
  await test.clock.advance(0);
  assert.match(joined(asked.answer).memberId, /^one-/);
});

Deno.test("A static member that comes back takes its old place, and nobody rebalances", async () => {
  const test = new GroupUnderTest();
  const [leader, before] = await test.stable([ONE, TWO]);
  assert.ok(leader && before);
  await test.live(SESSION_MS - 1, [leader]);
  const asked = await test.join(TWO);
  const after = joined(asked.answer, TWO);
  assert.notEqual(after.memberId, before.memberId);
  assert.deepEqual([after.generationId, test.group.state], [1, "Stable"]);
  assert.equal(
    textOf((await test.sync(after)).answer.assignment),
    partOf(before.memberId),
  );
  assert.equal(test.group.heartbeat(leader), ERROR.NONE);
});

Deno.test("A static leader that comes back is told of the old leader, so that it does not assign", async () => {
  const test = new GroupUnderTest();
  const [before] = await test.stable([ONE, TWO]);
  assert.ok(before);
  const { answer } = await test.join(ONE);
  assert.equal(answer.leader, before.memberId);
  assert.notEqual(answer.memberId, before.memberId);
  assert.deepEqual(answer.members, []);
  assert.equal(test.group.describe().leaderId, answer.memberId);
});

Deno.test("A static member that was replaced is fenced, whatever it asks", async () => {
  const test = new GroupUnderTest();
  const [before] = await test.stable([ONE]);
  assert.ok(before);
  const after = joined((await test.join(ONE)).answer, ONE);
  const { FENCED_INSTANCE_ID: fenced } = ERROR;
  assert.equal(test.group.heartbeat(before), fenced);
  assert.equal(test.group.checkCommit(before), fenced);
  assert.equal((await test.sync(before)).answer.errorCode, fenced);
  assert.equal((await test.join(before)).answer.errorCode, fenced);
  assert.equal(test.group.leave(before), fenced);
  assert.equal(test.group.heartbeat(after), ERROR.NONE);
});

Deno.test("A static member that is replaced while it waits is told so", async () => {
  const test = new GroupUnderTest();
  const [member] = await test.stable([{}]);
  assert.ok(member);
  const first = await test.join(ONE);
  const second = await test.join(ONE);
  assert.equal(first.answer.errorCode, ERROR.FENCED_INSTANCE_ID);
  const again = await test.join(member);
  assert.equal(second.answer.generationId, 2);
  assert.equal(again.answer.members.length, 2);

  const [leader, follower] = [joined(again.answer), joined(second.answer, ONE)];
  const early = await test.sync(follower);
  await test.join(ONE);
  assert.equal(early.answer.errorCode, ERROR.FENCED_INSTANCE_ID);
  assert.equal(test.group.heartbeat(leader), ERROR.REBALANCE_IN_PROGRESS);
});

Deno.test("A static member that comes back with another protocol makes all rebalance", async () => {
  const test = new GroupUnderTest();
  const both = [protocol("range"), protocol("sticky")];
  const [member] = await test.stable([{ ...ONE, protocols: both }, { ...TWO, protocols: both }]);
  assert.ok(member);
  const back = await test.join({ ...TWO, protocols: [protocol("sticky")] });
  assert.ok(back.isWaiting);
  const again = await test.join({ ...member, protocols: both });
  assert.deepEqual([again.answer.protocolName, back.answer.protocolName], ["sticky", "sticky"]);
});

Deno.test("A static member that is silent for its session timeout is put out", async () => {
  const test = new GroupUnderTest();
  const [silent, alive] = await test.stable([ONE, TWO]);
  assert.ok(silent && alive);
  await test.live(SESSION_MS, [alive]);
  assert.deepEqual(test.memberIds(), [alive.memberId]);
  assert.equal(test.group.heartbeat(silent), ERROR.UNKNOWN_MEMBER_ID);
});

Deno.test("A static member that does not join keeps its place as long as its session lasts", async () => {
  const test = new GroupUnderTest();
  const absentFor = { ...ONE, sessionTimeoutMs: 10 * REBALANCE_MS };
  const [absent, other] = await test.stable([absentFor, TWO]);
  assert.ok(absent && other);
  const newcomer = await test.joinNew();
  const again = await test.join(other);
  await test.clock.advance(REBALANCE_MS);
  assert.equal(newcomer.answer.generationId, 2);
  const told = again.answer.members.map(({ groupInstanceId }) => groupInstanceId);
  assert.deepEqual(told, ["one", "two", null]);
  assert.equal(again.answer.leader, other.memberId, "who is here leads");
});

Deno.test("ClassicGroup.leave() takes a static member out by its instance id alone", async () => {
  const test = new GroupUnderTest();
  const [, other] = await test.stable([ONE, TWO]);
  assert.ok(other);
  assert.equal(test.group.leave({ memberId: "", ...ONE }), ERROR.NONE);
  assert.deepEqual(test.memberIds(), [other.memberId]);
  assert.equal(test.group.leave({ memberId: "", ...ONE }), ERROR.UNKNOWN_MEMBER_ID);
});

Deno.test("ClassicGroup.reload() still fences a static member that was replaced", async () => {
  const test = new GroupUnderTest();
  const [before] = await test.stable([ONE]);
  assert.ok(before);
  const after = joined((await test.join(ONE)).answer, ONE);
  test.group.reload();
  assert.equal(test.group.heartbeat(before), ERROR.FENCED_INSTANCE_ID);
  assert.equal(test.group.heartbeat(after), ERROR.NONE);
});
